"""A listing as its supplier writes it: the form's fields, the steps, and what is still missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from catalog.listings import queries
from catalog.listings.types import DECLARATIONS, ListingKind, ListingSnapshot, Purpose, Scene
from compliance.policy import require
from core import plans
from core.actor import Actor
from core.db import Uow
from core.speech import gettext
from core.speech import lazy_gettext as _l
from exchange.web import interfaces
from exchange.web.language import plain
from exchange.web.words import word

_TEXTS = {"title": "title", "summary": "summary", "description": "description", "terms": "licence_terms"}
DECLARED = {
    "source": (_l("Where the data comes from"), _l("collected, generated, authorised or public, and the evidence")),
    "authorisation": (_l("Who authorised it"), _l("the chain from the origin to you")),
    "personal_data": (_l("Personal data and the basis of consent"), _l("or that it holds none")),
    "important_data": (_l("Important and core data"), _l("that it holds none, and how this was checked")),
    "intellectual_property": (_l("Intellectual property"), _l("who holds which rights")),
    "prohibited": (_l("Prohibited content"), _l("that it holds none")),
}


@dataclass
class DraftPage:
    """What the editing page shows beside the form."""

    listing: ListingSnapshot | None
    steps: list[tuple[str, str]]
    ready: bool = False
    missing: str = ""
    returned: str = ""
    reasons: list[str] = field(default_factory=list)
    kind: str = "dataset"
    own: interfaces.OwnPage | None = None

    @property
    def scenes(self) -> list[tuple[str, str]]:
        return [(str(each), word("scene", each)) for each in Scene]

    @property
    def purposes(self) -> list[str]:
        return [str(each) for each in Purpose]

    @property
    def declarations(self) -> list[tuple[str, str, str]]:
        return [(name, str(DECLARED[name][0]), str(DECLARED[name][1])) for name in DECLARATIONS]


def blank_page(kind: str = "dataset") -> DraftPage:
    chosen = "interface" if kind == "interface" else "dataset"
    return DraftPage(None, _steps(None, chosen), kind=chosen)


def page(uow: Uow, actor: Actor, listing_id: str) -> DraftPage:
    """Raises ListingNotFound, or PolicyRefused for somebody else's listing."""
    listing = queries.get(uow, actor, listing_id)
    require(actor, "listing:edit", queries.resource_of(uow.house, listing))
    revision = listing.revision
    own = interfaces.own(uow, actor, revision.interface.id) if revision and revision.interface else None
    lacking = _missing(listing, own)
    return DraftPage(
        listing=listing,
        kind=listing.kind,
        own=own,
        steps=_steps(listing, listing.kind),
        ready=not lacking and listing.state in ("draft", "returned"),
        missing=gettext("Still missing: %(what)s", what=", ".join(lacking)) if lacking else "",
        returned=listing.reason if listing.state == "returned" else "",
        reasons=[plain(reason) for reason in listing.tier_reasons],
    )


def _missing(listing: ListingSnapshot, own: interfaces.OwnPage | None) -> list[str]:
    """Declarations are handed in together with the last step, so they do not count here."""
    called = listing.kind == ListingKind.INTERFACE
    parts = {
        gettext("title"): listing.title,
        gettext("summary"): listing.summary,
        gettext("licence terms"): listing.licence_terms,
        gettext("the interface") if called else gettext("files"): listing.revision,
        gettext("offer"): listing.offer,
    }
    untried = [gettext("a trial of %(name)s", name=name) for name in (own.unproven if own else ())]
    return [name for name, value in parts.items() if not value] + untried


def _steps(listing: ListingSnapshot | None, kind: str) -> list[tuple[str, str]]:
    sent = listing is not None and listing.state not in ("draft", "returned")
    reached = [
        listing is not None,
        listing is not None and listing.revision is not None,
        listing is not None and listing.offer is not None,
        sent,
        listing is not None and listing.state == "listed",
    ]
    contents = gettext("Interface") if kind == ListingKind.INTERFACE else gettext("Files")
    names = [gettext("What it is"), contents, gettext("Offer"), gettext("Hand in"), gettext("On sale")]
    first_open = reached.index(False) if False in reached else len(reached)
    return [
        (name, "go" if done else "now" if place == first_open else "")
        for place, (name, done) in enumerate(zip(names, reached, strict=True))
    ]


def empty() -> dict[str, Any]:
    """The form of a new listing."""
    return given({})


def given(form: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed, so that nothing is lost when a form comes back."""
    texts = {f"{name}_{tongue}": form.get(f"{name}_{tongue}", "") for name in _TEXTS for tongue in ("zh", "en")}
    names = {name: form.get(name, "") for name in ("scene", "tags", "kind", "amount", "term_months")}
    getlist = getattr(form, "getlist", None)
    return texts | names | {"purposes": getlist("purposes") if getlist else [], "declarations": {}}


def sent(form: Mapping[str, Any]) -> dict[str, Any]:
    """Only what this form holds: the page has several, and one that comes back leaves the others as they are."""
    return {name: value for name, value in given(form).items() if name in form}


FIELDS = {
    "title_zh": _l("Title in Chinese"), "title_en": _l("Title in English"), "summary_zh": _l("Summary in Chinese"),
    "summary_en": _l("Summary in English"), "description_zh": _l("Description in Chinese"),
    "description_en": _l("Description in English"), "terms_zh": _l("Terms in Chinese"),
    "terms_en": _l("Terms in English"), "scene": _l("Scene"), "tags": _l("Tags"),
}  # fmt: skip


def conflict(stored: ListingSnapshot | None, typed: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Where a form differs from what somebody else has stored meanwhile: what it is, stored, typed."""
    kept = of_listing(stored)
    rows = [(name, str(kept.get(name) or ""), str(typed.get(name, "")).replace("\r\n", "\n")) for name in FIELDS]
    return [(str(FIELDS[name]), theirs, yours) for name, theirs, yours in rows if theirs.strip() != yours.strip()]


def of_listing(listing: ListingSnapshot | None) -> dict[str, Any]:
    """The form as the stored listing fills it."""
    if listing is None:
        return empty()
    texts = {
        f"{name}_{tongue}": getattr(listing, kept).get(tongue, "")
        for name, kept in _TEXTS.items()
        for tongue in ("zh", "en")
    }
    return (
        texts
        | {"scene": listing.scene, "tags": ", ".join(listing.tags), "declarations": listing.declarations}
        | _offer(listing)
    )


def _offer(listing: ListingSnapshot) -> dict[str, Any]:
    if listing.offer is None:
        return {"kind": "one_off", "amount": "", "term_months": 12, "purposes": ["training", "evaluation"]}
    plan = listing.offer.plan
    return {
        "kind": plan.get("kind"),
        "amount": plan.get("amount", ""),
        "term_months": listing.offer.term_months,
        "purposes": list(listing.offer.purposes),
    }


def fields_of(form: Mapping[str, Any]) -> dict[str, Any]:
    """The service's fields: texts by language, those left empty left out."""
    fields: dict[str, Any] = {
        kept: {tongue: form[f"{name}_{tongue}"] for tongue in ("zh", "en") if form[f"{name}_{tongue}"]}
        for name, kept in _TEXTS.items()
    }
    return fields | {"scene": form["scene"], "tags": _tags(form["tags"])}


def _tags(text: str) -> list[str]:
    parts = text.replace("，", ",").replace("、", ",").split(",")
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


def offer_of(form: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """The service's arguments. Raises PlanInvalid or AmountInvalid naming the field."""
    without_amount = {"free": plans.free, "negotiated": plans.negotiated}.get(form["kind"])
    plan = without_amount() if without_amount else plans.one_off(form["amount"], currency)
    purposes: Sequence[str] = form["purposes"]
    return {"plan": plan, "purposes": purposes, "term_months": form["term_months"]}
