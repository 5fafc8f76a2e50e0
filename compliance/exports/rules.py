"""When data may leave the country: pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from compliance.exports.types import ClearanceSnapshot, Count, ExportWord, Verdict
from compliance.tiers import ExportThreshold

NOBODY = Count()


def destinations(home: str, countries: Iterable[str]) -> tuple[str, ...]:
    """Those that are abroad, sorted; a country that is not known is abroad."""
    return tuple(sorted({each for each in countries if each != home}))


def accepted(thresholds: Sequence[ExportThreshold], count: Count) -> tuple[str, ...]:
    """The clearances of which one is needed for so many persons; empty when none is."""
    reached = [each for each in thresholds if count.persons >= each.persons or count.sensitive >= each.sensitive]
    return reached[-1].accepts if reached else ()


def strictest(thresholds: Sequence[ExportThreshold]) -> tuple[str, ...]:
    """What covers any number of persons."""
    return thresholds[-1].accepts


def following(thresholds: Sequence[ExportThreshold], count: Count) -> tuple[int | None, int | None]:
    """The next numbers of persons, and of sensitive ones, from which more is needed."""
    persons = next((each.persons for each in thresholds if count.persons < each.persons), None)
    sensitive = next((each.sensitive for each in thresholds if count.sensitive < each.sensitive), None)
    return persons, sensitive


def judge(
    word: str,
    abroad: Sequence[str],
    thresholds: Sequence[ExportThreshold],
    clearances: Collection[ClearanceSnapshot],
    moment: datetime,
    *,
    own: Count | None,
    before: Count = NOBODY,
    after: Count = NOBODY,
) -> Verdict:
    """The verdict on data for these countries. ``own`` is the data's own count, None when it cannot be counted."""
    given = {"word": word, "destinations": tuple(abroad), "before": before, "after": after}
    if not abroad or word == ExportWord.ALLOWED:
        return Verdict(permitted=True, **given)  # type: ignore[arg-type]
    code, accepts = _needed(word, thresholds, own, after)
    if not code:
        return Verdict(permitted=True, **given)  # type: ignore[arg-type]
    covering = next((each.id for each in clearances if each.covers(accepts, abroad, moment)), None)
    if covering is None:
        return Verdict(permitted=False, code=code, accepts=accepts, **given)  # type: ignore[arg-type]
    return Verdict(permitted=True, accepts=accepts, clearance_id=covering, **given)  # type: ignore[arg-type]


def _needed(
    word: str, thresholds: Sequence[ExportThreshold], own: Count | None, after: Count
) -> tuple[str, tuple[str, ...]]:
    """Why it is refused unless it is cleared, and the clearances that would do; a word nobody knows blocks."""
    if word == ExportWord.NO_PERSONAL_DATA:
        return _unless(own, blocked=own is not None and own.persons > 0)
    if word == ExportWord.COUNTED:
        if own is None:
            return "export_not_countable", strictest(thresholds)
        accepts = accepted(thresholds, after) if own.persons else ()
        return ("export_threshold_reached", accepts) if accepts else ("", ())
    return "export_blocked", strictest(thresholds) if word == ExportWord.ASSESSED else ()


def _unless(own: Count | None, *, blocked: bool) -> tuple[str, tuple[str, ...]]:
    """Of a tier whose personal data never leaves, whatever clearance there is."""
    if own is None:
        return "export_not_countable", ()
    return ("export_blocked", ()) if blocked else ("", ())
