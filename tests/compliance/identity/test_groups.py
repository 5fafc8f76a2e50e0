"""Countries, registration numbers, and organisations that belong together."""

from __future__ import annotations

import pytest

from compliance.identity import affiliates, queries
from compliance.identity.errors import AffiliationInvalid
from core.house import House
from core.problems import Forbidden
from tests import build
from tests.client import Answer, ApiClient
from tests.credit_codes import credit_code

CODE = credit_code(1)
PERSON = {"name": "Ada", "email": "ada@example.org", "password": build.PASSWORD}


def _register(client: ApiClient, email: str = "ada@example.org", **particulars: str) -> Answer:
    body = {"organisation": {"name": "Ada Data"} | particulars, "person": PERSON | {"email": email}}
    return client.post("/registrations", body)


def test_an_organisation_of_another_country_has_a_registration_number(client: ApiClient) -> None:
    made = _register(client, country="de", registration_number=" hrb  12345 ").expect(201).json
    assert (made["country"], made["registration_number"], made["credit_code"]) == ("DE", "HRB 12345", "")
    again = _register(client, "eve@example.org", country="DE", registration_number="HRB 12345")
    assert again.code == "registration_number_taken"
    elsewhere = _register(client, "eve@example.org", country="AT", registration_number="HRB 12345")
    assert elsewhere.status == 201
    owner = client.sign_in("ada@example.org", build.PASSWORD)
    path, etag = f"/organisations/{made['id']}", owner.get(f"/organisations/{made['id']}").etag
    mended = owner.patch(path, {"name": "Ada Data GmbH"}, etag=etag).expect(200)
    assert mended.json["registration_number"] == "HRB 12345"
    refused = owner.patch(path, {"name": "Ada", "credit_code": CODE}, etag=mended.etag)
    assert refused.code == "credit_code_invalid"


@pytest.mark.parametrize(
    ("particulars", "code"),
    [
        ({"country": "DE"}, "registration_number_invalid"),
        ({"country": "DE", "registration_number": "12345", "credit_code": CODE}, "credit_code_invalid"),
        ({"country": "CN", "registration_number": "12345", "credit_code": CODE}, "registration_number_invalid"),
        ({"country": "D1", "registration_number": "12345"}, "country_invalid"),
        ({"country": "CN"}, "credit_code_invalid"),
    ],
)  # fmt: skip
def test_each_country_has_its_own_number(client: ApiClient, particulars: dict[str, str], code: str) -> None:
    answer = _register(client, **particulars)
    assert (answer.status, answer.code) == (422, code)


def test_a_group_is_the_same_from_each_of_its_members(house: House) -> None:
    officer = build.platform_person(house, "officer").actor
    one, two, three, four = (str(build.organisation(house).organisation_id) for _ in range(4))
    for child, parent in ((two, one), (three, two), (four, one)):
        house.db.write(lambda uow, c=child, p=parent: affiliates.set_parent(uow, officer, c, p))  # type: ignore[misc]
    groups = [house.db.read(lambda uow, o=each: queries.group_of(uow, o)) for each in (one, two, three, four)]  # type: ignore[misc]
    assert {frozenset(group) for group in groups} == {frozenset({one, two, three, four})}
    assert len(groups[0]) == 4
    with pytest.raises(AffiliationInvalid):
        house.db.write(lambda uow: affiliates.set_parent(uow, officer, one, three))
    house.db.write(lambda uow: affiliates.set_parent(uow, officer, two, None))
    assert house.db.read(lambda uow: queries.group_of(uow, four)) == (one, four)
    assert house.db.read(lambda uow: queries.group_of(uow, three)) == (two, three)


def test_only_an_officer_says_who_belongs_to_whom(house: House, client: ApiClient) -> None:
    mine, other = build.organisation(house), build.organisation(house)
    with pytest.raises(Forbidden):
        house.db.write(lambda uow: affiliates.set_parent(uow, mine.actor, mine.organisation_id or "", None))
    person = ApiClient(client.app, mine.token)
    path = f"/organisations/{other.organisation_id}"
    person.put(f"{path}/parent", {"parent_id": mine.organisation_id}).expect(403)
    person.get(f"{path}/group").expect(404)
    assert person.get(f"/organisations/{mine.organisation_id}/group").json["items"] == [mine.organisation_id]
