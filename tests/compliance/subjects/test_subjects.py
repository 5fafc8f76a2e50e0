"""Values of people under a key of each of them."""

from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import text

from compliance.subjects import service as subjects
from compliance.subjects.errors import SubjectForgotten, SubjectNotFound
from core.house import House
from core.outbox import relay


def test_values_are_read_back_and_never_stored_in_clear(house: House) -> None:
    one = house.db.write(lambda uow: subjects.create(uow, name="Ada", email="ada@example.org"))
    two = house.db.write(lambda uow: subjects.create(uow, name="Eve"))
    house.db.write(lambda uow: subjects.put(uow, one, "name", "Ada L."))
    people = house.db.read(lambda uow: subjects.people(uow, [one, two, "sub_unknown"]))
    assert people == {one: {"name": "Ada L.", "email": "ada@example.org"}, two: {"name": "Eve"}}
    stored = house.db.read(lambda uow: uow.session.execute(text("SELECT sealed FROM personal_value")).scalars().all())
    assert not any(b"Ada" in bytes(each) or b"Eve" in bytes(each) for each in stored)
    assert house.db.read(lambda uow: subjects.value(uow, two, "email")) is None


def test_a_forgotten_subject_has_nothing_left_and_takes_nothing(house: House) -> None:
    one = house.db.write(lambda uow: subjects.create(uow, name="Ada"))
    sealed = house.db.write(lambda uow: subjects.seal(uow, one, "letter", b"dear Ada"))
    assert house.db.read(lambda uow: subjects.unseal(uow, one, "letter", sealed)) == b"dear Ada"
    for _ in range(2):
        house.db.write(lambda uow: subjects.forget(uow, one))
    assert house.db.read(lambda uow: subjects.people(uow, [one])) == {}
    with pytest.raises(SubjectForgotten):
        house.db.write(lambda uow: subjects.put(uow, one, "name", "Ada"))
    with pytest.raises(SubjectForgotten):
        house.db.read(lambda uow: subjects.unseal(uow, one, "letter", sealed))
    with pytest.raises(SubjectNotFound):
        house.db.write(lambda uow: subjects.forget(uow, "sub_unknown"))
    assert relay(house) == 2


def test_a_sealed_value_opens_only_as_what_and_for_whom_it_was_sealed(house: House) -> None:
    one, two = (house.db.write(subjects.create) for _ in range(2))
    sealed = house.db.write(lambda uow: subjects.seal(uow, one, "letter", b"x"))
    for subject, context in ((one, "note"), (two, "letter")):
        with pytest.raises(InvalidTag):
            house.db.read(lambda uow, s=subject, c=context: subjects.unseal(uow, s, c, sealed))  # type: ignore[misc]


def test_marks_find_the_same_text_and_tell_nothing_of_it(house: House) -> None:
    found = subjects.mark(house.keyring, "email", "ada@example.org")
    assert found == subjects.mark(house.keyring, "email", "ada@example.org")
    assert found != subjects.mark(house.keyring, "peer", "ada@example.org")
    assert len(found) == 64
