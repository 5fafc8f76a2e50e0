"""The forgetting campaign: people with a canary in every personal field, erased; then every byte left is searched.

Searched for are the canaries, as they are, in hexadecimal and in base64, and the wrapped key of every person who was
erased: in database, write-ahead log, index, log files, exports, evidence bundles and letters. The audit log verifies
before and after. Prints what was found; answers 1 when anything was.

What people typed into a trade (messages, disputes with their exhibits, names of documents) is evidence and stays with
its record. It carries a word of its own, and every column of the database is asked for it: it may stand in the tables
of that evidence and nowhere else, such as in notices, in the outbox or in the audit log.

On PostgreSQL the files of the database are searched after VACUUM and CHECKPOINT. Its write-ahead log is counted apart:
it holds old rows until its segments are written over (``max_wal_size``, a gigabyte unless it is set) or, where they are
archived, as long as the archive; what was forgotten cannot be read from there without the folder of secrets.

    python -m bench.forgetting [SUBJECTS] [--database postgresql]
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import dataclasses
import email
import email.policy
import io
import logging
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, String, Text, cast, func, or_, select, text

from bench.cast import open_house
from compliance.audit import check
from compliance.documents import service as documents
from compliance.identity import factors, forgetting, invitations, queries, resets, service, signing
from compliance.identity.errors import SignInFailed
from compliance.requests import service as requests
from core import mail
from core.db import Base, Uow
from core.house import House
from core.outbox import relay
from exchange.app import create_app_of
from exchange.disputes import evidence
from exchange.disputes import service as disputes
from exchange.trading import negotiating
from exchange.trading import queries as trading
from exchange.worker import attend_once
from tests import build
from tests.client import ApiClient
from tests.servers import postgresql

CANARY = "kanarienvogel"
TYPED = "freitextvogel"
EVIDENCE = frozenset({"order_message", "dispute_statement", "document", "order_step", "trade_order"})
"""The tables in which what people typed stays with the record of the trade."""
_MEMBERS = 25
_CHUNK = 1 << 20


class CampaignFailed(Exception):
    """A step that must succeed did not."""


@dataclass
class Report:
    subjects: int = 0
    found_before: int = 0
    """Hits in exports and letters before anybody was erased: the canaries were there to be found."""
    in_database_before: int = 0
    left: Counter[str] = field(default_factory=Counter)
    """Hits afterwards, by file."""
    in_wal: int = 0
    """Hits in PostgreSQL's write-ahead log, which runs over by itself."""
    typed: Counter[str] = field(default_factory=Counter)
    """Rows with what people typed, by table."""
    files: int = 0
    bytes: int = 0
    log_faults: int = 0
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def hits(self) -> int:
        return sum(self.left.values())

    @property
    def astray(self) -> dict[str, int]:
        """What people typed, where it is no evidence."""
        return {table: rows for table, rows in self.typed.items() if table not in EVIDENCE}


@dataclass
class _Person:
    number: int
    built: build.Built


class _Campaign:
    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.house = open_house(folder / "data", database_url)
        self.client = ApiClient(create_app_of(self.house))
        self.people: list[_Person] = []
        self.owners: list[build.Built] = []
        self.keys: list[bytes] = []

    def gather(self, count: int) -> None:
        """Everybody joins, by each of the ways, and does what leaves something personal behind."""
        self.officer = build.platform_person(self.house, "officer")
        supplier = build.organisation(self.house)
        self.listing = build.listed(self.house, supplier, amount=None)
        self.supplier = supplier
        for number in range(count):
            if number % _MEMBERS == 0:
                self.owners.append(build.organisation(self.house))
            self._act(number, self._joined(number, self.owners[-1]))
        attend_once(self.house)

    def _joined(self, number: int, owner: build.Built) -> build.Built:
        name, address = f"{CANARY} 金丝雀 {number}", f"{CANARY}.{number}@example.org"
        who = dataclasses.replace(build.person(name), email=address)
        if number % 5 == 0:
            _invited(self.house, owner, who)
        else:
            build.joins(self.house, owner, who, "buyer")
        return _signed_in(self.house, who, number, owner)

    def _act(self, number: int, who: build.Built) -> None:
        house = self.house
        if number % 3 == 0:
            resets.ask(house, email=who.email)
        if number % 4 == 0:
            code = build.otp(house, who)
            house.db.write(lambda uow: signing.sign(uow, who.actor, b"terms", code))
        if number % 7 == 0:
            told = {"name": f"{CANARY} {number}", "email": who.email, "details": f"What is known of {CANARY} {number}?"}
            house.db.write(
                lambda uow: requests.open_request(
                    uow, kind="access", particulars=told, language="zh", peer=f"peer {number}"
                )
            )
        if number % 20 == 0:
            build.placed(house, who, self.listing)
        if number % 6 == 0:
            self._typed(number, who)
        if number % 11 == 0:
            with contextlib.suppress(SignInFailed):
                service.sign_in(house, email=who.email, password=f"wrong {CANARY}", peer=f"10.1.0.{number}")
        self.people.append(_Person(number, who))
        self.keys.append(house.db.read(lambda uow: _wrapped(uow, str(who.actor.account_id))))

    def _typed(self, number: int, who: build.Built) -> None:
        """Free text wherever a trade takes it."""
        text = f"{TYPED} {number} asks to be called back"
        asked = self.house.db.write(
            lambda uow: negotiating.inquire(
                uow, who.actor, listing_id=self.listing.id, purpose="training", text=text
            )
        )  # fmt: skip
        self.house.db.write(lambda uow: negotiating.say(uow, self.supplier.actor, asked.id, text=f"{text}: when?"))
        asked = self.house.db.read(lambda uow: trading.get(uow, who.actor, asked.id))
        self.house.db.write(
            lambda uow: negotiating.decline(uow, who.actor, asked.id, in_reply_to=asked.head, reason=text)
        )
        documents.hand_in(self.house, who.actor, name=f"{TYPED} {number}.pdf", content=text.encode())
        order = build.paid(self.house, who, self.listing)
        opened = self.house.db.write(
            lambda uow: disputes.open_dispute(uow, who.actor, order.id, ground="quality", text=text)
        )
        exhibit = evidence.keep(
            self.house, io.BytesIO(text.encode()), name=f"{TYPED} {number}.txt", media_type="text/plain"
        )
        self.house.db.write(lambda uow: disputes.state(uow, who.actor, opened.id, text=text, exhibit=exhibit))

    def export(self, where: Path) -> None:
        """What leaves the exchange: lists of members, invitations, each order's bundle."""
        where.mkdir()
        for number, owner in enumerate(self.owners):
            mine = self.client.sign_in(owner.email, build.PASSWORD)
            for path in ("members", "invitations", "orders"):
                (where / f"{path}-{number}.json").write_bytes(mine.get(f"/{path}").expect(200).body)
            for order in mine.get("/orders").json["items"]:
                answer = mine.get(f"/orders/{order['id']}/bundle").expect(200)
                (where / f"{order['id']}.zip").write_bytes(answer.body)

    def erase(self) -> None:
        """Everybody is forgotten: by themselves, or by an officer; what was told in requests runs out."""
        for person in self.people:
            itself = person.number % 2 == 0
            actor = person.built.actor if itself else self.officer.actor
            account_id = str(person.built.actor.account_id)
            who = person.built if itself else self.officer
            enrolled = self.house.db.read(lambda uow, a=str(actor.account_id): factors.of(uow, a)).enrolled  # type: ignore[misc]
            code = build.otp(self.house, who) if enrolled else ""
            self.house.db.write(
                lambda uow, by=actor, a=account_id, c=code: forgetting.forget_account(uow, by, a, otp=c)  # type: ignore[misc]
            )
        self.house.clock.advance(timedelta(days=100))  # requests are forgotten, notices shown no longer
        for _ in range(1 + len(self.people) // 40):
            attend_once(self.house)
            requests.tick(self.house)
        while relay(self.house, 50):
            pass


def run(folder: Path, *, subjects: int, server: postgresql.Server | None = None) -> Report:
    """Raises CampaignFailed when nothing was there to be found before."""
    report, begun = Report(subjects), time.monotonic()
    log = logging.FileHandler(folder / "exchange.log")
    logging.getLogger().addHandler(log)
    try:
        campaign = _Campaign(folder, _database(server) if server else "")
        campaign.gather(subjects)
        campaign.export(folder / "before")
        report.seconds["gathered"] = time.monotonic() - begun
        report.log_faults += len(check.verify_log(campaign.house))
        before = _search(folder, [], Report())
        report.found_before = sum(before.values())
        report.in_database_before = sum(count for path, count in before.items() if ".db" in path)
        if not _typed(campaign.house):
            raise CampaignFailed("nothing that people typed was found before anybody was erased")
        if server:
            with postgresql.connect(server.url("forgetting")) as connection:
                connection.execute(b"ANALYZE")  # its planner keeps samples of what stands in columns
        campaign.erase()
        report.seconds["erased"] = time.monotonic() - begun
        for path in (folder / "before").iterdir():
            path.unlink()
        campaign.export(folder / "after")
        report.log_faults += len(check.verify_log(campaign.house))
        campaign.house.db.scrub("subject", "personal_value")
        report.typed = _typed(campaign.house)
        report.left = _search(folder, campaign.keys, report)
        if server:
            _search_server(server, campaign.keys, report)
        report.seconds["searched"] = time.monotonic() - begun
    finally:
        logging.getLogger().removeHandler(log)
    if not report.found_before:
        raise CampaignFailed("no canary was found anywhere before anybody was erased")
    return report


def _database(server: postgresql.Server) -> str:
    return postgresql.create_database(server.url("postgres"), "forgetting")


def _search_server(server: postgresql.Server, keys: list[bytes], report: Report) -> None:
    """Every file of the server; its write-ahead log is counted apart."""
    with postgresql.connect(server.url("forgetting")) as connection:
        for statement in (b"VACUUM", b"CHECKPOINT"):
            connection.execute(statement)
    for path, count in _search(server.folder / "data", keys, report).items():
        if path.startswith("pg_wal/"):
            report.in_wal += count
        else:
            report.left[path] += count


def _typed(house: House) -> Counter[str]:
    """The tables with what people typed, and in how many of their rows."""
    found: Counter[str] = Counter()
    for table in Base.metadata.sorted_tables:
        words = [column for column in table.columns if isinstance(column.type, String | Text | JSON)]
        if words:
            holds = or_(*(cast(column, Text).contains(TYPED) for column in words))
            asked = select(func.count()).select_from(table).where(holds)
            found[table.name] += house.db.read(lambda uow, asked=asked: uow.session.execute(asked).scalar_one())  # type: ignore[misc]
    return +found


def _invited(house: House, owner: build.Built, who: service.Person) -> None:
    """Joined by the link of a letter."""
    house.db.write(lambda uow: invitations.invite(uow, owner.actor, email=who.email, roles=["buyer"]))
    relay(house)
    (letter,) = (house.settings.data / "mail").glob(f"*-{mail.mark(house, who.email)}.eml")
    message = email.message_from_bytes(letter.read_bytes(), policy=email.policy.default)
    token = message.get_content().partition("token=")[2].split()[0]
    house.db.write(
        lambda uow: invitations.accept(
            uow, token=token, name=who.name, password_hash=who.password_hash, language="zh"
        )
    )  # fmt: skip


def _signed_in(house: House, who: service.Person, number: int, owner: build.Built) -> build.Built:
    token = service.sign_in(
        house, email=who.email, password=build.PASSWORD, client=f"Browser of {CANARY} {number}", peer=f"10.0.0.{number}"
    ).token  # fmt: skip
    actor = house.db.read(lambda uow: queries.actor_of_token(uow, token))
    assert actor is not None
    return build.Built(actor, who.email, token, owner.organisation_id)


def _wrapped(uow: Uow, account_id: str) -> bytes:
    chosen = text("SELECT s.wrapped FROM subject s JOIN account a ON a.subject_id = s.id WHERE a.id = :id")
    return bytes(uow.session.execute(chosen, {"id": account_id}).scalar_one())


def _patterns() -> list[bytes]:
    """The canary as it is, in both cases of hexadecimal, and in base64 wherever it may begin."""
    raw = CANARY.encode()
    found = [raw, raw.hex().encode(), raw.hex().upper().encode()]
    for before in range(3):
        encoded = base64.b64encode(b"\x00" * before + raw)
        found.append(encoded[4 if before else 0 : len(encoded) - 4])
    return found


def _search(folder: Path, keys: list[bytes], report: Report) -> Counter[str]:
    hits: Counter[str] = Counter()
    patterns = _patterns()
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or "secrets" in path.parts:
            continue
        report.files += 1
        for chunk in _chunks(path):
            report.bytes += len(chunk)
            found = sum(chunk.count(each) for each in patterns) + sum(each in chunk for each in keys)
            if found:
                hits[str(path.relative_to(folder))] += found
    return hits


def _chunks(path: Path) -> Iterator[bytes]:
    """The file in pieces that overlap, so that nothing hides on an edge."""
    raw = path.read_bytes()
    for start in range(0, max(1, len(raw)), _CHUNK):
        yield raw[start : start + _CHUNK + 200]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("subjects", type=int, nargs="?", default=1000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    asked = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder, server = stack.enter_context(tempfile.TemporaryDirectory()), None
        if asked.database == "postgresql":
            server = postgresql.start()
            stack.callback(server.stop)
        report = run(Path(folder), subjects=asked.subjects, server=server)
    took: dict[str, Any] = {what: f"{seconds:.0f} s" for what, seconds in report.seconds.items()}
    print(f"{report.subjects} people erased; canaries found before in exports and letters: {report.found_before}")
    print(f"of these in database and write-ahead log: {report.in_database_before}")
    print(f"searched {report.files} files, {report.bytes:,} bytes, after {took}")
    print(f"rows with what people typed, which stay as evidence: {dict(report.typed)}; elsewhere: {report.astray}")
    print(f"hits in PostgreSQL's write-ahead log, until it is written over: {report.in_wal}")
    print(f"hits left: {report.hits}; faults of the audit log before and after: {report.log_faults}")
    for path, count in report.left.most_common(20):
        print(f"  {count:>6} {path}")
    return int(bool(report.hits or report.log_faults or report.astray))


if __name__ == "__main__":
    sys.exit(main())
