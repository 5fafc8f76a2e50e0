"""Recording, sequencing, signing, and the whole log verified, on a real database."""

from __future__ import annotations

import json
import threading
from typing import cast

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from compliance.audit import check, checkpoints, queries, sequencer, service
from compliance.audit.models import AuditEntry, AuditPending
from compliance.audit.verifier import verify_consistency, verify_inclusion
from compliance.policy import PolicyRefused, Resource, require
from core.actor import ANONYMOUS, Actor
from core.db import Uow
from core.house import House
from tests.compliance.audit import story as stories

OFFICER = Actor(account_id="acc_x", platform_roles=frozenset({"officer"}), pseudonym="psn_officer")
STATEMENTS = ("UPDATE {t} SET {c} = {c}", "DELETE FROM {t}", "REPLACE", "TRUNCATE {t} CASCADE")
TABLES = ("audit_entry", "audit_leaf", "audit_node", "audit_checkpoint", "audit_concern")


def test_no_change_without_its_entry_and_no_entry_without_its_change(house: House) -> None:
    def work(uow: Uow) -> None:
        stories.step(uow, stories.begin(), "place")
        raise RuntimeError("the change failed")

    with pytest.raises(RuntimeError):
        house.db.write(work)
    assert sequencer.run(house) == 0
    assert house.db.read(lambda uow: uow.session.execute(select(AuditEntry.id)).all()) == []
    assert check.verify_log(house) == []


def test_entries_get_their_places_in_order_and_the_log_verifies(house: House) -> None:
    told = [stories.tell(house) for _ in range(20)]
    assert [sequencer.run(house), sequencer.run(house), sequencer.run(house)] == [100, 60, 0]
    assert checkpoints.sign(house)
    assert not checkpoints.sign(house)
    assert check.verify_log(house) == []
    page = house.db.read(lambda uow: queries.entries(uow, OFFICER, limit=200))
    assert [each.number for each in page.items] == list(range(159, -1, -1))
    mine = house.db.read(lambda uow: queries.entries(uow, OFFICER, object_id=told[3].order_id, limit=9)).items
    assert [each.fields["object_seq"] for each in mine] == [4, 3, 2, 1]


def test_a_listing_of_entries_is_paged_without_gap_or_double(house: House) -> None:
    stories.tell(house)
    stories.tell(house)
    stories.settle(house)
    seen, cursor = list[int](), None
    while True:
        page = house.db.read(lambda uow, at=cursor: queries.entries(uow, OFFICER, cursor=at, limit=5))  # type: ignore[misc]
        seen += [each.number for each in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == list(range(15, -1, -1))


def test_proofs_of_every_entry_and_between_all_checkpoints_verify(house: House) -> None:
    for _ in range(3):
        stories.tell(house)
        stories.settle(house)
    signed = house.db.read(queries.checkpoints)
    assert [each.size for each in signed] == [24, 16, 8]
    for number in range(24):
        proof = house.db.read(lambda uow, n=number: queries.inclusion(uow, n))  # type: ignore[misc]
        path = [bytes.fromhex(each) for each in proof.proof]
        root = bytes.fromhex(signed[0].root)
        assert verify_inclusion(bytes.fromhex(proof.leaf_hash), number, 24, path, root)
    for older in signed[1:]:
        second, path = house.db.read(lambda uow, n=older.size: queries.consistency(uow, n))  # type: ignore[misc]
        assert verify_consistency(older.size, second, bytes.fromhex(older.root), bytes.fromhex(signed[0].root), path)


def test_only_those_whom_an_entry_concerns_may_read_it(house: House) -> None:
    story, other = stories.tell(house), stories.tell(house)
    stories.settle(house)
    supplier = house.db.read(lambda uow: queries.entries(uow, story.supplier, limit=100)).items
    buyer = house.db.read(lambda uow: queries.entries(uow, story.buyer, limit=100)).items
    assert {each.object_id for each in supplier} == {story.order_id, story.listing_id}
    assert {each.object_id for each in buyer} == {story.order_id}
    theirs = house.db.read(lambda uow: queries.entries(uow, other.buyer, limit=100)).items[0].number
    for nobody in (story.buyer, ANONYMOUS, Actor(account_id="acc_y", platform_roles=frozenset({"reviewer"}))):
        if not queries.sees_all(nobody):
            with pytest.raises(queries.EntryNotFound):
                house.db.read(lambda uow, who=nobody: queries.entry(uow, who, theirs))  # type: ignore[misc]


def test_an_entry_that_concerns_nobody_is_not_for_those_without_an_organisation(house: House) -> None:
    house.db.write(
        lambda uow: service.record(uow, stories.member(), action="file:store", object_id="f", concerns=["", "org_a"])
    )
    stories.settle(house)
    assert house.db.read(lambda uow: queries.entries(uow, ANONYMOUS)).items == []


def test_a_refusal_of_somebody_is_kept_although_the_command_is_undone(house: House) -> None:
    story = stories.begin()

    def refused(who: Actor) -> None:
        def work(uow: Uow) -> None:
            stories.step(uow, story, "place")
            require(who, "qualification:decide", Resource("organisation", story.listing_id))

        with pytest.raises(PolicyRefused):
            house.db.write(work)

    refused(story.buyer)
    refused(ANONYMOUS)
    stories.settle(house)
    found = house.db.read(lambda uow: queries.entries(uow, OFFICER)).items
    assert [(each.action, each.object_id) for each in found] == [
        ("refused:qualification:decide", story.buyer.pseudonym)
    ]
    assert found[0].fields["decision"]["effect"] == "forbid"
    assert found[0].fields["data"]["subject"] == story.listing_id
    assert check.verify_log(house) == []


def test_a_refused_object_whose_name_is_not_ours_does_not_bring_its_words_into_the_log(house: House) -> None:
    def work(uow: Uow) -> None:
        require(stories.member(), "qualification:decide", Resource("organisation", "x" * 5000))

    with pytest.raises(PolicyRefused):
        house.db.write(work)
    stories.settle(house)
    (entry,) = house.db.read(lambda uow: queries.entries(uow, OFFICER)).items
    assert entry.fields["data"]["subject"] == "unknown"


def test_an_entry_too_long_or_not_of_texts_is_refused(house: House) -> None:
    who = stories.member()
    for data in ({"note": "长" * 6000}, cast(dict[str, str], {"amount": 5}), {"a name": "x"}):
        with pytest.raises(Exception, match=r"at most|texts|data"):
            house.db.write(lambda uow, d=data: service.record(uow, who, action="a:b", object_id="o", data=d))  # type: ignore[misc]


def test_writers_at_once_lose_nothing_and_number_every_object_without_a_gap(house: House) -> None:
    shared = stories.begin()

    def write() -> None:
        for _ in range(10):
            house.db.write(lambda uow: service.record(uow, shared.buyer, action="a:b", object_id=shared.listing_id))
            sequencer.run(house)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    stories.settle(house)
    assert check.verify_log(house) == []
    found = house.db.read(lambda uow: queries.entries(uow, OFFICER, limit=100)).items
    assert [json.loads(each.body)["object_seq"] for each in found] == list(range(40, 0, -1))


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_database_itself_refuses_changes(house: House, table: str, statement: str) -> None:
    stories.tell(house)
    stories.settle(house)
    foreign = "TRUNCATE" if house.db.sqlite else "REPLACE"
    if statement.startswith(foreign):
        pytest.skip("not a statement of this database")
    if statement == "REPLACE":
        statement = "INSERT OR REPLACE INTO {t} SELECT * FROM {t}"
    column = {"audit_leaf": "number", "audit_node": "number", "audit_checkpoint": "size"}.get(table, "rowid")
    column = "organisation_id" if table == "audit_concern" else "id" if table == "audit_entry" else column
    with pytest.raises(DBAPIError, match="append-only"):
        house.db.write(lambda uow: uow.session.execute(text(statement.format(t=table, c=column))))
    assert check.verify_log(house) == []


# ---- the signer


def _edit(house: House, *statements: str) -> None:
    """Change the database as somebody would who owns it: past the triggers."""

    def work(uow: Uow) -> None:
        unguard(uow)
        for statement in statements:
            uow.session.execute(text(statement))

    house.db.write(work)


def unguard(uow: Uow) -> None:
    if not uow.house.db.sqlite:
        uow.session.execute(text("SET LOCAL session_replication_role = replica"))
        return
    uow.session.execute(text("PRAGMA defer_foreign_keys = ON"))
    found = uow.session.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit_%'"))
    for (name,) in found.all():
        uow.session.execute(text(f"DROP TRIGGER {name}"))


ROLLBACK = (
    "DELETE FROM audit_leaf WHERE number >= 8", "DELETE FROM audit_node WHERE (number + 1) * (1 << level) > 8",
    "DELETE FROM audit_checkpoint WHERE size > 8", "UPDATE audit_head SET size = 8",
)  # fmt: skip
_SEVENTH = " WHERE id = (SELECT entry_id FROM audit_leaf WHERE number = 6)"
FORK = "UPDATE audit_entry SET body = CAST(replace(CAST(body AS TEXT), 'training', 'trainjng') AS BLOB)" + _SEVENTH
FORK_POSTGRESQL = (
    "UPDATE audit_entry SET body = convert_to(replace(convert_from(body, 'UTF8'), 'training', 'trainjng'), 'UTF8')"
    + _SEVENTH
)


def _two_checkpoints(house: House) -> None:
    for _ in range(2):
        stories.tell(house)
        stories.settle(house)


def rehash(house: House) -> None:
    """Place every entry anew, so that leaves, nodes and head fit whatever the bytes are now."""

    def work(uow: Uow) -> None:
        unguard(uow)
        order = [row[0] for row in uow.session.execute(text("SELECT entry_id FROM audit_leaf ORDER BY number"))]
        for table in ("audit_leaf", "audit_node", "audit_head"):
            uow.session.execute(text(f"DELETE FROM {table}"))
        waiting = [row[0] for row in uow.session.execute(text("SELECT entry_id FROM audit_pending ORDER BY number"))]
        uow.session.execute(text("DELETE FROM audit_pending"))
        for entry_id in [*order, *waiting]:
            uow.session.add(AuditPending(entry_id=entry_id))
            uow.session.flush()

    house.db.write(work)
    while sequencer.run(house):
        pass


def test_a_log_that_was_set_back_gets_no_signature(house: House) -> None:
    _two_checkpoints(house)
    head = checkpoints.signed_head(house)
    _edit(house, *ROLLBACK)
    with pytest.raises(checkpoints.LogInconsistent, match="set back"):
        checkpoints.sign(house)
    assert checkpoints.signed_head(house) == head
    assert any("set back" in fault for fault in check.verify_log(house))


@pytest.mark.parametrize("grown", [False, True])
def test_a_forked_log_gets_no_signature_however_consistent_it_is_in_itself(house: House, grown: bool) -> None:
    _two_checkpoints(house)
    head = checkpoints.signed_head(house)
    _edit(house, FORK if house.db.sqlite else FORK_POSTGRESQL)
    if grown:
        stories.tell(house)
    rehash(house)
    with pytest.raises(checkpoints.LogInconsistent, match="does not continue"):
        checkpoints.sign(house)
    assert checkpoints.signed_head(house) == head
    assert any("not the one that was signed" in fault for fault in check.verify_log(house))


def test_an_entry_changed_before_it_was_signed_gets_no_signature(house: House) -> None:
    _two_checkpoints(house)
    stories.tell(house)
    sequencer.run(house)
    _edit(house, "UPDATE audit_entry SET body = body || body WHERE id = (SELECT max(entry_id) FROM audit_leaf)")
    with pytest.raises(checkpoints.LogInconsistent, match="is not the one that was logged"):
        checkpoints.sign(house)


def test_a_signer_that_lost_its_head_does_not_begin_anew(house: House) -> None:
    _two_checkpoints(house)
    (house.settings.data / "signer" / "head.txt").unlink()
    with pytest.raises(checkpoints.LogInconsistent, match="head is missing"):
        checkpoints.sign(house)


@pytest.mark.parametrize("grown", [False, True])
def test_what_was_signed_is_published_after_a_crash_in_between(
    house: House, monkeypatch: pytest.MonkeyPatch, grown: bool
) -> None:
    stories.tell(house)
    sequencer.run(house)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "_publish", crash)
        with pytest.raises(KeyboardInterrupt):
            checkpoints.sign(house)
    assert house.db.read(queries.newest_checkpoint) is None
    if grown:
        stories.tell(house)
        sequencer.run(house)
    checkpoints.sign(house)
    notes = [each.note for each in house.db.read(queries.checkpoints)]
    assert len(notes) == 1 + grown
    assert checkpoints.published(house) == notes[::-1]
    assert check.verify_log(house) == []


def test_every_checkpoint_stands_in_a_file_outside_of_the_database(house: House) -> None:
    _two_checkpoints(house)
    checkpoints.sign(house)
    notes = [each.note for each in house.db.read(queries.checkpoints)]
    assert checkpoints.published(house) == notes[::-1]
