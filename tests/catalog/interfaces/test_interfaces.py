"""An interface from the document to the proof: made, sealed, tried, handed in, and nobody else's."""

from __future__ import annotations

import json
import threading
import time
from datetime import timedelta
from typing import Any

import pytest

from catalog.interfaces import queries, service
from catalog.interfaces.errors import (
    CredentialInvalid,
    CredentialMissing,
    InterfaceNotFound,
    OpenApiCheckNotFound,
    TooBusy,
    TooManyTrials,
    TrialInvalid,
)
from catalog.interfaces.events import UpstreamCredentialChanged
from catalog.interfaces.types import OwnInterface
from catalog.listings import queries as listing_queries
from catalog.listings import service as listings
from catalog.listings.errors import ListingIncomplete, ListingNotFound, RevisionInvalid
from compliance.audit import queries as audit
from compliance.audit import sequencer
from compliance.policy import PolicyRefused
from compliance.review import queries as reviews
from core.actor import ANONYMOUS
from core.db import Uow
from core.house import House
from tests import build
from tests.build import Built
from tests.catalog.interfaces import making
from tests.client import ApiClient
from tests.core.test_outgoing import serving
from tests.servers.upstream import Upstream


@pytest.fixture
def supplier(house: House) -> Built:
    return build.organisation(house)


@pytest.fixture
def api(client: ApiClient, supplier: Built) -> ApiClient:
    return ApiClient(client.app, supplier.token)


def _send(api: ApiClient, raw: bytes, kind: str = "application/json") -> Any:
    return api.send("POST", "/openapi-checks", data=raw, headers={"Content-Type": kind})


def _body(check: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "openapi_check_id": check["id"], "upstream": {"base_url": check["servers"][0]},
        "credential": check["credential"], "operations": [{"operation": check["operations"][0]["id"]}],
    } | changes  # fmt: skip


def test_the_whole_way_by_the_api(house: House, upstream: Upstream, api: ApiClient) -> None:
    check = _send(api, making.document("identity.json", upstream)).expect(201).json
    assert (check["title"], check["openapi"]) == ("Identity verification", "3.0")
    assert check["credential"] == {"kind": "header", "name": "X-Supplier-Secret"}
    assert api.get(f"/openapi-checks/{check['id']}").expect(200).json == check
    rule = {"statuses": {"200": "hit"}, "pointer": "/result/verdict", "hit": ["consistent", "inconsistent"]}
    body = _body(check, operations=[{"operation": "verifyIdentity", "id": "verify", "outcome": rule}])
    made = api.post("/interfaces", body, key="once").expect(201).json
    assert api.post("/interfaces", body, key="once").expect(201).json == made
    assert made["document"]["operations"][0]["outcome"] == rule
    path = f"/interfaces/{made['id']}"
    assert made["credential"] == {"kind": "header", "name": "X-Supplier-Secret", "set_at": None}

    trial = {"operation": "verify", "body": '{"name": "x", "id_number": "y"}'}
    assert api.post(f"{path}/trials", trial).code == "upstream_credential_missing"
    sealed = api.put(f"{path}/credential", {"value": upstream.secret}).expect(200)
    assert sealed.json["credential"]["set_at"]
    assert upstream.secret.encode() not in sealed.body
    missed = api.post(f"{path}/trials", trial).expect(201).json
    assert (missed["status"], missed["outcome"], missed["succeeded"]) == (200, "miss", True)
    assert "not_found" in missed["excerpt"]
    assert missed["latency_us"] > 0
    assert api.get(f"{path}/trials").expect(200).json["items"] == [missed]

    draft = api.post("/listings", {"kind": "interface", "title": {"en": "Identity"}}).expect(201).json
    revised = api.post(f"/listings/{draft['id']}/revisions", {"interface_id": made["id"]}).expect(201).json
    shown = revised["revision"]["interface"]
    assert [each["path"] for each in shown["operations"]] == ["/identity/verify"]
    assert {"upstream", "credential"}.isdisjoint(shown)
    assert (revised["tier"], revised["tier_reasons"][0]["en"]) == (2, "callers hand over identifiers of persons")
    mine = api.get("/my/listings").expect(200).json["items"][0]["revision"]["interface"]
    assert mine == {"id": made["id"], "title": "Identity verification", "sha256": made["sha256"], "operation_count": 1}
    assert api.get("/my/interfaces").expect(200).json["items"][0]["id"] == made["id"]


def test_the_credential_is_sealed_and_shown_nowhere(house: House, upstream: Upstream, supplier: Built) -> None:
    heard: list[str] = []
    house.registry.inline(UpstreamCredentialChanged, lambda _uow, event: heard.append(event.interface_id))
    made = making.made(house, supplier, upstream)
    interface_id = made.interface.id
    house.db.write(lambda uow: service.set_credential(uow, supplier.actor, interface_id, value="another-value"))
    assert heard == [interface_id] * 2
    assert house.db.read(lambda uow: queries.credential(uow, interface_id)) == "another-value"
    sequencer.run(house)
    found = house.db.read(lambda uow: audit.entries(uow, supplier.actor, object_id=interface_id, limit=50).items)
    assert sorted(each.action for each in found) == [
        "interface:create", "interface:credential", "interface:credential",
    ]  # fmt: skip
    kept = [*house.db.engine.raw_connection().iterdump()] if house.db.sqlite else []
    assert not any("another-value" in line or upstream.secret in line for line in kept)


def test_a_sealed_credential_opens_for_its_interface_only(house: House, upstream: Upstream, supplier: Built) -> None:
    from catalog.interfaces.models import InterfaceCredential

    one, other = (making.made(house, supplier, upstream) for _ in range(2))

    def swap(uow: Uow) -> None:
        rows = [uow.session.get_one(InterfaceCredential, each.interface.id) for each in (one, other)]
        rows[0].sealed = rows[1].sealed

    house.db.write(swap)
    with pytest.raises(ValueError, match="cannot be opened"):
        house.db.read(lambda uow: queries.credential(uow, one.interface.id))


@pytest.mark.first_case_on_postgresql
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("companies.json", ""), ("companies.json", "a\nb"), ("companies.json", "x" * 5000), ("companies.json", " x"),
        ("identity.json", "密钥"), ("digits.yaml", "no-colon"),
    ],
)  # fmt: skip
def test_a_credential_that_cannot_be_sent_is_refused_and_not_repeated(
    house: House, upstream: Upstream, supplier: Built, name: str, value: str
) -> None:
    made = making.made(house, supplier, upstream, name=name)
    with pytest.raises(CredentialInvalid) as refused:
        house.db.write(lambda uow: service.set_credential(uow, supplier.actor, made.interface.id, value=value))
    assert not value or value not in json.dumps(refused.value.problem(), ensure_ascii=False)
    assert house.db.read(lambda uow: queries.credential(uow, made.interface.id)) == making.credential(name, upstream)


@pytest.mark.parametrize("name", ["companies.json", "identity.json", "digits.yaml"])
def test_every_kind_of_credential_reaches_the_upstream(
    house: House, upstream: Upstream, supplier: Built, name: str
) -> None:
    made = making.made(house, supplier, upstream, name=name)
    (trial,) = making.tried(house, supplier, made)
    assert trial.status != 401
    wrong = house.db.write(
        lambda uow: service.set_credential(uow, supplier.actor, made.interface.id, value="piaohao:wrong")
    )
    (trial,) = making.tried(house, supplier, wrong)
    assert (trial.status, trial.outcome, trial.succeeded) == (401, "upstream_error", False)


def _refused(house: House, made: OwnInterface, supplier: Built, **call: Any) -> TrialInvalid:
    before = house.db.read(lambda uow: len(queries.trials(uow, supplier.actor, made.interface.id)))
    given = {"operation": "getCompany", "values": {}, "body": None} | call
    with pytest.raises(TrialInvalid) as refused:
        service.try_operation(house, supplier.actor, made.interface.id, **given)
    assert house.db.read(lambda uow: len(queries.trials(uow, supplier.actor, made.interface.id))) == before
    return refused.value


def test_a_trial_that_cannot_be_a_call_is_refused(house: House, upstream: Upstream, supplier: Built) -> None:
    made = making.made(house, supplier, upstream)
    assert _refused(house, made, supplier, operation="nothing").field == "operation"
    assert _refused(house, made, supplier).field == "values.credit_code"
    for value in ("", ".", "..", "a/b", "a\\b", "a\r\nHost: x", "x" * 3000):
        assert _refused(house, made, supplier, values={"credit_code": value}).field == "values.credit_code", value
    assert _refused(house, made, supplier, values={"credit_code": "x", "more": "y"}).field == "values.more"
    assert _refused(house, made, supplier, values={"credit_code": "x"}, body="{}").field == "body"


def test_trials_are_counted_over_all_interfaces_of_an_organisation(
    house: House, upstream: Upstream, supplier: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST_TRIALS", 2)
    first, second = (making.made(house, supplier, upstream) for _ in range(2))
    making.tried(house, supplier, first)
    making.tried(house, supplier, second)
    with pytest.raises(TooManyTrials):
        making.tried(house, supplier, first)
    other = build.organisation(house)
    assert making.tried(house, other, making.made(house, other, upstream))


def test_who_is_not_qualified_makes_interfaces_and_does_not_call_through_us(house: House, upstream: Upstream) -> None:
    newcomer = build.organisation(house, level=1)
    made = making.made(house, newcomer, upstream)
    with pytest.raises(PolicyRefused) as refused:
        making.tried(house, newcomer, made)
    assert refused.value.code == "qualification_needed"
    assert house.db.read(lambda uow: queries.trials(uow, newcomer.actor, made.interface.id)) == []


def test_an_interface_of_another_organisation_is_not_found(
    house: House, upstream: Upstream, supplier: Built, client: ApiClient
) -> None:
    made = making.made(house, supplier, upstream)
    other = build.organisation(house)
    api = ApiClient(client.app, other.token)
    path, unknown = f"/interfaces/{made.interface.id}", "/interfaces/ifc_01jd0000000000000000000000"
    before = house.db.read(lambda uow: queries.get(uow, supplier.actor, made.interface.id))
    for asked in (path, unknown):
        for answer in (
            api.get(asked), api.get(f"{asked}/trials"), api.put(f"{asked}/credential", {"value": "mine"}),
            api.post(f"{asked}/trials", {"operation": "getCompany"}),
        ):  # fmt: skip
            assert (answer.status, answer.code) == (404, "interface_not_found")
    assert client.get(path).status == 401
    assert house.db.read(lambda uow: queries.get(uow, supplier.actor, made.interface.id)) == before
    draft = house.db.write(
        lambda uow: listings.create(uow, other.actor, fields={"kind": "interface", "title": {"en": "x"}})
    )
    with pytest.raises(InterfaceNotFound):
        house.db.write(lambda uow: listings.add_revision(uow, other.actor, draft.id, interface_id=made.interface.id))
    reviewer = build.platform_person(house, "reviewer")
    assert house.db.read(lambda uow: queries.get(uow, reviewer.actor, made.interface.id)) == before


def test_a_check_of_another_organisation_and_one_that_expired_are_not_found(
    house: House, upstream: Upstream, supplier: Built
) -> None:
    found = service.check(house, supplier.actor, making.document("companies.json", upstream))
    other = build.organisation(house)
    with pytest.raises(OpenApiCheckNotFound):
        house.db.read(lambda uow: queries.openapi_check(uow, other.actor, found.id))
    house.clock.advance(timedelta(days=8))
    with pytest.raises(OpenApiCheckNotFound):
        house.db.read(lambda uow: queries.openapi_check(uow, supplier.actor, found.id))


def test_only_the_newest_checks_are_kept(house: House, upstream: Upstream, supplier: Built) -> None:
    raw = making.document("companies.json", upstream)
    made = [service.check(house, supplier.actor, raw).id for _ in range(22)]
    other = build.organisation(house)
    theirs = service.check(house, other.actor, raw).id
    for gone in made[:2]:
        with pytest.raises(OpenApiCheckNotFound):
            house.db.read(lambda uow, gone=gone: queries.openapi_check(uow, supplier.actor, gone))  # type: ignore[misc]
    for kept in made[2:]:
        house.db.read(lambda uow, kept=kept: queries.openapi_check(uow, supplier.actor, kept))  # type: ignore[misc]
    house.db.read(lambda uow: queries.openapi_check(uow, other.actor, theirs))


def test_slow_upstreams_take_no_more_than_a_few_threads(house: House, supplier: Built, upstream: Upstream) -> None:
    release = threading.Event()

    def wait(_connection: Any) -> None:
        release.wait(60)

    with serving(wait) as port:
        slow = making.made(house, supplier, Upstream(f"http://127.0.0.1:{port}", "x"))
        call: dict[str, Any] = {"operation": "getCompany", "values": {"credit_code": "x"}, "body": None}
        threads = [
            threading.Thread(target=service.try_operation, args=(house, supplier.actor, slow.interface.id), kwargs=call)
            for _ in range(4)
        ]
        for each in threads:
            each.start()
        deadline = time.monotonic() + 60
        while service._CALLING._value and time.monotonic() < deadline:
            time.sleep(0.02)
        with pytest.raises(TooBusy):
            service.try_operation(house, supplier.actor, slow.interface.id, **call)
        release.set()
        for each in threads:
            each.join()
    assert making.tried(house, supplier, making.made(house, supplier, upstream))[0].succeeded


def test_handing_in_needs_a_trial_of_every_operation(house: House, upstream: Upstream, supplier: Built) -> None:
    both = [{"operation": "getCompany"}, {"operation": "getFilings"}]
    made = making.made(house, supplier, upstream, operations=both)
    listing = build.interface_draft(house, supplier, upstream)
    house.db.write(lambda uow: listings.add_revision(uow, supplier.actor, listing.id, interface_id=made.interface.id))
    service.try_operation(
        house, supplier.actor, made.interface.id, operation="getCompany", values={"credit_code": "?"}, body=None
    )
    with pytest.raises(ListingIncomplete) as refused:
        house.db.write(lambda uow: listings.submit(uow, supplier.actor, listing.id))
    assert refused.value.extra["missing"] == ["trials.getCompany", "trials.getFilings"]
    assert house.db.read(lambda uow: listing_queries.get(uow, supplier.actor, listing.id)).state == "draft"
    making.tried(house, supplier, made)
    assert house.db.write(lambda uow: listings.submit(uow, supplier.actor, listing.id)).state == "in_review"


def test_reviewers_see_operations_upstream_and_trials(house: House, upstream: Upstream, supplier: Built) -> None:
    listing = build.interface_draft(house, supplier, upstream)
    house.db.write(lambda uow: listings.submit(uow, supplier.actor, listing.id))
    reviewer = build.platform_person(house, "reviewer")
    review = house.db.read(lambda uow: reviews.of_subject(uow, reviewer.actor, listing.id))
    assert review is not None
    evidence = next(item.evidence for item in review.items if item.id == "sample")
    assert evidence["upstream"] == upstream.url
    assert evidence["operations"][0]["outcome"] == {"statuses": {"200": "hit", "404": "miss"}}
    assert [(each["operation"], each["status"], each["outcome"]) for each in evidence["trials"]] == [
        ("getCompany", 200, "hit"),
    ]  # fmt: skip
    assert upstream.secret not in json.dumps([dict(item.evidence) for item in review.items])


def test_kind_and_contents_of_a_revision_agree(house: House, upstream: Upstream, supplier: Built) -> None:
    made = making.made(house, supplier, upstream)
    file = build.file(house, supplier)
    of_calls = build.interface_draft(house, supplier, upstream)
    of_files = build.draft(house, supplier)
    for listing, files, interface in (
        (of_calls, [file.id], None), (of_calls, [file.id], made.interface.id), (of_calls, [], None),
        (of_files, [], made.interface.id), (of_files, [file.id], made.interface.id),
    ):  # fmt: skip
        with pytest.raises(RevisionInvalid):
            house.db.write(
                lambda uow, args=(listing.id, files, "", interface): listings.add_revision(uow, supplier.actor, *args)  # type: ignore[misc]
            )
    for listing in (of_calls, of_files):
        kept = house.db.read(lambda uow, listing=listing: listing_queries.get(uow, supplier.actor, listing.id))  # type: ignore[misc]
        assert kept == listing


def test_what_others_are_told_of_an_interface_on_sale(
    house: House, upstream: Upstream, supplier: Built, client: ApiClient
) -> None:
    listing = build.interface_listed(house, supplier, upstream)
    answer = client.get(f"/listings/{listing.id}").expect(200)
    told = answer.json["revision"]["interface"]
    assert told["operations"][0]["response_example"]
    assert told["operations"][0]["outcome"]["statuses"]["404"] == "miss"
    port = upstream.url.rsplit(":", 1)[1]
    for asked in ("", "/revisions", "/abilities"):
        body = client.get(f"/listings/{listing.id}{asked}").expect(200).body
        assert port.encode() not in body
        assert b"appkey" not in body
    found = house.db.read(lambda uow: listing_queries.get(uow, ANONYMOUS, listing.id))
    assert found.revision is not None
    assert found.revision.interface is not None
    assert {"upstream", "credential"}.isdisjoint(found.revision.interface.document)
    held = house.db.read(lambda uow: listing_queries.revision(uow, found.revision.id))  # type: ignore[union-attr]
    assert held.interface is not None
    assert "upstream" not in held.interface.document


def test_what_a_tier_hides_of_the_fields_is_hidden(house: House, upstream: Upstream, supplier: Built) -> None:
    listing = build.interface_listed(house, supplier, upstream)

    def told(who: Built) -> dict[str, Any]:
        found = house.db.read(lambda uow: listing_queries.get(uow, who.actor, listing.id))
        assert found.revision is not None
        assert found.revision.interface is not None
        return found.revision.interface.operations[0]

    other = build.organisation(house)
    assert told(other)["response_example"]
    build.forced_tier(house, listing.id, 3)
    assert (told(other)["response_example"], told(other)["path"]) == ("", "/companies/{credit_code}")
    build.forced_tier(house, listing.id, 4)
    masked = told(other)
    assert (masked["path"], masked["response_fields"]) == ("/companies/{…}", [])
    assert [each["name"] for each in masked["parameters"]] == ["field_1"]
    assert told(supplier)["path"] == "/companies/{credit_code}"


def test_a_new_revision_takes_an_interface_off_sale_and_the_old_one_stays_served(
    house: House, upstream: Upstream, supplier: Built
) -> None:
    listing = build.interface_listed(house, supplier, upstream)
    made = making.made(house, supplier, upstream)
    again = house.db.write(
        lambda uow: listings.add_revision(uow, supplier.actor, listing.id, interface_id=made.interface.id)
    )
    assert again.state == "draft"
    with pytest.raises(ListingNotFound):
        house.db.read(lambda uow: listing_queries.get(uow, ANONYMOUS, listing.id))
    served = house.db.read(lambda uow: listing_queries.served(uow, [listing.id]))[listing.id]
    assert len(served.revisions) == 2
    assert house.db.read(lambda uow: listing_queries.with_interface(uow, made.interface.id)) == [listing.id]


def test_without_the_credential_nothing_is_tried(house: House, upstream: Upstream, supplier: Built) -> None:
    made = making.made(house, supplier, upstream, sealed=False)
    with pytest.raises(CredentialMissing):
        making.tried(house, supplier, made)
    assert house.db.read(lambda uow: queries.trials(uow, supplier.actor, made.interface.id)) == []
