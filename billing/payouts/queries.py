"""Reads of payouts."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, func, select

from billing.ledger.types import Account, AccountKind, Discrepancy
from billing.payments.queries import added, sums
from billing.payouts.errors import AccountNotBegun, PayoutNotFound, RunNotFound
from billing.payouts.models import (
    ArrivalRow,
    BankAccountRow,
    ConnectedAccountRow,
    PayoutLineRow,
    PayoutRow,
    ReversalRow,
    RunRow,
    SkipRow,
)
from billing.payouts.types import (
    LIVE,
    Arrival,
    BankAccount,
    ConnectedAccount,
    Payout,
    PayoutState,
    Reversal,
    ReversalState,
    Run,
    RunReport,
    Skip,
    Way,
)
from billing.settlement import queries as settlement
from billing.settlement.types import Payable
from compliance.policy import Resource, decide, require
from core.actor import Actor
from core.db import Uow
from core.paging import Page, convert, newest_first


def payout(uow: Uow, actor: Actor, payout_id: str) -> Payout:
    """Raises PayoutNotFound, also for one that the actor may not see."""
    row = uow.session.get(PayoutRow, payout_id, populate_existing=True)
    if row is None or not decide(actor, "payout:see", _resource(row.organisation_id)).permitted:
        raise PayoutNotFound()
    return row.snapshot()


def payouts(uow: Uow, actor: Actor, *, cursor: str | None = None, limit: int = 25) -> Page[Payout]:
    """Payouts to the own organisation, or to all for finance of the platform; newest first."""
    own = actor.organisation_id
    require(actor, "payout:see", _resource(own))
    chosen = select(PayoutRow)
    if own is not None:
        chosen = chosen.where(PayoutRow.organisation_id == own)
    page = newest_first(uow, chosen, key=PayoutRow.id, purpose=f"payouts:{own}", cursor=cursor, limit=limit)
    return convert(page, PayoutRow.snapshot)


def lines_of(uow: Uow, payout_id: str) -> list[Payable]:
    """The lines of the supplier's account that a payout pays, or would have paid. For those who asked for it."""
    chosen = select(PayoutLineRow.payable_id).where(PayoutLineRow.payout_id == payout_id)
    return settlement.lines(uow, chosen)


def reversals_of(uow: Uow, payout_ids: list[str]) -> list[Reversal]:
    """What was or is taken back of payouts, the oldest first. Asks no policy: for pages that asked."""
    chosen = select(ReversalRow).where(ReversalRow.payout_id.in_(payout_ids)).order_by(ReversalRow.id)
    return [row.snapshot() for row in uow.session.execute(chosen).scalars()]


def own_account(uow: Uow, actor: Actor) -> ConnectedAccount | None:
    """The own organisation's account with the processor, if it was begun. Raises PolicyRefused."""
    require(actor, "payout:see", _resource(actor.organisation_id))
    return account(uow, actor.organisation_id or "")


def account_to_fill_in(uow: Uow, actor: Actor) -> ConnectedAccount:
    """Raises PolicyRefused for who may not fill it in, and AccountNotBegun."""
    require(actor, "payout:onboard", _resource(actor.organisation_id))
    found = account(uow, actor.organisation_id or "")
    if found is None:
        raise AccountNotBegun()
    return found


def own_bank_account(uow: Uow, actor: Actor) -> BankAccount | None:
    """The own organisation's bank account, if it gave one. Raises PolicyRefused."""
    require(actor, "payout:see", _resource(actor.organisation_id))
    return bank_account(uow, actor.organisation_id or "")


def account(uow: Uow, organisation_id: str) -> ConnectedAccount | None:
    """Asks no policy: for services."""
    row = uow.session.get(ConnectedAccountRow, organisation_id, populate_existing=True)
    return row.snapshot() if row else None


def bank_account(uow: Uow, organisation_id: str) -> BankAccount | None:
    """The one that was given last. Asks no policy: for services."""
    mine = BankAccountRow.organisation_id == organisation_id, BankAccountRow.replaced_at.is_(None)
    row = uow.session.execute(select(BankAccountRow).where(*mine)).scalars().first()
    return row.snapshot() if row else None


def bank_accounts(uow: Uow, ids: list[str]) -> dict[str, BankAccount]:
    """Those by their ids, also replaced ones. Asks no policy: for services."""
    chosen = select(BankAccountRow).where(BankAccountRow.id.in_(ids))
    return {row.id: row.snapshot() for row in uow.session.execute(chosen).scalars()}


def arrivals(uow: Uow, actor: Actor, limit: int = 25) -> list[Arrival]:
    """What the processor paid out to the own organisation's bank, the newest first. Raises PolicyRefused."""
    require(actor, "payout:see", _resource(actor.organisation_id))
    mine = select(ArrivalRow).where(ArrivalRow.organisation_id == (actor.organisation_id or ""))
    chosen = mine.order_by(ArrivalRow.arrives_at.desc(), ArrivalRow.remote_id).limit(limit)
    return [row.snapshot() for row in uow.session.execute(chosen).scalars()]


def run(uow: Uow, actor: Actor, run_id: str) -> RunReport:
    """Raises RunNotFound, also for who may not see runs."""
    row = uow.session.get(RunRow, run_id, populate_existing=True)
    if row is None or not decide(actor, "payout:see", _resource(None)).permitted:
        raise RunNotFound()
    return report(uow, run_id)


def report(uow: Uow, run_id: str) -> RunReport:
    """Asks no policy: for whoever sits at the machine."""
    found = load_run(uow, run_id)
    return RunReport(found, tuple(payouts_of_run(uow, found.id)), tuple(skips_of_run(uow, found)))


def runs(uow: Uow, actor: Actor, *, cursor: str | None = None, limit: int = 25) -> Page[Run]:
    """Settlement runs, the newest first. Raises PolicyRefused for everybody but the platform's people of the books."""
    require(actor, "payout:see", _resource(None))
    page = newest_first(uow, select(RunRow), key=RunRow.id, purpose="settlement runs", cursor=cursor, limit=limit)
    return convert(page, RunRow.snapshot)


def load_run(uow: Uow, run_id: str) -> Run:
    """Asks no policy: for services."""
    return uow.session.get_one(RunRow, run_id, populate_existing=True).snapshot()


def open_run(uow: Uow, currency: str) -> Run | None:
    """The run of a currency that is under way. Asks no policy: for services."""
    chosen = select(RunRow).where(RunRow.currency == currency, RunRow.finished_at.is_(None))
    row = uow.session.execute(chosen).scalars().first()
    return row.snapshot() if row else None


def unfinished(uow: Uow) -> list[str]:
    """Runs that have not ended. Asks no policy: for the worker."""
    chosen = select(RunRow.id).where(RunRow.finished_at.is_(None))
    return list(uow.session.execute(chosen.order_by(RunRow.id)).scalars())


def payouts_of_run(uow: Uow, run_id: str) -> list[Payout]:
    """Asks no policy: for services."""
    chosen = select(PayoutRow).where(PayoutRow.run_id == run_id).order_by(PayoutRow.id)
    return [
        row.snapshot() for row in uow.session.execute(chosen.execution_options(populate_existing=True)).scalars()
    ]  # fmt: skip


def skips_of_run(uow: Uow, of: Run) -> list[Skip]:
    """Asks no policy: for services."""
    chosen = select(SkipRow).where(SkipRow.run_id == of.id).order_by(SkipRow.organisation_id)
    return [row.snapshot(of.currency) for row in uow.session.execute(chosen).scalars()]


def is_under_way(uow: Uow, organisation_id: str) -> bool:
    """Whether money is on its way to an organisation. Asks no policy: for services."""
    mine = PayoutRow.organisation_id == organisation_id, PayoutRow.state == PayoutState.RESERVED
    asked = ReversalRow.organisation_id == organisation_id, ReversalRow.state == ReversalState.ASKED
    chosen: tuple[Select[str], ...] = (select(PayoutRow.id).where(*mine), select(ReversalRow.id).where(*asked))
    return any(uow.session.execute(each.limit(1)).first() is not None for each in chosen)


STANDS_FOR = (PayoutRow.remote_id, ReversalRow.remote_id)
"""Where the remote objects stand that a payout or a reversal of ours is about."""


def is_known(uow: Uow, remote_id: str) -> bool:
    """Whether a payout or a reversal of ours stands for it. Asks no policy: for services."""
    chosen = (select(PayoutRow.id).where(PayoutRow.remote_id == remote_id),
              select(ReversalRow.id).where(ReversalRow.remote_id == remote_id))  # fmt: skip
    return any(uow.session.execute(each.limit(1)).first() is not None for each in chosen)


def paid_out(uow: Uow) -> dict[Account, int]:
    """What left each supplier's balance, less what was taken back from it. Asks no policy: for checks."""
    left = _by_supplier(uow, PayoutRow, PayoutRow.state.in_(LIVE))
    back = _by_supplier(uow, ReversalRow, ReversalRow.state == ReversalState.SETTLED)
    return {account: left.get(account, 0) - back.get(account, 0) for account in left | back}


def through_processor(uow: Uow) -> dict[str, int]:
    """What transfers and their reversals brought to what lies with the processor, by currency. For checks."""
    sent = PayoutRow.way == Way.PROCESSOR, PayoutRow.state == PayoutState.SETTLED
    return added(
        sums(uow, PayoutRow.currency, -PayoutRow.amount, *sent),
        sums(uow, ReversalRow.currency, ReversalRow.amount, ReversalRow.state == ReversalState.SETTLED),
    )


def through_bank(uow: Uow) -> dict[str, int]:
    """What bank transfers brought to what lies at the bank, by currency. For checks."""
    sent = PayoutRow.way == Way.BANK, PayoutRow.state == PayoutState.SETTLED
    return sums(uow, PayoutRow.currency, -PayoutRow.amount, *sent)


def in_flight(uow: Uow) -> dict[str, int]:
    """What payouts have taken from balances and not brought anywhere, by currency. For checks."""
    return sums(uow, PayoutRow.currency, PayoutRow.amount, PayoutRow.state == PayoutState.RESERVED)


def check(uow: Uow) -> list[Discrepancy]:
    """Payouts whose parts taken back differ from their reversals, or whose lines do not sum up to them."""
    found = []
    for state, column in ((ReversalState.SETTLED, PayoutRow.reversed), (ReversalState.ASKED, PayoutRow.reversing)):
        summed = select(func.sum(ReversalRow.amount)).where(
            ReversalRow.payout_id == PayoutRow.id, ReversalRow.state == str(state)
        )
        chosen = select(PayoutRow.id, column).where(column != func.coalesce(summed.scalar_subquery(), 0))
        found += [
            Discrepancy(payout_id, f"{state} reversals do not sum to {kept}")
            for payout_id, kept in uow.session.execute(chosen)
        ]
    return found + _wrong_sums(uow)


def _wrong_sums(uow: Uow) -> list[Discrepancy]:
    ids = set(uow.session.execute(select(PayoutLineRow.payout_id)).scalars())
    shares = {payout_id: sum(line.share for line in lines_of(uow, payout_id)) for payout_id in ids}
    return [
        Discrepancy(row.id, f"{row.amount} is not what its lines and {row.carried} carried forward sum to")
        for row in uow.session.execute(select(PayoutRow)).scalars()
        if row.amount != row.carried + shares.get(row.id, 0)
    ]


def _by_supplier(uow: Uow, model: type[PayoutRow] | type[ReversalRow], condition: ColumnElement[bool]) -> dict[
    Account, int
]:  # fmt: skip
    key = model.organisation_id, model.currency
    chosen = select(*key, func.sum(model.amount)).where(condition).group_by(*key)
    return {
        Account(AccountKind.SUPPLIER_AVAILABLE, supplier, currency): int(total)
        for supplier, currency, total in uow.session.execute(chosen)
    }


def _resource(organisation_id: str | None) -> Resource:
    return Resource("payout", organisation_id or "platform", {"owner": organisation_id})
