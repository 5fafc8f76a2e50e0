"""Letters to people: queued in the unit that causes them, sealed until they are delivered, then forgotten.

Delivery goes through the outbox: at least once, the same Message-ID each time. What a letter says, and to whom,
is never logged and stands in the database only under the keyring, only until it is sent.
"""

from __future__ import annotations

import json
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import ClassVar, Protocol
from urllib.parse import unquote, urlsplit

from sqlalchemy import LargeBinary, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Id, Uow, UtcDateTime
from core.durable import write_whole
from core.events import Event
from core.house import House
from core.ids import new_id
from core.sealing import SealedColumn

_SEALED_BY = "mail"
_PATIENCE_S = 20.0


class MailLetter(Base):
    """A letter that was not delivered yet."""

    __tablename__ = "mail_letter"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    recipient: Mapped[str | None] = mapped_column(String(40), index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True)
class MailQueued(Event):
    """A letter waits to be sent; the event names it and says nothing of what stands in it."""

    name: ClassVar[str] = "mail.queued"
    letter_id: str


class Mailer(Protocol):
    """Brings letters to people. Raises when it cannot; then it is asked again later."""

    def deliver(self, message: EmailMessage) -> None: ...


class Addresses(Protocol):
    """Knows the address of an account; None when it has none, any more."""

    def address(self, uow: Uow, account_id: str) -> str | None: ...


class NotDelivered(Exception):
    """A mail server did not take a letter; by which code, not of whom."""


class Folder:
    """Writes each letter as a file, ``{letter}-{whom}.eml``: for development, demonstrations and tests."""

    def __init__(self, folder: Path, whom: Callable[[str], str]) -> None:
        self.folder = folder
        self._whom = whom

    def deliver(self, message: EmailMessage) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{str(message['Message-ID']).strip('<>').partition('@')[0]}-{self._whom(str(message['To']))}.eml"
        write_whole(self.folder / name, message.as_bytes())

    def forget(self, whom: str) -> None:
        """Remove every letter to an address, by its mark; also what was left half written."""
        for path in self.folder.glob(f"*-{whom}.eml*"):
            path.unlink(missing_ok=True)


class Smtp:
    """Hands letters to a server: ``smtp://`` (STARTTLS whenever there is a user) or ``smtps://``."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        if self._parts.scheme not in ("smtp", "smtps") or not self._parts.hostname:
            raise ValueError("PIAOHAO_SMTP_URL must be smtp://host:port or smtps://host:port")

    def deliver(self, message: EmailMessage) -> None:
        """Raises NotDelivered, which names nobody: what a server says of an address is not to be logged."""
        try:
            with self._connected() as server:
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as refused:
            codes = sorted({code for code, _ in refused.recipients.values()})
            raise NotDelivered(f"the server refused the recipient: {codes}") from None
        except smtplib.SMTPResponseException as refused:
            raise NotDelivered(f"the server refused the letter: {refused.smtp_code}") from None

    def _connected(self) -> smtplib.SMTP:
        host, context = self._parts.hostname or "", ssl.create_default_context()
        if self._parts.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, self._parts.port or 465, timeout=_PATIENCE_S, context=context)
        else:
            server = smtplib.SMTP(host, self._parts.port or 25, timeout=_PATIENCE_S)
        if self._parts.username:
            if self._parts.scheme == "smtp":
                server.starttls(context=context)
            server.login(unquote(self._parts.username), unquote(self._parts.password or ""))
        return server


def send(uow: Uow, to: str, subject: str, body: str) -> str:
    """Queue a letter in this unit, to an account (``acc_…``, wherever it is reached then) or an address.

    Answers the letter's id.
    """
    letter_id, account = new_id("eml"), to.startswith("acc_") and "@" not in to
    content = json.dumps({"to": to, "subject": subject, "body": body}, ensure_ascii=False).encode()
    sealed = uow.house.keyring.encrypt(_SEALED_BY, content, letter_id.encode())
    uow.session.add(
        MailLetter(id=letter_id, recipient=to if account else None, sealed=sealed, created_at=uow.now())
    )  # fmt: skip
    uow.emit(MailQueued(letter_id=letter_id))
    return letter_id


def mark(house: House, address: str) -> str:
    """By what the letters to an address are found, without it."""
    return house.keyring.mac(_SEALED_BY, address.strip().lower().encode()).hex()[:16]


def forget(uow: Uow, account_id: str) -> None:
    """Letters to this account that were not delivered are not delivered any more."""
    uow.session.execute(delete(MailLetter).where(MailLetter.recipient == account_id))


def deliver(house: House, event: MailQueued) -> None:
    """Bring a letter to whom it is for, then forget it; without an address it is only forgotten."""
    message = house.db.read(lambda uow: _message(uow, event.letter_id))
    if message is not None:
        house.adapter(Mailer).deliver(message)  # type: ignore[type-abstract]
    house.db.write(lambda uow: uow.session.execute(delete(MailLetter).where(MailLetter.id == event.letter_id)))


def include(house: House) -> None:
    """The mailer that the settings name, and the outbox's subscriber."""
    settings = house.settings
    mailer: Mailer = (
        Smtp(settings.smtp_url) if settings.smtp_url else Folder(settings.data / "mail", lambda to: mark(house, to))
    )
    house.provide(Mailer, mailer)  # type: ignore[type-abstract]
    house.sealed.append(SealedColumn(_SEALED_BY, MailLetter.sealed, MailLetter.id))
    house.registry.later(MailQueued, "mail.deliver", deliver)


def _message(uow: Uow, letter_id: str) -> EmailMessage | None:
    row = uow.session.execute(select(MailLetter).where(MailLetter.id == letter_id)).scalar_one_or_none()
    if row is None:
        return None
    content = json.loads(uow.house.keyring.decrypt(_SEALED_BY, row.sealed, letter_id.encode()))
    address: str | None = content["to"]
    if row.recipient is not None:
        address = uow.house.adapter(Addresses).address(uow, row.recipient)  # type: ignore[type-abstract]
    return None if address is None else _composed(uow, row, address, content["subject"], content["body"])


def _composed(uow: Uow, row: MailLetter, address: str, subject: str, body: str) -> EmailMessage:
    message = EmailMessage()
    sender = uow.house.settings.mail_from
    message["From"], message["To"], message["Subject"] = sender, address, " ".join(subject.split())
    message["Date"] = format_datetime(row.created_at)
    message["Message-ID"] = f"<{row.id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(body)
    return message
