"""What a trace found, as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exchange.delivery.types import Suspicion, TraceReport


def lines(reports: Sequence[TraceReport]) -> Iterator[str]:
    """The reports, strongest first."""
    if not reports:
        yield "No row of this file was recognised in anything of which there are marked copies."
    for report in reports:
        yield (
            f"{report.leaked}: {report.recognised:,} of {report.rows:,} rows stand in {report.table} "
            f"({report.file_id}), of which there are {report.copies} marked copies"
        )
        yield from map(_line, report.suspicions)


def _line(each: Suspicion) -> str:
    verdict = "comes from the copy of" if each.accused else "nothing speaks against"
    return (
        f"  {verdict} {each.buyer_id}, order {each.order_id}: evidence {each.score:.1f} (needed {each.threshold:.1f}), "
        f"{each.agreeing:,} of {each.positions:,} marks agree, {each.honeytokens} made-up rows"
    )
