"""Qualification through the HTTP API: returned with a reason, mended, approved with an expiry, and who may not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from compliance.qualification.errors import QualificationStateConflict
from compliance.qualification.rules import TRANSITIONS, follow
from core.house import House
from tests import build
from tests.client import ApiClient

_STATES = ("registered", "submitted", "returned", "approved", "suspended")


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
    person.post("/qualification", {"statement": "Weather stations; licence of 2019."}).expect(200)
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
    person.post("/qualification", {"statement": "Weather."}).expect(200)
    assert person.post(f"{path}/approve", {"level": 3, "months": 12}).expect(403).code == "own_review"
    reviewer = ApiClient(client.app, build.platform_person(house, "reviewer").token)
    reviewer.post(f"{path}/approve", {"level": 2, "months": 12}).expect(403)
    reviewer.get("/qualifications").expect(403)
    officer = ApiClient(client.app, build.platform_person(house, "officer").token)
    for wrong in ({"level": 4}, {"level": 2, "months": 13}, {"level": 2, "months": 0}):
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
