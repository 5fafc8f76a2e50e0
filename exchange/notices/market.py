"""What happens around demands and saved searches, told to those it concerns."""

from __future__ import annotations

from collections.abc import Sequence

from catalog.demands import queries as demands
from catalog.demands.events import AnswerSettled, DemandAnswered, DemandEnded, DemandReported
from catalog.demands.types import DemandSnapshot
from catalog.search.saved import service as saved
from catalog.search.saved.events import SavedSearchFound
from compliance.identity import queries as identity
from core.db import Uow
from core.house import House
from exchange.notices.handlers import supplier
from exchange.notices.oversight import REVIEWERS
from exchange.notices.service import tell
from exchange.notices.types import Audience

_SHOWN = 3


def listen(house: House) -> None:
    later = house.registry.later
    later(DemandAnswered, "notices.demand_answered", demand_answered)
    later(AnswerSettled, "notices.demand_answer_settled", answer_settled)
    later(DemandEnded, "notices.demand_ended", demand_ended)
    later(DemandReported, "notices.demand_reported", demand_reported)
    later(SavedSearchFound, "notices.saved_search", saved_search_found)


def buyer(organisation_id: str) -> Audience:
    return Audience(organisation_id, ("buyer",))


def demand_answered(house: House, event: DemandAnswered) -> None:
    """The buyer learns who answered."""

    def work(uow: Uow) -> None:
        found = demands.answer_as_it_is(uow, event.answer_id)
        if found is None:
            return
        made, demand = found
        own = identity.organisations(uow, [made.organisation_id]).get(made.organisation_id)
        tell(
            uow, key=f"{made.id}:answered", code="demand:answered", topic="demands",
            to=[buyer(demand.organisation_id)], subject_id=demand.id, subject=demand.title,
            address=f"/demands/{demand.id}", note=own.name if own else "",
        )  # fmt: skip

    house.db.write(work)


def answer_settled(house: House, event: AnswerSettled) -> None:
    """The supplier learns whether its answer is taken up."""

    def work(uow: Uow) -> None:
        found = demands.answer_as_it_is(uow, event.answer_id)
        if found is None:
            return
        made, demand = found
        tell(
            uow, key=f"{made.id}:{event.state}", code=f"demand:{event.state}", topic="demands",
            to=[supplier(made.organisation_id)], subject_id=demand.id, subject=demand.as_told_to_answerers().title,
            address=f"/demands/{demand.id}", note=made.reason,
        )  # fmt: skip

    house.db.write(work)


def demand_ended(house: House, event: DemandEnded) -> None:
    """Those whose answers stand learn that it is over; its buyer too, unless it closed it itself."""

    def work(uow: Uow) -> None:
        found = demands.as_it_is(uow, event.demand_id)
        if found is None or found[0].state != event.state:
            return
        demand, answerers = found
        key = f"{demand.id}:{event.state}:{demand.version}"
        _tell_end(uow, key, [supplier(each) for each in answerers], demand.as_told_to_answerers())
        if event.state != "closed":
            _tell_end(uow, f"{key}:buyer", [buyer(demand.organisation_id)], demand)

    house.db.write(work)


def _tell_end(uow: Uow, key: str, to: Sequence[Audience], demand: DemandSnapshot) -> None:
    tell(
        uow, key=key, code=f"demand:{demand.state}", topic="demands", to=to, subject_id=demand.id,
        subject=demand.title, address=f"/demands/{demand.id}", note=demand.reason,
    )  # fmt: skip


def demand_reported(house: House, event: DemandReported) -> None:
    def work(uow: Uow) -> None:
        found = demands.as_it_is(uow, event.demand_id)
        if found is not None:
            demand = found[0]
            tell(
                uow, key=f"{demand.id}:reported:{event.number}:{demand.version}", code="demand:reported",
                topic="demands", to=[REVIEWERS], subject_id=demand.id, subject=demand.title,
                address=f"/demands/{demand.id}",
            )  # fmt: skip

    house.db.write(work)


def saved_search_found(house: House, event: SavedSearchFound) -> None:
    """Titles are read again as the organisation's buyers may see them now: what was hidden meanwhile is not told."""

    def work(uow: Uow) -> None:
        kept = saved.as_it_is(uow, event.search_id)
        if kept is None:
            return
        titles = saved.titles(uow, kept, event.ids)
        if titles:
            more = f" +{len(titles) - _SHOWN}" if len(titles) > _SHOWN else ""
            tell(
                uow, key=f"{kept.id}:{event.ids[0]}", code="search:found", topic="demands",
                to=[buyer(kept.organisation_id)], subject_id=kept.id, subject={"zh": kept.name, "en": kept.name},
                address=f"/searches/{kept.id}", note=" · ".join(titles[:_SHOWN]) + more,
            )  # fmt: skip

    house.db.write(work)
