"""Metered usage, payments and payouts."""

from __future__ import annotations

import sys

import click

from core.house import House
from exchange.commands.frame import moment, with_house
from exchange.installation import CannotStart


@click.group()
def usage() -> None:
    """Look after metered usage."""


@usage.command("close")
@click.option("--as-of", metavar="TIME", help="Close what was over then, such as 2026-12-01T00:00:00Z.  [default: now]")
@with_house
def usage_close(house: House, as_of: str | None) -> None:
    """Close every month of usage that is over, each into one invoice of its order.

    The worker does it too; running it again, or beside the worker, changes nothing. A meter that cannot be closed stops
    no other; it is named, tried again each time, and the command ends with 1.
    """
    from billing.periods import queries
    from billing.periods import service as periods

    closed = 0
    for each in periods.close_due(house, moment(as_of) if as_of else None):
        closed += 1
        click.echo(f"{each.period.label}\t{each.order_id}\t{each.invoice_id or 'nothing to pay'}")
    failing = house.db.read(queries.failing)
    for bad in failing:
        click.echo(f"FAILED\t{bad.order_id}\t{bad.reason} ({bad.times} times since {bad.since:%Y-%m-%d %H:%M} UTC)")
    click.echo(f"{closed} periods closed" + (f", {len(failing)} meters cannot be" if failing else ""))
    sys.exit(bool(failing))


@usage.command("reconcile")
@click.option("--all", "every", is_flag=True, help="Print what is well, too.")
@with_house
def usage_reconcile(house: House, every: bool) -> None:
    """Hold segments, leases, the usage ledger and its sums against each other; ends with 1 when they differ.

    The exchange may be running meanwhile.
    """
    from exchange.sidecar.reconciling import reconcile

    lines = list(reconcile(house))
    faults = [line for line in lines if not line.well]
    for line in lines if every else faults:
        click.echo(f"{'ok  ' if line.well else 'BAD '} {line.text}")
    click.echo(f"{len(faults)} of {len(lines)} comparisons failed" if faults else f"{len(lines)} comparisons, all well")
    sys.exit(bool(faults))


@click.group()
def payments() -> None:
    """Look after payments by card and wallet."""


@payments.command("reconcile")
@with_house
def payments_reconcile(house: House) -> None:
    """Read the payment processor's books and hold them against ours; ends with 1 when something has no match.

    The worker does it too, every five minutes; whatever nobody told us of is looked at.
    """
    from billing.payments import reconciling
    from billing.processor import importing
    from billing.processor import queries as processor
    from billing.processor.errors import RemoteUnknown
    from core.money import format_amount

    if not processor.standing(house).available:
        raise CannotStart("No payment processor is connected: set PIAOHAO_STRIPE_KEY.")
    try:
        read = importing.read_books(house)
    except RemoteUnknown as problem:
        raise click.ClickException(f"The processor's books cannot be read: {problem}") from None
    matched, rows = reconciling.reconcile(house), house.db.read(processor.entries)
    left = house.db.read(reconciling.unmatched)
    click.echo(f"{rows} rows in the processor's books ({read} new, {matched} found late), {len(left)} without a match")
    for entry in left:
        amount = format_amount(entry.amount, entry.currency)
        click.echo(f"{entry.id}\t{entry.kind}\t{amount} {entry.currency}\t{entry.source}")
    sys.exit(bool(left))


@click.group()
def payouts() -> None:
    """Pay suppliers what is available to them."""


@payouts.command("run")
@click.option("--currency", default="", help="Of which balances.  [default: the exchange's]")
@click.option("--as-of", metavar="TIME", help="Pay what was released by then, as 2026-12-01T00:00:00Z.  [default: now]")
@with_house
def payouts_run(house: House, currency: str, as_of: str | None) -> None:
    """Start a settlement run and carry it out: every supplier whose balance is worth it is paid once.

    Transfers within the payment processor are made by the worker; bank transfers wait for their payment file, which two
    people of finance make and confirm.
    """
    from billing.payouts import queries, runs
    from core.money import format_amount

    chosen, until = currency or house.settings.currency, moment(as_of) if as_of else None
    run = house.db.write(lambda uow: runs.begin(uow, currency=chosen, as_of=until))
    runs.proceed(house, run.id)
    report = house.db.read(lambda uow: queries.report(uow, run.id))
    for paid in report.payouts:
        click.echo(f"{paid.id}\t{paid.organisation_id}\t{format_amount(paid.amount, chosen)} {chosen}\t{paid.way}")
    for skip in report.skips:
        balance = format_amount(skip.balance, chosen)
        click.echo(f"skipped\t{skip.organisation_id}\t{balance} {chosen}\t{skip.reason}")
    click.echo(f"{run.id}: {len(report.payouts)} payouts, {len(report.skips)} suppliers skipped")
