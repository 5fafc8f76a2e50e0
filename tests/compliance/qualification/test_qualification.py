"""Qualification through the HTTP API: returned with a reason, mended, approved with an expiry, and who may not."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from compliance.identity import queries as identity
from compliance.identity.events import OwnerChanged
from compliance.qualification import service
from compliance.qualification.errors import QualificationStateConflict
from compliance.qualification.rules import TRANSITIONS, follow
from core.db import Uow
from core.house import House
from tests import build
from tests.client import Answer, ApiClient

KINDS = {
    2: ["business_licence", "authorisation"],
    3: ["business_licence", "authorisation", "security_policy", "security_officer", "use_statement"],
}
_STATES = ("registered", "submitted", "returned", "approved", "suspended")


def document(person: ApiClient, name: str = "scan.pdf") -> str:
    answer = person.send("POST", f"/documents?name={name}", data=b"%PDF-1.7 a scan").expect(201)
    return str(answer.json["id"])


def hand_in(person: ApiClient, statement: str = "Weather.", level: int = 2) -> Answer:
    documents = {kind: document(person) for kind in KINDS[level]}
    return person.post("/qualification", {"statement": statement, "level": level, "documents": documents})


@pytest.mark.parametrize("state", _STATES)
@pytest.mark.parametrize("step", sorted(TRANSITIONS))
def test_every_step_from_every_state(state: str, step: str) -> None:
    allowed = {
        "submit": ("registered", "returned", "approved"), "return": ("submitted",), "approve": ("submitted",),
        "suspend": ("registered", "submitted", "returned", "approved"), "reinstate": ("suspended",),
    }[step]  # fmt: skip
    if state in allowed:
        assert follow(state, step) in _STATES
    else:
        with pytest.raises(QualificationStateConflict):
            follow(state, step)


def test_returned_mended_approved_and_expired(client: ApiClient, house: House) -> None:
    owner = build.organisation(house, level=1)
    person = ApiClient(client.app, owner.token)
    officer = ApiClient(client.app, build.platform_person(house, "officer").token)
    path = f"/qualifications/{owner.organisation_id}"
    assert officer.post(f"{path}/approve", {"level": 2, "months": 12}).expect(409).code == "qualification_state"
    hand_in(person, "Weather stations; licence of 2019.").expect(200)
    assert owner.organisation_id in [each["id"] for each in officer.get("/qualifications").expect(200).json["items"]]
    officer.post(f"{path}/return", {"reason": "The licence is missing."}).expect(200)
    back = person.get(f"/organisations/{owner.organisation_id}").expect(200).json
    assert (back["state"], back["reason"]) == ("returned", "The licence is missing.")
    person.post("/qualification", {"statement": "With the licence."}).expect(200)
    approved = officer.post(f"{path}/approve", {"level": 2, "months": 12}).expect(200).json
    assert (approved["state"], approved["level"]) == ("approved", 2)
    house.clock.advance(timedelta(days=361))
    later = officer.get(f"/organisations/{owner.organisation_id}")
    if later.status == 200:
        assert later.json["level"] == 1


def test_only_owners_hand_in_and_only_officers_decide(client: ApiClient, house: House) -> None:
    owner = build.organisation(house, level=1)
    person = ApiClient(client.app, owner.token)
    path = f"/qualifications/{owner.organisation_id}"
    hand_in(person).expect(200)
    assert person.post(f"{path}/approve", {"level": 3, "months": 12}).expect(403).code == "own_review"
    reviewer = ApiClient(client.app, build.platform_person(house, "reviewer").token)
    reviewer.post(f"{path}/approve", {"level": 2, "months": 12}).expect(403)
    reviewer.get("/qualifications").expect(403)
    officer = ApiClient(client.app, build.platform_person(house, "officer").token)
    for wrong in ({"level": 5}, {"level": 2, "months": 13}, {"level": 2, "months": 0}):
        officer.post(f"{path}/approve", wrong).expect(422)
    officer.post("/qualifications/org_01jc9x2m5t7rqk8v4e6b0wz3np/approve", {"level": 2}).expect(404)


def test_a_suspended_organisation_stands_still_until_it_is_reinstated(client: ApiClient, house: House) -> None:
    owner = build.organisation(house, level=3)
    person = ApiClient(client.app, owner.token)
    officer = ApiClient(client.app, build.platform_person(house, "officer").token)
    path, reason = f"/qualifications/{owner.organisation_id}", {"reason": "Its licence was withdrawn."}
    for stranger in (person, ApiClient(client.app, build.organisation(house).token)):
        stranger.post(f"{path}/suspend", reason).expect(403)
    assert person.get("/me").json["organisation"]["state"] == "approved"
    suspended = officer.post(f"{path}/suspend", reason).expect(200).json
    assert (suspended["state"], suspended["level"]) == ("suspended", 1)
    assert officer.post(f"{path}/suspend", reason).expect(409).code == "qualification_state"
    assert person.post("/qualification", {"statement": "We have it again."}).expect(409).code == "qualification_state"
    person.post("/keys", {"name": "n"}).expect(403)
    person.post(f"{path}/reinstate", reason).expect(403)
    back = officer.post(f"{path}/reinstate", {"reason": "It has it again."}).expect(200).json
    assert (back["state"], back["level"]) == ("submitted", 3)
    person.post("/keys", {"name": "n"}).expect(201)


def test_a_level_lists_its_documents_and_refusals_name_those_that_are_missing(client: ApiClient, house: House) -> None:
    owner, officer_ = build.organisation(house, level=2), build.platform_person(house, "officer")
    person, officer = ApiClient(client.app, owner.token), ApiClient(client.app, officer_.token)
    standing = person.get("/qualification?level=3").expect(200).json
    assert standing["missing"] == [each["kind"] for each in standing["documents"]] == KINDS[3]
    refused = person.post("/qualification", {"statement": "More.", "level": 3}).expect(422)
    assert refused.code == "documents_missing"
    assert [each["kind"] for each in refused.json["documents_missing"]] == KINDS[3]
    assert refused.json["documents_missing"][0]["en"] in refused.json["detail"]
    for kind in KINDS[3][:-1]:
        person.put(f"/qualification/documents/{kind}", {"document_id": document(person)}).expect(200)
    refused = person.post("/qualification", {"statement": "More.", "level": 3}).expect(422)
    assert [each["kind"] for each in refused.json["documents_missing"]] == ["use_statement"]
    last = {"use_statement": document(person)}
    person.post("/qualification", {"statement": "More.", "level": 3, "documents": last}).expect(200)
    path = f"/qualifications/{owner.organisation_id}"
    assert {each["state"] for each in officer.get(path).expect(200).json["documents"]} == {"handed_in"}
    assert officer.post(f"{path}/approve", {"level": 4}).expect(409).code == "level_not_asked_for"
    officer.post(f"{path}/return", {"reason": "See below.", "documents": {"use_statement": "Too vague."}}).expect(200)
    mended = person.get("/qualification").expect(200).json
    assert (mended["aim"], mended["missing"]) == (3, ["use_statement"])
    assert mended["documents"][-1]["note"] == "Too vague."
    person.post("/qualification", {"statement": "M.", "level": 3, "documents": {"use_statement": document(person)}})
    approved = officer.post(f"{path}/approve", {"level": 3, "months": 12}).expect(200).json
    assert (approved["state"], approved["level"]) == ("approved", 3)


def test_who_is_refused_for_want_of_a_level_is_told_which_documents_it_lacks(client: ApiClient, house: House) -> None:
    supplier, buyer = build.organisation(house), build.organisation(house, level=1)
    listing = build.listed(house, supplier)
    person = ApiClient(client.app, buyer.token)
    made = build.draft(house, buyer)
    refused = person.post(f"/listings/{made.id}/submit", {}).expect(403)
    assert refused.json["qualification"]["level"] == 2
    assert [each["kind"] for each in refused.json["qualification"]["documents_missing"]] == KINDS[2]
    assert "2" in refused.json["hint"]
    assert "qualification" not in ApiClient(client.app).post("/listings", {"title": {"en": "x"}}).json
    assert listing.state == "listed"


def test_an_approval_ends_with_its_first_document_and_an_expired_one_is_missing(
    client: ApiClient, house: House
) -> None:
    owner = build.organisation(house, level=1)
    person = ApiClient(client.app, owner.token)
    officer = ApiClient(client.app, build.platform_person(house, "officer").token)
    ends = (house.clock.now() + timedelta(days=40)).isoformat()
    body = {"document_id": document(person), "valid_until": ends}
    person.put("/qualification/documents/business_licence", body).expect(200)
    person.put("/qualification/documents/authorisation", {"document_id": document(person)}).expect(200)
    person.post("/qualification", {"statement": "Weather."}).expect(200)
    path = f"/qualifications/{owner.organisation_id}"
    approved = officer.post(f"{path}/approve", {"level": 2, "months": 12}).expect(200).json
    assert approved["qualified_until"][:10] == ends[:10]
    house.clock.advance(timedelta(days=41))
    renewed = client.sign_in(owner.email, build.PASSWORD)
    assert renewed.get("/qualification").expect(200).json["missing"] == ["business_licence"]


def test_documents_are_read_by_their_owner_and_by_who_judges_and_lie_sealed(client: ApiClient, house: House) -> None:
    owner = build.organisation(house, level=1)
    person = ApiClient(client.app, owner.token)
    kept = document(person)
    assert person.get(f"/documents/{kept}/content").expect(200).body == b"%PDF-1.7 a scan"
    officer = ApiClient(client.app, build.platform_person(house, "officer").token)
    officer.get(f"/documents/{kept}/content").expect(200)
    for stranger in (
        ApiClient(client.app, build.organisation(house).token),
        ApiClient(client.app, build.platform_person(house, "finance").token),
    ):
        stranger.get(f"/documents/{kept}").expect(404)
        stranger.get(f"/documents/{kept}/content").expect(404)
        stranger.put("/qualification/documents/business_licence", {"document_id": kept})
    (file,) = [path for path in (house.settings.data / "documents").rglob("doc_*") if path.is_file()]
    assert b"a scan" not in file.read_bytes()
    for name, content, code in (("scan.exe", b"MZ", "document_invalid"), ("scan.pdf", b"", "document_invalid")):
        assert person.send("POST", f"/documents?name={name}", data=content).code == code
    other = ApiClient(client.app, build.organisation(house, level=1).token)
    other.put("/qualification/documents/business_licence", {"document_id": kept}).expect(404)


def test_another_owner_is_authorised_anew(client: ApiClient, house: House) -> None:
    owner = build.organisation(house, level=1)
    person = ApiClient(client.app, owner.token)
    officer = ApiClient(client.app, build.platform_person(house, "officer").token)
    hand_in(person).expect(200)
    officer.post(f"/qualifications/{owner.organisation_id}/approve", {"level": 2}).expect(200)
    assert person.get("/qualification").json["missing"] == []
    changed = OwnerChanged(organisation_id=str(owner.organisation_id), owner="acc_1")
    house.db.write(lambda uow: uow.emit(changed))
    assert person.get("/qualification").json["missing"] == ["authorisation"]


def test_a_decision_at_the_moment_of_a_suspension_does_not_undo_it(client: ApiClient, house: House) -> None:
    """One officer approves while another suspends, after the first has looked and before it has decided."""
    organisation = build.organisation(house, level=1)
    hand_in(ApiClient(client.app, organisation.token)).expect(200)
    one, two = (build.platform_person(house, "officer").actor for _ in range(2))
    its = organisation.organisation_id or ""
    together, answers = threading.Barrier(2, timeout=10), list[str]()

    def act(step: Callable[[Uow], object]) -> None:
        together.wait()
        try:
            house.db.write(step)
            answers.append("done")
        except QualificationStateConflict:
            answers.append("refused")

    def approve(uow: Uow) -> object:
        made = service.approve(uow, one, its, level=2, months=1)
        time.sleep(0.2)
        return made

    def suspend(uow: Uow) -> object:
        return service.suspend(uow, two, its, reason="an inquiry")

    threads = [threading.Thread(target=act, args=(step,)) for step in (approve, suspend)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    found = house.db.read(lambda uow: identity.organisation(uow, its))
    assert (found.state, sorted(answers)) in [
        ("suspended", ["done", "done"]), ("suspended", ["done", "refused"])
    ]  # fmt: skip
