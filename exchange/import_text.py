"""What ``piaohao import listings`` prints of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from catalog.references.types import ImportReport, Outcome

_FEW = 10


def lines(report: ImportReport, *, every_row: bool) -> Iterator[str]:
    """Totals first, then why rows were not simply imported: each row, or how many for each reason.

    Rows that could not be read are named with their lines as long as they are few.
    """
    yield (
        f"{report.file_name} ({report.source}, {report.encoding}): {report.rows} rows in {report.seconds:.1f} s: "
        f"{report.imported} imported, {report.queued} queued for review, {report.quarantined} quarantined, "
        f"{report.reported} reported"
    )
    yield (
        f"{report.created} new, {report.changed} changed, {report.unchanged} unchanged, "
        f"{report.vanished} vanished from the source"
    )
    if report.note:
        yield report.note
    noted = [row for row in report.details if row.outcome != Outcome.IMPORTED or row.reason]
    reported = [row for row in noted if row.outcome == Outcome.REPORTED]
    shown = noted if every_row else reported if len(reported) <= _FEW else []
    yield from (f"line {row.line}: {row.outcome}: {row.reason}" for row in shown)
    if every_row:
        return
    noted = [row for row in noted if row not in shown]
    reasons = Counter((str(row.outcome), row.reason) for row in noted)
    yield from (f"{count:6} × {outcome}: {reason}" for (outcome, reason), count in reasons.most_common(_FEW))
    if len(reasons) > _FEW:
        yield f"       … {len(reasons) - _FEW} more reasons; --rows shows every row"
