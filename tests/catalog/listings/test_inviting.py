"""A listing of L5 is for named invitees: lists, search, single reads agree on who is one, until it ends."""

from __future__ import annotations

from datetime import timedelta

from catalog.listings import inviting
from catalog.search import queries as search
from catalog.search.types import SearchParams
from compliance.identity import queries as identity
from core.actor import Actor
from core.house import House
from exchange.worker import attend_once
from tests import build
from tests.client import ApiClient


def test_only_invitees_find_list_and_read_it_until_the_invitation_ends(client: ApiClient, house: House) -> None:
    supplier, invited, other = (build.organisation(house, level=2) for _ in range(3))
    listing = build.listed(house, supplier)
    build.forced_tier(house, listing.id, 5)
    attend_once(house)
    own, guest, stranger = (ApiClient(client.app, each.token) for each in (supplier, invited, other))
    path = f"/listings/{listing.id}"

    def seen(who: ApiClient, built: build.Built) -> set[bool]:
        found = search.search(house, _actor(house, built), SearchParams(text="Weather"))
        listed = listing.id in [each["id"] for each in who.get("/listings").expect(200).json["items"]]
        return {who.get(path).status == 200, listed, listing.id in [hit.id for hit in found.hits]}

    assert seen(guest, invited) == {False}
    stranger.post(f"{path}/invitations", {"organisation_id": other.organisation_id}).expect(404)
    made = own.post(f"{path}/invitations", {"organisation_id": invited.organisation_id}).expect(201).json["items"]
    assert [each["id"] for each in made] == [invited.organisation_id]
    assert (seen(guest, invited), seen(stranger, other)) == ({True}, {False})
    guest.get(f"{path}/invitations").expect(403)
    assert guest.get(path).json["revision"]["files"][0]["columns"][0]["name"] == "field_1", "no agreement, no names"
    assert own.post(f"{path}/invitations/end", {"organisation_id": invited.organisation_id}).json["items"] == []
    assert seen(guest, invited) == {False}
    until = house.clock.now() + timedelta(hours=1)
    house.db.write(
        lambda uow: inviting.invite(
            uow, supplier.actor, listing.id, organisation_id=str(invited.organisation_id), until=until
        )
    )
    assert guest.get(path).status == 200
    house.clock.advance(timedelta(hours=1))
    assert guest.get(path).status == 404


def _actor(house: House, built: build.Built) -> Actor:
    actor = house.db.read(lambda uow: identity.actor_of_token(uow, built.token))
    assert actor is not None
    return actor
