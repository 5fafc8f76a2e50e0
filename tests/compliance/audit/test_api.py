"""The log over HTTP: checkpoints and proofs for everybody, entries for those whom they concern."""

from __future__ import annotations

import base64

import pytest

from compliance.audit import checkpoints, verifier
from core.house import House
from tests import build
from tests.client import ApiClient
from tests.compliance.audit import story as stories


def test_a_stranger_verifies_the_growth_of_the_log_by_what_is_public(house: House, client: ApiClient) -> None:
    assert client.get("/audit/checkpoint").expect(404).code == "checkpoint_not_found"
    stories.tell(house)
    stories.settle(house)
    key = verifier.parse_key(client.get("/audit/key").expect(200).json["key"])
    older = verifier.verify_checkpoint(client.get("/audit/checkpoint").expect(200).json["note"], key)
    stories.tell(house)
    stories.settle(house)
    newer = verifier.verify_checkpoint(client.get("/audit/checkpoint").expect(200).json["note"], key)
    answer = client.get(f"/audit/consistency?first={older.size}&second={newer.size}").expect(200).json
    proof = [base64.b64decode(each) for each in answer["proof"]]
    assert verifier.verify_consistency(older.size, newer.size, older.root, newer.root, proof)
    assert [each["size"] for each in client.get("/audit/checkpoints").expect(200).json["items"]] == [16, 8]


def test_a_proof_by_number_and_by_leaf_is_the_same(house: House, client: ApiClient) -> None:
    stories.tell(house)
    stories.settle(house)
    by_number = client.get("/audit/proof?number=5").expect(200).json
    assert client.get(f"/audit/proof?leaf={by_number['leaf_hash']}").expect(200).json == by_number
    path = [bytes.fromhex(each) for each in by_number["proof"]]
    leaf, root = bytes.fromhex(by_number["leaf_hash"]), bytes.fromhex(by_number["root"])
    assert verifier.verify_inclusion(leaf, 5, 8, path, root)
    signed = checkpoints.signed_head(house)
    assert signed is not None
    assert signed.root == root


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/audit/proof", 404),
        ("/audit/proof?number=8", 404),
        ("/audit/proof?number=-1", 404),
        ("/audit/proof?number=99999999999999999999999", 404),
        ("/audit/proof?number=1&size=9", 422),
        ("/audit/proof?leaf=00", 404),
        ("/audit/proof?leaf=" + "0" * 64, 404),
        ("/audit/consistency?first=0", 422),
        ("/audit/consistency?first=9", 422),
        ("/audit/consistency?first=5&second=4", 422),
        ("/audit/consistency?first=1&second=99999999999999999999999", 422),
        ("/audit/consistency", 422),
        ("/audit/entries", 401),
        ("/audit/entries/0", 401),
    ],
)
def test_what_is_not_there_is_refused_by_name(house: House, client: ApiClient, path: str, status: int) -> None:
    stories.tell(house)
    stories.settle(house)
    client.get(path).expect(status)


def test_members_read_the_entries_of_their_organisation_and_no_others(house: House, client: ApiClient) -> None:
    one, two = build.organisation(house), build.organisation(house)
    stories.settle(house)
    mine = ApiClient(client.app, one.token)
    items = mine.get("/audit/entries?limit=100").expect(200).json["items"]
    assert {each["object_id"] for each in items} == {one.organisation_id}
    number = items[0]["number"]
    assert mine.get(f"/audit/entries/{number}").expect(200).json["body"].startswith('{"action":"')
    theirs = ApiClient(client.app, two.token).get(f"/audit/entries/{number}").expect(404)
    unknown = ApiClient(client.app, two.token).get("/audit/entries/99999999999999999999").expect(404)
    assert theirs.code == unknown.code == "audit_entry_not_found"


def test_an_officer_reads_everything(house: House, client: ApiClient) -> None:
    build.organisation(house)
    officer = build.platform_person(house, "officer")
    stories.tell(house)
    stories.settle(house)
    signed = checkpoints.signed_head(house)
    items = ApiClient(client.app, officer.token).get("/audit/entries?limit=100").expect(200).json["items"]
    assert signed is not None
    assert len(items) == signed.size
