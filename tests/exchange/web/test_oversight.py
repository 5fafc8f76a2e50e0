"""The officer's desk, the map, an alert; affiliates and spending limits: by links and forms, without script."""

from __future__ import annotations

from collections.abc import Callable

from compliance.identity import queries as identity
from core.house import House
from exchange.trading import spending
from tests import build
from tests.exchange.oversight.watched import local, watched
from tests.exchange.web.browser import Browser


def test_an_officer_finds_alerts_and_the_map_on_the_desk(house: House, browser: Callable[..., Browser]) -> None:
    watch = watched(house)
    build.funded(house, watch.buyer)
    build.paid(house, watch.buyer, build.listed(house, watch.supplier))
    watch.declined(local(watch.today(), 9), {"territory_not_permitted": 6})
    (alert,) = watch.look()
    officers = browser().sign_in(watch.officer)
    desk = officers.get("/desk")
    assert f"/oversight/alerts/{alert.id}" in desk
    assert 'class="chart flows"' in desk
    page = officers.get("/oversight?days=90&by=orders")
    assert "→" in page
    assert officers.get("/oversight?days=x&by=nonsense")
    shown = officers.get(f"/oversight/alerts/{alert.id}")
    assert "territory_not_permitted" in shown
    officers.send(f"/oversight/alerts/{alert.id}", 422, note="")
    officers.send(f"/oversight/alerts/{alert.id}", note="A branch abroad; the licence is being mended.")
    assert "A branch abroad" in officers.get(f"/oversight/alerts/{alert.id}")
    assert "Nothing unusual" in officers.get("/oversight/alerts")
    assert alert.id in officers.get("/oversight/alerts?all=1")
    for who in (watch.buyer, build.platform_person(house, "reviewer")):
        other = browser().sign_in(who)
        assert "/oversight" not in other.get("/desk")
        for address in ("/oversight", "/oversight/alerts", f"/oversight/alerts/{alert.id}", "/affiliates"):
            other.get(address, 403)


def test_an_officer_records_who_belongs_to_whom(house: House, browser: Callable[..., Browser]) -> None:
    parent, child = build.organisation(house), build.organisation(house)
    assert parent.organisation_id
    assert child.organisation_id
    code = house.db.read(lambda uow: identity.organisation(uow, str(parent.organisation_id))).credit_code
    officers = browser().sign_in(build.platform_person(house, "officer"))
    assert "No groups yet" in officers.get("/affiliates")
    officers.send("/affiliates", organisation=child.organisation_id, parent=code)
    assert child.organisation_id in officers.get("/affiliates")
    assert house.db.read(lambda uow: identity.group_of(uow, str(child.organisation_id)))[0] == parent.organisation_id
    officers.send("/affiliates", 422, organisation=parent.organisation_id, parent=child.organisation_id)
    officers.send("/affiliates", 422, organisation="no such code", parent="")
    officers.send("/affiliates", organisation=child.organisation_id)
    assert "No groups yet" in officers.get("/affiliates")
    outsider = browser().sign_in(child)
    outsider.send("/affiliates", 403, organisation=child.organisation_id, parent=parent.organisation_id)
    assert len(house.db.read(lambda uow: identity.group_of(uow, str(child.organisation_id)))) == 1


def test_an_owner_sets_what_a_member_orders_alone(house: House, browser: Callable[..., Browser]) -> None:
    owner = build.organisation(house)
    buyer = build.member(house, owner, "buyer")
    account = str(buyer.actor.account_id)
    owners = browser().sign_in(owner)
    assert "no limit" in owners.get("/settings/members")
    owners.send(f"/settings/members/{account}/limit", amount="5000.00")
    assert "¥5,000.00" in owners.get("/settings/members")
    owners.send(f"/settings/members/{account}/limit", 422, amount="much")
    assert "at least the amount" in owners.send(f"/settings/members/{account}/limit", 422, amount="2", monthly="1").text
    owners.send(f"/settings/members/{account}/limit", amount="5000.00", monthly="9000.00")
    assert "¥9,000.00 a month" in owners.get("/settings/members")
    (limit,) = house.db.read(lambda uow: spending.limits(uow, owner.actor))
    assert (limit.account_id, limit.amount) == (account, 500_000)
    member = browser().sign_in(buyer)
    assert "Set the limit" not in member.get("/settings/members")
    member.send(f"/settings/members/{account}/limit", 403, amount="")
    owners.send(f"/settings/members/{account}/limit", amount="")
    assert house.db.read(lambda uow: spending.limits(uow, owner.actor)) == []
