"""Every secret can be rotated or says why not; what older ones sealed is read until they are retired, and after."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import LargeBinary, select

from compliance.audit import check, checkpoints, rekeying, verifier
from core.db import Base
from core.house import House
from core.sealing import SealedColumn, seal_anew
from exchange.secret_names import SECRETS, Use
from exchange.webhooks import service as webhooks
from exchange.webhooks.models import WebhookEndpoint
from tests import build
from tests.compliance.audit import story as stories

ROOT = Path(__file__).parents[3]
_UNDER_KEYS_OF_THEIR_OWN = {"personal_value.sealed"}


_CONSTANTS = r'(?m)^_?[A-Z_]*(?:KEY|SECRET|SEALED_BY|WRAPPED_BY|MARKED_BY|TICKETS|KEY_NAME) = "([a-z-]+)"'


def _used_names() -> set[str]:
    """Names of secrets as the code writes them: constants that are handed to the keyring."""
    found = set()
    for package in ("core", "compliance", "catalog", "billing", "exchange"):
        for path in (ROOT / package).rglob("*.py"):
            text = path.read_text("utf-8")
            found |= set(re.findall(r'keyring\.(?:secret|mac|fits|encrypt|decrypt)\("([a-z-]+)"', text))
            found |= set(re.findall(r'keyring\.(?:secret|mac)\(\s*"([a-z-]+)"', text))
            if "keyring" in text:
                constants = (
                    r'(?m)^(?:_?[A-Z_]*(?:KEY|SECRET|SEALED_BY|WRAPPED_BY|MARKED_BY|TICKETS|KEY_NAME)) = "([a-z-]+)"'
                )
                found |= set(re.findall(constants, text))
    return found


def test_every_secret_is_named_and_every_named_one_is_used() -> None:
    assert _used_names() == {each.name for each in SECRETS}


def test_every_sealed_column_can_be_sealed_anew(house: House) -> None:
    columns = [each.column for each in house.sealed if isinstance(each, SealedColumn)]
    named = {f"{each.class_.__tablename__}.{each.key}" for each in columns}
    tables = {
        f"{table.name}.{column.name}" for table in Base.metadata.tables.values() for column in table.columns
        if isinstance(column.type, LargeBinary) and column.name in ("sealed", "old_sealed", "offered", "wrapped")
    }  # fmt: skip
    assert tables - named == _UNDER_KEYS_OF_THEIR_OWN
    assert {each.secret for each in house.sealed} == {each.name for each in SECRETS if each.use is Use.SEALS}


def test_what_an_older_secret_sealed_is_sealed_anew(house: House) -> None:
    owner = build.organisation(house)
    platform = build.platform_person(house, "operator")
    house.db.write(lambda uow: webhooks.create(uow, owner.actor, url="http://127.0.0.1:9/hook"))
    for name in (each.name for each in SECRETS if each.use is Use.SEALS):
        house.keyring.secret(name)
        house.keyring.rotate(name)
    assert build.otp(house, platform), "the second factor still opens"
    assert seal_anew(house, "webhooks") == 1
    assert seal_anew(house, "webhooks") == 0
    assert seal_anew(house, "second-factors") >= 1
    for name in ("webhooks", "second-factors"):
        assert house.keyring.retire(name) == 1
    assert build.otp(house, platform)
    found = house.db.read(
        lambda uow: webhooks.secrets_of(uow, uow.session.execute(select(WebhookEndpoint)).scalar_one())
    )
    assert len(found) == 1


def test_what_no_secret_opens_stops_the_retiring(house: House) -> None:
    platform = build.platform_person(house, "operator")
    path = house.settings.data / "secrets" / "second-factors"
    path.unlink()
    house.keyring.make("second-factors")
    with pytest.raises(ValueError, match="cannot be opened"):
        seal_anew(house, "second-factors")
    assert platform


def test_the_logs_signer_gets_a_new_key_that_the_log_names_under_the_old_one(house: House) -> None:
    stories.tell(house)
    stories.settle(house)
    old, new = rekeying.rotate_key(house)
    assert old != new
    assert checkpoints.public_key(house) == new
    stories.tell(house)
    stories.settle(house)
    assert check.verify_log(house) == []
    notes = checkpoints.published(house)
    assert verifier.verify_checkpoint(notes[0], old).size == 8
    assert verifier.verify_checkpoint(notes[1], old).size == 9
    for note, size in ((notes[2], 10), (notes[3], 18)):
        assert verifier.verify_checkpoint(note, new).size == size, "at once, also when nothing happens"
        assert verifier.verify_checkpoint(note, old).size == size, "a witness that knows only the old key goes on"


def test_who_knows_a_former_key_of_the_log_is_led_to_the_present_one(house: House) -> None:
    story = stories.tell(house)
    stories.settle(house)
    early, kept = stories.bundle_of(house, story), checkpoints.published(house)[-1]
    first, second = rekeying.rotate_key(house)
    between = stories.bundle_of(house, story)
    assert _proven(between, first)
    assert _proven(between, second)
    stories.tell(house)
    stories.settle(house)
    third = rekeying.rotate_key(house)[1]
    stories.tell(house)
    stories.settle(house)
    late = stories.bundle_of(house, story)
    assert _proven(early, first)
    for key in (first, second, third):
        said = _proven(late, key, kept)
        assert any("was replaced" in line for line in said) == (key is not third)
    stranger = verifier.Key(third.name, bytes(32))
    for bundle, key in ((early, second), (late, stranger), (late, verifier.Key("another/log", third.public))):
        with pytest.raises(verifier.Tampered, match="not the key you gave"):
            _proven(bundle, key)


def _proven(bundle: bytes, key: verifier.Key, older: str | None = None) -> list[str]:
    report = verifier.verify(verifier.unpacked(bundle), key_text=key.text(), older_note=older)
    return [en for _, en in report.lines]
