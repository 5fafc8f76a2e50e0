"""Persons counted where files are scanned."""

from __future__ import annotations

import io
import zipfile

import pytest

from catalog.files import persons
from compliance.exports import queries
from compliance.exports.persons import hash_of
from compliance.exports.types import PersonSetSnapshot
from core.house import House
from exchange import worker
from tests import build

_PHONES = [f"139{number:08d}" for number in range(300)]
_TABLE = "name,phone\n" + "".join(f"row {number},{phone}\n" for number, phone in enumerate(_PHONES))


def _known(house: House, file_id: str) -> PersonSetSnapshot:
    return house.db.read(lambda uow: queries.person_sets(uow, [file_id]))[file_id]


def _zip(**files: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name.replace("__", "."), content)
    return target.getvalue()


def test_a_table_with_phone_numbers_tells_its_persons(house: House) -> None:
    supplier = build.organisation(house)
    found = _known(house, build.file(house, supplier, _TABLE).id)
    assert (found.persons, found.sensitive, found.missing) == (300, 0, "")
    secret = house.keyring.secret("person-sets")
    assert secret not in (house.settings.data / "files" / "persons" / found.sha256[:2] / found.sha256).read_bytes()
    mine = hash_of(lambda data: house.keyring.mac("person-sets", data), "phone", "+86 " + _PHONES[7])
    assert queries.store(house).holding(found.sha256, [mine])


def test_what_is_no_table_is_not_counted(house: House) -> None:
    supplier = build.organisation(house)
    sound = _known(house, build.file(house, supplier, b"RIFF....WAVE", "a.wav").id)
    mixed = _known(house, build.file(house, supplier, _zip(a__csv=_TABLE, b__wav="x"), "a.zip").id)
    whole = _known(house, build.file(house, supplier, _zip(a__csv=_TABLE, b__csv=_TABLE), "b.zip").id)
    nobody = _known(house, build.file(house, supplier).id)
    assert (sound.persons, sound.missing) == (0, "not_a_table")
    assert (mixed.persons, mixed.missing) == (300, "not_a_table")
    assert (whole.persons, whole.missing) == (300, "")
    assert (nobody.persons, nobody.missing) == (0, "")


def test_a_large_file_is_counted_by_a_job(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(persons, "_COUNTED_AT_ONCE", 10)
    file_id = build.file(house, build.organisation(house), _TABLE).id
    assert _known(house, file_id).missing == persons.BEING_COUNTED
    worker.attend_once(house)
    assert (_known(house, file_id).persons, _known(house, file_id).missing) == (300, "")


def test_the_sets_lie_where_no_delivery_reads(house: House) -> None:
    supplier = build.organisation(house)
    found = _known(house, build.file(house, supplier, _TABLE).id)
    delivered = house.settings.data / "files" / "delivery"
    assert [path for path in delivered.rglob("*") if path.name == found.sha256] == []
