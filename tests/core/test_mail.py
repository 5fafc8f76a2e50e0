"""Letters: queued with their cause, sealed, delivered by the outbox to a folder or to a real server."""

from __future__ import annotations

import dataclasses
import email
import logging
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage, Message
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Mailbox
from sqlalchemy import text

from core import mail
from core.db import Uow
from core.house import House
from core.outbox import relay
from exchange.app import build_house
from tests import build
from tests.servers.exchange import free_port

SECRET = "https://exchange.example/reset/only-you-know"


def _letters(folder: Path) -> list[Message]:
    return [email.message_from_bytes(path.read_bytes()) for path in sorted(folder.rglob("*.eml"))]


def _send(house: House, to: str) -> None:
    house.db.write(lambda uow: mail.send(uow, to, "密码重置", f"请打开 {SECRET}"))


def test_a_letter_is_written_once_and_then_forgotten(house: House, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        _send(house, "ada@example.org")
        waiting = house.db.read(lambda uow: uow.session.execute(text("SELECT sealed FROM mail_letter")).scalars().all())
        payloads = house.db.read(lambda uow: uow.session.execute(text("SELECT payload FROM outbox")).scalars().all())
        assert SECRET.encode() not in bytes(waiting[0])
        assert SECRET not in str(payloads)
        relay(house)
        relay(house)
    (letter,) = _letters(house.settings.data / "mail")
    assert (letter["To"], letter["Auto-Submitted"]) == ("ada@example.org", "auto-generated")
    body = letter.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert SECRET in body.decode()
    assert SECRET not in caplog.text
    assert "ada@" not in caplog.text
    assert house.db.read(lambda uow: uow.session.execute(text("SELECT count(*) FROM mail_letter")).scalar_one()) == 0


def test_an_account_is_reached_where_it_is_when_the_letter_leaves(house: House) -> None:
    who = build.organisation(house)
    _send(house, str(who.actor.account_id))
    relay(house)
    (letter,) = _letters(house.settings.data / "mail")
    assert letter["To"] == who.email


def test_a_unit_that_is_undone_sends_nothing(house: House) -> None:
    def work(uow: Uow) -> None:
        mail.send(uow, "ada@example.org", "x", "y")
        raise ValueError

    with pytest.raises(ValueError):
        house.db.write(work)
    relay(house)
    assert _letters(house.settings.data / "mail") == []


def test_a_subject_cannot_bring_headers_along(house: House) -> None:
    house.db.write(lambda uow: mail.send(uow, "ada@example.org", "Hello\r\nBcc: eve@example.org", "y"))
    relay(house)
    (letter,) = _letters(house.settings.data / "mail")
    assert letter["Bcc"] is None


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A real SMTP server on the loopback, and where it keeps what it took."""
    controller = Controller(Mailbox(tmp_path / "box"), hostname="127.0.0.1", port=free_port())
    controller.start()
    yield f"smtp://127.0.0.1:{controller.port}", tmp_path / "box"
    controller.stop()


def test_a_real_server_takes_the_letter(house: House, server: tuple[str, Path]) -> None:
    url, box = server
    sending = build_house(dataclasses.replace(house.settings, smtp_url=url))
    _send(sending, "ada@example.org")
    relay(sending)
    (letter,) = [email.message_from_bytes(path.read_bytes()) for path in (box / "new").iterdir()]
    assert (letter["To"], letter["From"]) == ("ada@example.org", house.settings.mail_from)


def test_a_server_that_is_away_is_asked_again(house: House, server: tuple[str, Path]) -> None:
    away = build_house(dataclasses.replace(house.settings, smtp_url=f"smtp://127.0.0.1:{free_port()}"))
    _send(away, "ada@example.org")
    relay(away)
    house.clock.advance(timedelta(minutes=1))
    url, box = server
    relay(build_house(dataclasses.replace(house.settings, smtp_url=url)))
    assert len(list((box / "new").iterdir())) == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1", "smtp:", "mail.example.org"])
def test_another_address_of_a_server_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(ValueError, match="PIAOHAO_SMTP_URL"):
        mail.Smtp(url)


class _Refusing:
    async def refuse(self, _server: object, _session: object, _envelope: object, address: str, _o: object) -> str:
        return f"550 5.1.1 nobody is called {address}"

    handle_RCPT = refuse  # noqa: N815 - as the server calls it


def test_what_a_server_says_of_an_address_is_not_kept(house: House, caplog: pytest.LogCaptureFixture) -> None:
    controller = Controller(_Refusing(), hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        sending = build_house(dataclasses.replace(house.settings, smtp_url=f"smtp://127.0.0.1:{controller.port}"))
        _send(sending, "ada@example.org")
        relay(sending)
    finally:
        controller.stop()
    kept = house.db.read(lambda uow: uow.session.execute(text("SELECT last_error FROM outbox")).scalars().all())
    assert "550" in str(kept)
    assert "ada@" not in f"{kept}{caplog.text}"


def test_a_letter_that_is_half_written_is_no_letter_and_is_forgotten_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, message = mail.Folder(tmp_path, lambda to: to.partition("@")[0]), EmailMessage()
    message["Message-ID"], message["To"] = "<eml_1@exchange>", "ada@example.org"
    with monkeypatch.context() as broken:
        broken.setattr(Path, "replace", lambda *_given: (_ for _ in ()).throw(OSError("full")))
        broken.setattr(Path, "unlink", lambda *_given, **_more: None)  # as if killed there: nothing is tidied up
        with pytest.raises(OSError, match="full"):
            folder.deliver(message)
    assert len(list(tmp_path.iterdir())) == 1
    assert _letters(tmp_path) == []
    folder.deliver(message)
    assert len(_letters(tmp_path)) == 1
    folder.forget("bea")
    assert len(_letters(tmp_path)) == 1
    folder.deliver(message)
    (tmp_path / ".eml_2-ada.eml.half").write_bytes(b"half")
    folder.forget("ada")
    assert list(tmp_path.iterdir()) == []
