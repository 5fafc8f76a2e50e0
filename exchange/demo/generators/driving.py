"""Driving: trajectories of a bicycle model, bus frames, parking places; coordinates are metres on no real map."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

from exchange.demo.generators.packing import Made, table

_STEP_S = 0.1
_WHEELBASE_M = 2.7


@dataclass
class _Car:
    x: float = 0.0
    y: float = 0.0
    heading: float = 0.0
    speed: float = 0.0

    def move(self, throttle: float, steering: float) -> None:
        self.speed = max(0.0, self.speed + throttle * _STEP_S)
        self.heading += self.speed / _WHEELBASE_M * math.tan(steering) * _STEP_S
        self.x += self.speed * math.cos(self.heading) * _STEP_S
        self.y += self.speed * math.sin(self.heading) * _STEP_S


def _drive(rng: random.Random, steps: int) -> Iterator[tuple[_Car, float, float]]:
    car, wanted, steering = _Car(), rng.uniform(6, 14), 0.0
    for step in range(steps):
        if step % 80 == 0:
            wanted = rng.choice((0.0, 5.0, 8.3, 13.9))
        throttle = max(-4.0, min(2.0, 0.6 * (wanted - car.speed))) + rng.gauss(0, 0.05)
        steering += (rng.gauss(0, 0.02) - 0.05 * steering) * (1.0 if car.speed > 0.5 else 0.0)
        car.move(throttle, steering)
        yield car, throttle, steering


def trajectories(seed: int, trips: int, steps: int) -> list[Made]:
    """Ten readings a second of place, heading, speed and steering."""
    rng = random.Random(seed)
    rows = [
        (f"T{trip:02d}", round(step * _STEP_S, 1), round(car.x, 2), round(car.y, 2),
         round(math.degrees(car.heading), 2), round(car.speed, 3), round(throttle, 3), round(math.degrees(steering), 3))
        for trip in range(trips)
        for step, (car, throttle, steering) in enumerate(_drive(rng, steps))
    ]  # fmt: skip
    header = ("trip", "t_s", "x_m", "y_m", "heading_deg", "speed_mps", "accel_mps2", "steering_deg")
    return [table("trajectories.csv", header, rows)]


def bus_frames(seed: int, steps: int) -> list[Made]:
    """Frames of a vehicle's bus with the description of their signals."""
    rng = random.Random(seed)
    rows = []
    for step, (car, throttle, steering) in enumerate(_drive(rng, steps)):
        at_ms = step * 100
        rows.append((at_ms, "0x1A0", 2, f"{int(car.speed * 100):04X}"))
        rows.append((at_ms + 3, "0x1B4", 2, f"{int(math.degrees(steering) * 10) & 0xFFFF:04X}"))
        rows.append((at_ms + 5, "0x220", 1, f"{max(0, min(255, int(128 + throttle * 20))):02X}"))
    signals = [
        ("0x1A0", "speed", "m/s", 0.01, 0), ("0x1B4", "steering", "deg", 0.1, 0), ("0x220", "pedal", "-", 0.05, -6.4),
    ]  # fmt: skip
    described = table("signals.csv", ("frame", "signal", "unit", "scale", "offset"), signals)
    return [table("frames.csv", ("t_ms", "frame", "bytes", "payload"), rows), described]


def lane_changes(seed: int, count: int) -> list[Made]:
    """Overtaking on a motorway: gaps before, behind and beside, and whether the lane was changed."""
    rng = random.Random(seed)
    rows = []
    for number in range(count):
        speed, ahead, behind, beside = rng.uniform(20, 34), rng.uniform(8, 120), rng.uniform(5, 90), rng.uniform(5, 90)
        eager = 0.06 * (60 - ahead) + 0.05 * (min(behind, beside) - 25) + rng.gauss(0, 0.6)
        gaps = (round(gap, 1) for gap in (speed, ahead, behind, beside))
        rows.append((f"E{number:04d}", *gaps, "yes" if eager > 0 else "no"))
    header = ("event", "speed_mps", "gap_ahead_m", "gap_behind_m", "gap_beside_m", "changed")
    return [table("lane_changes.csv", header, rows)]


def parking(seed: int, places: int, days: int) -> list[Made]:
    """How full a few made-up car parks are, hour by hour."""
    rng = random.Random(seed)
    sizes = {f"P{place:02d}": rng.randint(80, 600) for place in range(places)}
    rows = []
    for day in range(days):
        for hour in range(24):
            rush = math.exp(-(((hour - 13) / 4.5) ** 2)) * (0.9 if day % 7 < 5 else 0.6)
            for name, size in sizes.items():
                taken = min(size, max(0, int(size * (0.08 + rush + rng.gauss(0, 0.04)))))
                rows.append((name, f"2026-03-{day + 1:02d}", hour, size, taken))
    return [table("occupancy.csv", ("park", "day", "hour", "places", "taken"), rows)]


def charging(seed: int, count: int) -> list[Made]:
    """Charging sessions of electric cars: energy, power, how long, in the laboratory's own clock."""
    rng = random.Random(seed)
    rows = []
    for number in range(count):
        power = rng.choice((7, 11, 60, 120))
        energy = round(rng.uniform(5, 60), 2)
        rows.append((f"C{number:05d}", power, energy, round(60 * energy / (power * rng.uniform(0.6, 0.95)), 1),
                     rng.randint(5, 60), round(rng.gauss(18, 8), 1)))  # fmt: skip
    header = ("session", "power_kw", "energy_kwh", "minutes", "start_percent", "ambient_c")
    return [table("sessions.csv", header, rows)]
