"""Search results as rows of a page: price, tier and whether one can order, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup, escape

from catalog.listings.queries import resource
from catalog.search.analysis import Piece
from catalog.search.types import SearchHit
from compliance.policy import decide, declaring
from core.actor import Actor
from core.money import UNITS_PER_MINOR, format_price
from core.speech import gettext
from exchange.web.formats import money, unit_amount
from exchange.web.language import language, plain
from exchange.web.plans import PriceText
from exchange.web.session import house
from exchange.web.words import word

HIGHEST_TIER = 5


@dataclass(frozen=True)
class HitText:
    """One row of a list of results."""

    kind: str
    reference: bool
    address: str
    title: Markup
    summary: Markup
    owner: str
    scene: str
    origin: str
    source: str
    updated_at: datetime
    price: PriceText
    tier: int | None
    word: str
    mark: str


def rows(actor: Actor, hits: Sequence[SearchHit]) -> list[HitText]:
    """The hits in words, with what this actor may do."""
    return [_row(actor, hit) for hit in hits]


def _row(actor: Actor, hit: SearchHit) -> HitText:
    reference = hit.what == "reference"
    state, mark = _standing(actor, hit)
    return HitText(
        kind="reference" if reference else hit.kind,
        reference=reference,
        address=f"/references/{hit.id}" if reference else f"/listings/{hit.id}",
        title=_marked(hit.marked_title) or escape(plain(hit.title)),
        summary=_marked(hit.marked_excerpt),
        owner=plain(hit.supplier),
        scene=hit.scene,
        origin=hit.origin,
        source=plain(hit.source_title),
        updated_at=hit.updated_at,
        price=_price(hit),
        tier=hit.tier,
        word=state,
        mark=mark,
    )


def _marked(texts: Mapping[str, Sequence[Piece]]) -> Markup:
    """The text in the page's language, found words marked; in the other language when it has only that."""
    own = language()
    chosen = own if texts.get(own) else next((key for key, pieces in texts.items() if pieces), None)
    if chosen is None:
        return Markup("")
    body = Markup("").join(
        Markup("<mark>%s</mark>") % piece.text if piece.hit else escape(piece.text) for piece in texts[chosen]
    )
    return body if chosen == own else Markup('<span lang="%s">%s</span>') % (chosen, body)


def _price(hit: SearchHit) -> PriceText:
    if hit.price_kind == "free":
        return PriceText(word("plan", "free"))
    if hit.what == "reference":
        return PriceText(_source_price(hit), gettext("price at the source"))
    if hit.amount is not None and hit.currency:
        return PriceText(money(hit.amount, hit.currency), word("plan", hit.price_kind))
    if hit.unit_price is not None and hit.currency:
        return PriceText(unit_amount(hit.unit_price, hit.currency), word("plan", hit.price_kind))
    return PriceText(word("plan", hit.price_kind))


def _source_price(hit: SearchHit) -> str:
    """What the source wrote; the figure we read only when it wrote nothing readable."""
    if hit.price_text:
        return hit.price_text
    if hit.unit_price is None or not hit.currency:
        return gettext("No price given")
    if hit.unit_price % UNITS_PER_MINOR == 0:
        return money(hit.unit_price // UNITS_PER_MINOR, hit.currency)
    return f"¥{format_price(hit.unit_price, hit.currency)}"


def _standing(actor: Actor, hit: SearchHit) -> tuple[str, str]:
    """Whether this actor can order it, as a word and a mark."""
    if hit.what == "reference" or not hit.orderable:
        return gettext("Cannot be ordered"), ""
    if not actor.signed_in:
        return gettext("Sign in to order"), "wait"
    tier = hit.tier if hit.tier is not None else HIGHEST_TIER
    asked = resource(
        house(), hit.id, owner=hit.supplier_id, state=hit.state, tier=tier, kind=hit.kind,
    )  # fmt: skip
    decision = decide(actor, "listing:order", asked, declaring(actor))
    if decision.permitted:
        return gettext("Can be ordered"), "go"
    need = decision.needs[0] if decision.needs else None
    said = (need.message_zh if language() == "zh" else need.message_en) if need else gettext("Cannot be ordered")
    return said, "stop"
