"""Loading a gateway's segments, each record once, beside PostgreSQL's own insert-if-new."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
from sqlalchemy import func, select

from bench.billing.figures import Reader, Took, measured, say, show
from bench.billing.market import Market, Written, write_segments
from billing.usage.models import UsageConflict, UsageRow
from core.db import Uow
from exchange.gateway import record
from exchange.gateway.record import Usage
from exchange.sidecar.loader import Loader, segments_folder

_COLUMNS = (
    "call_id text, at timestamptz, quarter bigint, entitlement_id text, operation text, credential_id text,"
    " plan_hash text, mode text, status int, outcome text, bytes_in bigint, bytes_out bigint, records bigint,"
    " latency_us bigint, credited boolean, raw bytea, salt bytea"
)
_LEDGER = f"CREATE TABLE bare_usage ({_COLUMNS}, PRIMARY KEY (call_id))"
_COMING = f"CREATE TEMP TABLE coming ({_COLUMNS}) ON COMMIT DELETE ROWS"
_NEW = "INSERT INTO bare_usage SELECT * FROM coming ON CONFLICT DO NOTHING"
_SUMS = """
CREATE TABLE bare_sums (entitlement_id text, quarter bigint, operation text, outcome text, plan_hash text, mode text,
credited boolean, calls numeric, bytes_in numeric, bytes_out numeric, records numeric, latency_us numeric,
PRIMARY KEY (entitlement_id, quarter, operation, outcome, plan_hash, mode, credited))
"""
_NEW_AND_SUMS = """
WITH fresh AS (INSERT INTO bare_usage SELECT * FROM coming ON CONFLICT DO NOTHING RETURNING *)
INSERT INTO bare_sums AS kept SELECT entitlement_id, quarter, operation, outcome, plan_hash, mode, credited, count(*),
sum(bytes_in), sum(bytes_out), sum(records), sum(latency_us) FROM fresh GROUP BY 1, 2, 3, 4, 5, 6, 7
ON CONFLICT (entitlement_id, quarter, operation, outcome, plan_hash, mode, credited) DO UPDATE SET
calls = kept.calls + excluded.calls, bytes_in = kept.bytes_in + excluded.bytes_in,
bytes_out = kept.bytes_out + excluded.bytes_out, records = kept.records + excluded.records,
latency_us = kept.latency_us + excluded.latency_us
"""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OURS_AT_MOST = 1_000
"""The most that our loader takes into one unit."""


def load(market: Market, calls: int, repeats: float, seed: int, *cpu: Reader) -> tuple[Took, Written, list[str]]:
    """Ours: from the bytes in segments to records, sums, holds, roots and audit entries."""
    written = write_segments(market, segments_folder(market.house), calls, repeats, seed)
    loader = Loader(market.house)
    with measured(written.records, *cpu) as took:
        while loader.load_some():
            pass
    return took, written, list(_faults(market, loader, written))


def _faults(market: Market, loader: Loader, written: Written) -> Iterator[str]:
    """A repeat that fell into the next segment has another salt there: it is refused, and counts as little."""

    def count(uow: Uow) -> tuple[int, int]:
        rows, conflicts = (select(func.count()).select_from(table) for table in (UsageRow, UsageConflict))
        return uow.session.execute(rows).scalar_one(), uow.session.execute(conflicts).scalar_one()

    rows, conflicts = market.house.db.read(count)
    tally, expected = loader.tally, (written.calls, written.void)
    if (rows, tally.credited) != expected or tally.known + conflicts > written.repeated:
        yield f"{rows} records, {tally.credited} credited, {tally.known} known, {conflicts} refused, not {expected}"


def bare(url: str, written: Written, unit: int, cpu: Reader, *, sums: bool = False) -> tuple[Took, list[str]]:
    """The peer: the same records as rows of COPY's own format, made before the clock starts."""
    units = _units(written, unit)
    with psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://")) as connection:
        connection.execute("DROP TABLE IF EXISTS bare_usage, bare_sums")
        for statement in (_LEDGER, _COMING, _SUMS):
            connection.execute(statement)
        connection.commit()
        with measured(written.records, cpu) as took:
            for rows in units:
                with connection.cursor() as cursor:
                    with cursor.copy("COPY coming FROM STDIN") as copy:
                        copy.write(rows)
                    cursor.execute(_NEW_AND_SUMS if sums else _NEW)
                connection.commit()
        found = connection.execute("SELECT count(*) FROM bare_usage").fetchone()
    return took, [] if found == (written.calls,) else [f"the peer has {found}, not {written.calls}"]


def _units(written: Written, unit: int) -> list[bytes]:
    rows = [_row(body) for body in written.bodies]
    return [b"".join(rows[start : start + unit]) for start in range(0, len(rows), unit)]


def _row(body: bytes) -> bytes:
    found = record.parse(body)
    assert isinstance(found, Usage)
    place = found.address
    fields = (
        found.call_id, _EPOCH + timedelta(microseconds=found.at_us), found.at_us // 900_000_000,
        place.entitlement_id, place.operation, place.credential_id, found.plan_hash, found.mode, found.status,
        found.outcome.text, found.bytes_in, found.bytes_out, found.records, found.latency_us, "f",
        f"\\\\x{body.hex()}", "\\\\x00000000000000000000000000000000",
    )  # fmt: skip
    return ("\t".join(map(str, fields)) + "\n").encode()


def compare(
    sqlite: Market, market: Market, url: str, calls: int, repeats: float, seed: int, cpu: Reader, most: int
) -> list[str]:
    """Every line of this chapter; answers what is wrong. Both ledgers are left full."""
    on_sqlite, _, faults = load(sqlite, calls, repeats, seed)
    ours, written, more = load(market, calls, repeats, seed, cpu)
    say(f"ingest   {written.calls:,} calls in {written.records:,} records, {written.void:,} of them not delivered")
    small, worse = bare(url, written, OURS_AT_MOST, cpu)
    large, worst = bare(url, written, most, cpu)
    summing, odd = bare(url, written, OURS_AT_MOST, cpu, sums=True)
    show("ingest", f"insert if new, units of {most:,}", "records", large)
    show("ingest", f"insert if new, units of {OURS_AT_MOST:,}", "records", small)
    show("ingest", f"insert if new with sums, units of {OURS_AT_MOST:,}", "records", summing)
    show("ingest", "segments into the ledger, PostgreSQL", "records", ours, summing)
    show("ingest", "segments into the ledger, SQLite", "records", on_sqlite, summing)
    return [*faults, *more, *worse, *worst, *odd]
