"""What listings refuse, each with a stable code."""

from __future__ import annotations

from core.problems import Conflict, Invalid, NotFound


class ListingNotFound(NotFound):
    code, title = "listing_not_found", "There is no such listing"


class ListingStateConflict(Conflict):
    code, title = "listing_state", "The listing is not in a state that allows this"


class ListingIncomplete(Conflict):
    code, title = "listing_incomplete", "The listing is not complete yet"


class ScanUnfinished(Conflict):
    code, title = "scan_unfinished", "A file of it is still being looked at for identifiers"


class TierCannotFall(Conflict):
    code, title = "tier_cannot_fall", "A supplier may raise the tier, not lower it"


class CoreDataRefused(Invalid):
    code, title = "core_data_refused", "Core data is not taken in: by the harm you state, it is none for an exchange"


class ImpactUnknown(Invalid):
    code, title = "impact_unknown", "The tier profile knows no such impact"


class CurrencyNotTraded(Invalid):
    code, title = "currency_not_traded", "This exchange does not trade in that currency"


class RevisionInvalid(Invalid):
    code, title = "revision_invalid", "A revision needs files of your own, or an interface"


class TierNotLowered(Conflict):
    code, title = "tier_not_lowered", "This is not lower than the tier in force"
