"""The command ``piaohao``: one program for everything that is not done in a browser or through the API."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any

import click

from core.house import House
from core.problems import DomainError
from core.settings import PROFILES, Settings
from exchange.installation import CannotStart, init, require_current

PLATFORM_ROLES = ("reviewer", "officer", "finance", "operator")


class Program(click.Group):
    """A group that lists its commands in the order a newcomer needs them, and turns our errors into sentences."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CannotStart as problem:
            raise click.ClickException(str(problem)) from None
        except DomainError as problem:
            raise click.ClickException(_sentence(problem)) from None


def _sentence(problem: DomainError) -> str:
    where = f" ({problem.field})" if problem.field else ""
    return " ".join(part for part in (f"{problem.title}{where}.", problem.detail, problem.hint or "") if part)


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--data", type=click.Path(path_type=Path), help="The data folder.  [default: PIAOHAO_DATA or var/exchange]"
)
@click.option(
    "--profile", type=click.Choice(PROFILES), help="What kind of exchange.  [default: PIAOHAO_PROFILE or development]"
)
@click.pass_context
def main(ctx: click.Context, data: Path | None, profile: str | None) -> None:
    """Piaohao, a data exchange whose every trade can be verified offline.

    Every setting is an environment variable named PIAOHAO_…, for example PIAOHAO_PORT.
    """
    try:
        settings = Settings.from_environment(data)
    except ValueError as problem:
        raise click.ClickException(str(problem)) from None
    ctx.obj = dataclasses.replace(settings, profile=profile) if profile else settings


def _house(settings: Settings) -> House:
    from exchange.app import build_house

    if not settings.data.is_dir():
        raise CannotStart(f"There is no exchange in {settings.data} yet: run `piaohao init` first.")
    house = build_house(settings)
    require_current(house.db)
    return house


def with_house(command: Callable[..., Any]) -> Callable[..., Any]:
    """Hand the command the house of the data folder; it must have been made by ``init``."""

    @click.pass_obj
    @wraps(command)
    def call(settings: Settings, *arguments: Any, **options: Any) -> Any:
        return command(_house(settings), *arguments, **options)

    return call


@main.command("init")
@click.pass_obj
def init_command(settings: Settings) -> None:
    """Make the data folder and its database, or bring them up to date."""
    made = init(settings)
    click.echo(f"{'Made' if made else 'Up to date:'} the exchange in {settings.data}")


@main.command()
@click.pass_obj
def serve(settings: Settings) -> None:
    """Serve the exchange: web, gateway, worker and sidecar under one supervisor, until Ctrl-C or SIGTERM."""
    from exchange import supervisor

    supervisor.serve(settings, lambda: click.echo(_welcome(settings)))


def _welcome(settings: Settings) -> str:
    program = "./piaohao" if settings.data == Settings().data.absolute() else f"./piaohao --data '{settings.data}'"
    return (
        f"Piaohao serves http://{settings.host}:{settings.port}/ from {settings.data}\n"
        f"{_gateway_welcome(settings)}"
        f"The first operator, in another terminal:\n"
        f"  {program} users create you@example.org --name 'Your Name' --role operator --role officer\n"
        f"Ctrl-C stops it."
    )


def _gateway_welcome(settings: Settings) -> str:
    return f"Interfaces are called at {settings.gateway_address}/\n" if settings.gateway_workers else ""


@main.command()
@click.option("--once", is_flag=True, help="End when the story has been told instead of going on serving.")
@click.option("--language", type=click.Choice(("zh", "en")), default="en", help="In which the story is told.")
@click.pass_obj
def demo(settings: Settings, once: bool, language: str) -> None:
    """Make a demo exchange, play three trades through its public API, and go on serving it."""
    from exchange import stage

    sys.exit(stage.perform(dataclasses.replace(settings, profile="demo"), once=once, language=language))


@main.group("import")
def import_group() -> None:
    """Bring in what others have published."""


@import_group.command("listings")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", required=True, help="The name of a mapping file, or its path.")
@click.option("--rows", is_flag=True, help="Print every row that was not simply imported, with line and reason.")
@with_house
def import_listings(house: House, file: Path, source: str, rows: bool) -> None:
    """Read crawled listings of another exchange as external references.

    Every row is imported, queued for review, quarantined or reported with its line and reason. Running it
    again with the same file changes nothing; a newer file updates, adds and marks what has vanished.
    """
    from catalog.references.service import import_file
    from catalog.search.service import catch_up
    from core.actor import SYSTEM
    from exchange.import_text import lines

    def progress(line: int, total: int, note: str) -> None:
        click.echo(f"\r{line} of {total} lines {note}", nl=False, err=True)

    report = import_file(house, SYSTEM, path=file, source=source, progress=progress)
    click.echo(err=True)
    catch_up(house)  # whether a worker runs or not, everything can be found when this ends
    for text in lines(report, every_row=rows):
        click.echo(text)


@main.group()
def search() -> None:
    """Look after the search index."""


@search.command("rebuild")
@with_house
def search_rebuild(house: House) -> None:
    """Make the index anew from the database, beside the old one, then change over."""
    from catalog.search.service import rebuild

    click.echo(f"{rebuild(house)} documents indexed")


@search.command("check")
@click.option("--repair", is_flag=True, help="Bring in line what differs.")
@with_house
def search_check(house: House, repair: bool) -> None:
    """Compare the index with the database; ends with 1 when they differ."""
    from catalog.search.service import check

    report = check(house, repair=repair)
    for word, ids in (("missing", report.missing), ("stale", report.stale), ("extra", report.extra)):
        for found in ids:
            click.echo(f"{word}\t{found}")
    report = check(house) if repair else report
    click.echo(f"{report.documents} documents, the index is {'sound' if report.sound else 'not in line'}")
    sys.exit(not report.sound)


@main.group()
def audit() -> None:
    """Look after the audit log."""


@audit.command("verify")
@with_house
def audit_verify(house: House) -> None:
    """Read the whole log and its checkpoints and prove them; ends with 1 when something was changed."""
    from compliance.audit import check

    faults = check.verify_log(house)
    for line in faults:
        click.echo(line)
    click.echo("the log verifies" if not faults else f"{len(faults)} faults")
    sys.exit(bool(faults))


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, required=True, metavar="FILE [--key KEY]")
def verify(arguments: tuple[str, ...]) -> None:
    """Verify an evidence bundle, or the JSON of a usage statement, offline.

    Needs no exchange: the verifier is one file that you can take along.
    """
    from compliance.audit import verifier

    sys.exit(verifier.main(list(arguments)))


@main.command("trace")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_house
def trace_command(house: House, file: Path) -> None:
    """Find whose marked copy a leaked table came from; ends with 1 when nobody is named.

    A buyer is named when the file is at least a thousand million times likelier to come from its copy.
    """
    from exchange.delivery import tracer
    from exchange.delivery.trace_text import lines

    reports = tracer.trace_path(house, file)
    for line in lines(reports):
        click.echo(line)
    sys.exit(0 if any(each.accused for report in reports for each in report.suspicions) else 1)


@main.group()
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
    for each in periods.close_due(house, _moment(as_of) if as_of else None):
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


@main.group()
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
    matched, rows = reconciling.reconcile(house), len(house.db.read(processor.entries))
    left = house.db.read(reconciling.unmatched)
    click.echo(f"{rows} rows in the processor's books ({read} new, {matched} found late), {len(left)} without a match")
    for entry in left:
        amount = format_amount(entry.amount, entry.currency)
        click.echo(f"{entry.id}\t{entry.kind}\t{amount} {entry.currency}\t{entry.source}")
    sys.exit(bool(left))


@main.group()
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

    chosen, moment = currency or house.settings.currency, _moment(as_of) if as_of else None
    run = house.db.write(lambda uow: runs.begin(uow, currency=chosen, as_of=moment))
    runs.proceed(house, run.id)
    report = house.db.read(lambda uow: queries.report(uow, run.id))
    for paid in report.payouts:
        click.echo(f"{paid.id}\t{paid.organisation_id}\t{format_amount(paid.amount, chosen)} {chosen}\t{paid.way}")
    for skip in report.skips:
        balance = format_amount(skip.balance, chosen)
        click.echo(f"skipped\t{skip.organisation_id}\t{balance} {chosen}\t{skip.reason}")
    click.echo(f"{run.id}: {len(report.payouts)} payouts, {len(report.skips)} suppliers skipped")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        if not 2000 <= moment.year < 9999:
            raise ValueError
    except ValueError:
        raise click.BadParameter("write it as 2026-12-01T00:00:00Z", param_hint="--as-of") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@main.group()
def users() -> None:
    """The people of the platform: reviewers, officers, finance, operators."""


def _password(stdin: bool) -> str:
    if stdin:
        return sys.stdin.readline().rstrip("\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


def _hashed(email: str, password: str) -> str:
    from compliance.identity.rules import check_password, hash_password

    check_password(password, email)
    return hash_password(password)


@users.command("create")
@click.argument("email")
@click.option("--name", required=True, help="How others see this person.")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice(PLATFORM_ROLES), help="Repeatable.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
@with_house
def users_create(house: House, email: str, name: str, roles: tuple[str, ...], password_stdin: bool) -> None:
    """Make an account with roles of the platform."""
    from compliance.identity.service import Person, create_platform_person

    person = Person(name=name, email=email, password_hash=_hashed(email, _password(password_stdin)))
    account_id = house.db.write(lambda uow: create_platform_person(uow, person, roles))
    click.echo(f"{email} is {', '.join(sorted(set(roles)))} ({account_id})")


@users.command("list")
@with_house
def users_list(house: House) -> None:
    """Who holds which role of the platform."""
    from compliance.identity.queries import platform_people

    for person in house.db.read(platform_people):
        click.echo(f"{person.email}\t{person.name}\t{', '.join(person.roles)}")


@users.command("set-password")
@click.argument("email")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
@with_house
def users_set_password(house: House, email: str, password_stdin: bool) -> None:
    """Give any account a new password and end its sessions."""
    from compliance.identity.service import set_password

    hashed = _hashed(email, _password(password_stdin))
    house.db.write(lambda uow: set_password(uow, email=email, password_hash=hashed))
    click.echo(f"{email} has a new password; all its sessions have ended")


@users.command("reset-factor")
@click.argument("email")
@with_house
def users_reset_factor(house: House, email: str) -> None:
    """Take the second factor off an account whose device and recovery codes are lost; it sets up another one."""
    from compliance.identity.standing import reset_factor

    house.db.write(lambda uow: reset_factor(uow, email=email))
    click.echo(f"{email} has no second factor any more; its sessions have ended")


@users.command("disable")
@click.argument("email")
@with_house
def users_disable(house: House, email: str) -> None:
    """Let nobody sign in to an account any more; its sessions end, and the keys and clients it made stop."""
    from compliance.identity.standing import disable_account

    house.db.write(lambda uow: disable_account(uow, email=email))
    click.echo(f"{email} is disabled; its sessions have ended, the keys and clients it made have stopped")


@main.group()
def keys() -> None:
    """The keys that sign access tokens."""


@keys.command("rotate-signing")
@click.option("--compromised", is_flag=True, help="End the old keys, and every token they signed, at once.")
@with_house
def keys_rotate_signing(house: House, compromised: bool) -> None:
    """Make a new signing key. It is published now and signs in ten minutes; the old one ends after its last token."""
    from compliance.oauth.signing import rotate

    kid, signs_from = house.db.write(lambda uow: rotate(uow, compromised=compromised))
    click.echo(f"{kid} signs from {signs_from:%Y-%m-%d %H:%M:%S} UTC")


@main.group()
def clock() -> None:
    """The exchange's clock, which can be moved forwards outside production."""


@clock.command("advance")
@click.option("--days", type=click.IntRange(0), default=0)
@click.option("--hours", type=click.IntRange(0), default=0)
@with_house
def clock_advance(house: House, days: int, hours: int) -> None:
    """Move the clock forwards, for all processes of this exchange at once."""
    try:
        now = house.clock.advance(timedelta(days=days, hours=hours))
    except ValueError as problem:
        raise click.ClickException(str(problem)) from None
    click.echo(f"It is now {now:%Y-%m-%d %H:%M:%S} UTC")


@main.command()
@click.pass_obj
def doctor(settings: Settings) -> None:
    """Look for what is wrong with this installation; ends with 1 when something is."""
    from exchange import checkup

    findings = checkup.examine(settings)
    for finding in findings:
        click.echo(f"{'ok  ' if finding.well else 'BAD '} {finding.text}")
    sys.exit(not all(finding.well for finding in findings))


@main.command(hidden=True)
@click.argument("name", type=click.Choice(("web", "worker", "jobs", "sidecar", "loader")))
@click.option("--bind", default="")
@click.pass_obj
def role(settings: Settings, name: str, bind: str) -> None:
    """One process of `serve`; the supervisor starts it."""
    if name == "web":
        from exchange import web_server

        web_server.run(settings, bind or f"{settings.host}:{settings.port}")
    elif name == "worker":
        from exchange import worker

        worker.run(settings)
    elif name == "jobs":
        from exchange import long_work

        long_work.run(settings)
    else:
        from exchange.app import build_house
        from exchange.sidecar import loading_role, process

        run = process.run if name == "sidecar" else loading_role.run
        run(build_house(settings))


@main.command(hidden=True)
@click.pass_obj
def docs(settings: Settings) -> None:
    """Write the generated pages of docs/ anew."""
    from exchange import generated_docs

    for path in generated_docs.write(Path("docs"), settings):
        click.echo(f"wrote {path}")
