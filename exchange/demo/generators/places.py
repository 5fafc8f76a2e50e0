"""What public bodies, firms and associations count: weather, stops, registrations, energy, soil, loans of books."""

from __future__ import annotations

import math
import random
from datetime import date, timedelta

from exchange.demo.generators.packing import Made, table

_DISTRICTS = ("东河区", "西岭区", "南湖区", "北塘区", "新港区", "古城区")
_TRADES = ("批发和零售业", "制造业", "信息技术服务业", "建筑业", "住宿和餐饮业", "科学研究和技术服务业")
_FIRST_DAY = date(2025, 1, 1)


def _day(number: int) -> date:
    return _FIRST_DAY + timedelta(days=number)


def _month(number: int) -> str:
    return f"{2024 + number // 12}-{number % 12 + 1:02d}"


def weather(seed: int, stations: int, days: int) -> list[Made]:
    """Daily readings of weather stations with a year's course, and the stations' places."""
    rng = random.Random(seed)
    where = [(f"W{n:02d}", f"{_DISTRICTS[n % len(_DISTRICTS)]}气象站", rng.randint(5, 900)) for n in range(stations)]
    rows = [_weather_of(station, height, day, rng) for day in range(days) for station, _, height in where]
    header = ("station", "day", "mean_c", "max_c", "min_c", "rain_mm", "wind_mps", "humidity")
    return [table("daily.csv", header, rows), table("stations.csv", ("station", "name", "height_m"), where)]


def _weather_of(station: str, height: int, day: int, rng: random.Random) -> tuple[object, ...]:
    mean = 15 - 12 * math.cos(2 * math.pi * (day - 20) / 365) - height * 0.006 + rng.gauss(0, 2.5)
    rain = round(rng.expovariate(1 / 8), 1) if rng.random() < 0.3 else 0.0
    spread = rng.uniform(3, 7)
    return (station, _day(day), round(mean, 1), round(mean + spread, 1), round(mean - spread, 1),
            rain, round(rng.expovariate(1 / 2.4), 1), rng.randint(35, 98))  # fmt: skip


def air(seed: int, stations: int, days: int) -> list[Made]:
    """Daily means of air quality."""
    rng = random.Random(seed)
    rows = []
    for day in range(days):
        haze = 35 + 20 * math.cos(2 * math.pi * day / 365) + rng.gauss(0, 8)
        for station in range(stations):
            fine = max(3, round(haze + rng.gauss(0, 5)))
            rows.append((f"A{station:02d}", _day(day), fine, round(fine * 1.6), rng.randint(8, 60)))
    return [table("air_daily.csv", ("station", "day", "pm25", "pm10", "no2"), rows)]


def bus_stops(seed: int, lines_count: int) -> list[Made]:
    """Stops of bus lines with their order and distance, and the time between buses by hour."""
    rng = random.Random(seed)
    stops, headways = [], []
    for line in range(1, lines_count + 1):
        metres = 0
        for place in range(1, rng.randint(10, 22)):
            stops.append((f"L{line}", place, f"{rng.choice(_DISTRICTS)}{place}站", metres))
            metres += rng.randint(280, 900)
        headways += [(f"L{line}", hour, rng.randint(4, 9) if hour in (7, 8, 17, 18) else rng.randint(10, 25))
                     for hour in range(6, 23)]  # fmt: skip
    return [table("stops.csv", ("line", "order", "stop", "metres"), stops),
            table("headways.csv", ("line", "hour", "minutes"), headways)]  # fmt: skip


def registrations(seed: int, months: int) -> list[Made]:
    """Newly registered and closed firms by district, trade and month."""
    rng = random.Random(seed)
    rows = []
    for month in range(months):
        for district in _DISTRICTS:
            for trade in _TRADES:
                new = max(0, round(rng.gauss(60, 18)))
                capital = round(new * rng.uniform(80, 420))
                rows.append((_month(month), district, trade, new, rng.randint(5, 40), capital))
    header = ("month", "district", "trade", "registered", "closed", "capital_10k_yuan")
    return [table("registrations.csv", header, rows)]


def electricity(seed: int, days: int) -> list[Made]:
    """Load of industrial parks, quarter hour by quarter hour."""
    rng = random.Random(seed)
    rows = []
    for day in range(days):
        for quarter in range(96):
            shape = 0.5 + 0.5 * math.sin(math.pi * max(0, min(1, (quarter - 24) / 56)))
            for park in range(3):
                load = (900 + 400 * park) * shape * (0.65 if day % 7 > 4 else 1.0) * rng.gauss(1, 0.02)
                at = f"{quarter // 4:02d}:{quarter % 4 * 15:02d}"
                rows.append((f"E{park}", _day(day), at, round(load, 1)))
    return [table("load.csv", ("park", "day", "at", "load_kw"), rows)]


def soil(seed: int, plots: int) -> list[Made]:
    """Samples of the soil of trial plots."""
    rng = random.Random(seed)
    rows = [
        (f"G{plot:03d}", rng.choice(("wheat", "maize", "rice", "tea")), round(rng.gauss(6.6, 0.6), 2),
         round(rng.gauss(19, 4), 1), round(rng.gauss(95, 20), 1), round(rng.gauss(22, 7), 1))
        for plot in range(plots)
    ]  # fmt: skip
    return [table("soil.csv", ("plot", "crop", "ph", "organic_g_kg", "nitrogen_mg_kg", "phosphorus_mg_kg"), rows)]


def library_loans(seed: int, months: int) -> list[Made]:
    """Loans of a library by subject and month, nobody's in particular."""
    rng = random.Random(seed)
    subjects = ("literature", "history", "computing", "children", "health", "cooking")
    rows = [
        (_month(month), subject, max(20, round(rng.gauss(900, 220))), rng.randint(1, 60))
        for month in range(months)
        for subject in subjects
    ]
    return [table("loans.csv", ("month", "subject", "loans", "reservations"), rows)]


def freight(seed: int, days: int) -> list[Made]:
    """Containers through a made-up port."""
    rng = random.Random(seed)
    rows = []
    for day in range(days):
        base = 420 + 60 * math.sin(2 * math.pi * day / 90)
        for kind, share in (("20ft", 0.4), ("40ft", 0.5), ("reefer", 0.1)):
            rows.append((_day(day), kind, round(base * share * rng.gauss(1, 0.07)),
                         round(base * share * rng.gauss(0.96, 0.07)), round(rng.uniform(4, 30), 1)))  # fmt: skip
    return [table("containers.csv", ("day", "kind", "unloaded", "loaded", "berth_hours"), rows)]
