"""Rows by a program's credential: an API key or an access token opens them, under all the checks that people pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select

from compliance.identity import service as identity
from compliance.identity import standing
from compliance.identity.models import Account
from compliance.keys import queries as key_queries
from compliance.keys import service as keys
from compliance.oauth import service as oauth
from compliance.oauth import signing, tokens
from core.db import Uow
from core.house import House
from core.settings import Settings
from exchange.app import build_house, create_app_of
from exchange.delivery import queries, quotas
from exchange.delivery.models import Receipt
from exchange.trading import service as trading
from exchange.trading.types import OrderSnapshot
from tests import build
from tests.build import Built
from tests.client import Answer, ApiClient
from tests.exchange.delivery.marked import contracted


@dataclass
class Scene:
    """A buyer's order at L3 whose contract speaks of rows."""

    house: House
    buyer: Built
    order: OrderSnapshot
    stranger: ApiClient
    path: str

    def rows(self, credential: str, query: str = "limit=5", **headers: str) -> Answer:
        return self.stranger.get(f"{self.path}?{query}", Authorization=f"Bearer {credential}", **headers)

    def key(self, *, listing_ids: tuple[str, ...] | None = None, of: Built | None = None, hours: int = 48) -> str:
        actor, until = (of or self.buyer).actor, self.house.clock.now() + timedelta(hours=hours)
        made = self.house.db.write(
            lambda uow: keys.create(uow, actor, name="k", mode="live", listing_ids=listing_ids, expires_at=until)
        )
        return made.key

    def token(self, *, listing_ids: tuple[str, ...] | None = None) -> tuple[str, str]:
        """(token, client)"""

        def make(uow: Uow) -> tuple[str, str]:
            client = oauth.register(uow, self.buyer.actor, name="c", mode="live", listing_ids=listing_ids).snapshot
            key = signing.current(uow)
            assert key is not None
            text = tokens.write(
                key, issuer=self.house.settings.web_address, client_id=client.id,
                organisation_id=self.buyer.organisation_id or "", now=uow.now(),
            )  # fmt: skip
            return text, client.id

        self.house.db.write(signing.ensure)
        return self.house.db.write(make)

    def used(self) -> int:
        return self.house.db.read(lambda uow: quotas.of_order(uow, self.order.id))[0]


@pytest.fixture(scope="module")
def scene(shared_settings: Settings) -> Iterator[Scene]:
    shared_settings.data.mkdir(mode=0o700, exist_ok=True)
    house = build_house(shared_settings)
    buyer, order = contracted(house)
    file = house.db.read(lambda uow: queries.files(uow, buyer.actor, order.id))[0]
    path = f"/orders/{order.id}/files/{file.file_id}/rows"
    yield Scene(house, buyer, order, ApiClient(create_app_of(house)), path)
    house.db.engine.dispose()


def test_a_key_and_a_token_read_rows_and_each_counts(scene: Scene) -> None:
    before, key, (token, _) = scene.used(), scene.key(), scene.token(listing_ids=(scene.order.listing_id,))
    page = scene.rows(key).expect(200).json
    assert (len(page["items"]), page["next"]) == (5, 5)
    assert scene.stranger.get(f"{scene.path}?limit=5", X_Api_Key=key).expect(200).json["items"] == page["items"]
    assert scene.rows(token, "after=5&limit=5").expect(200).json["next"] == 10
    assert scene.used() == before + 15
    readers = scene.house.db.read(_readers)
    used = scene.house.db.read(lambda uow: key_queries.keys(uow, scene.buyer.actor)).items[0]
    assert readers[-3:-1] == [used.id, used.id]
    assert readers[-1].startswith("cli_")
    assert used.last_used_at is not None


def _readers(uow: Uow) -> list[str]:
    """Who the receipts say read, oldest first."""
    return list(uow.session.execute(select(Receipt.account).order_by(Receipt.id)).scalars())


def _wrong_secret(scene: Scene) -> str:
    key = scene.key()
    return key[:-4] + ("AAAA" if not key.endswith("AAAA") else "BBBB")


def _revoked(scene: Scene) -> str:
    key = scene.key()
    made = scene.house.db.read(lambda uow: key_queries.keys(uow, scene.buyer.actor)).items[0]
    scene.house.db.write(lambda uow: keys.revoke(uow, scene.buyer.actor, made.id))
    return key


def _of_a_disabled_maker(scene: Scene) -> str:
    developer = build.member(scene.house, scene.buyer, "developer")
    key = scene.key(of=developer)
    scene.house.db.write(
        lambda uow: standing.disable(uow, uow.session.get_one(Account, developer.actor.account_id), developer.actor)
    )
    return key


def _given_back(scene: Scene) -> str:
    text, client_id = scene.token()
    token = tokens.AccessToken(_jti(scene, text), client_id, scene.buyer.organisation_id or "", scene.house.clock.now())
    scene.house.db.write(lambda uow: oauth.revoke_token(uow, token))
    return text


def _jti(scene: Scene, text: str) -> str:
    from compliance.oauth import queries as known

    public = scene.house.db.read(known.public_keys)
    read = tokens.read(text, public, issuer=scene.house.settings.web_address, now=scene.house.clock.now())
    assert read is not None
    return read.jti


def _of_a_revoked_client(scene: Scene) -> str:
    text, client_id = scene.token()
    scene.house.db.write(lambda uow: oauth.revoke(uow, scene.buyer.actor, client_id))
    return text


@pytest.mark.parametrize(
    ("credential", "status", "code"),
    [
        (lambda _: "ph_live_aaaaaaaa_" + "A" * 43, 401, "credential_unknown"),
        (lambda _: "ph_live_short", 401, "credential_unknown"),
        (_wrong_secret, 401, "credential_unknown"),
        (_revoked, 401, "credential_revoked"),
        (_of_a_disabled_maker, 401, "credential_revoked"),
        (lambda scene: scene.token()[0][:-6] + "AAAAAA", 401, "token_invalid"),
        (lambda _: "a.b.c", 401, "token_invalid"),
        (_given_back, 401, "credential_revoked"),
        (_of_a_revoked_client, 401, "credential_revoked"),
        (lambda scene: scene.key(listing_ids=("lst_another",)), 403, "scope_missing"),
        (lambda scene: scene.token(listing_ids=("lst_another",))[0], 403, "scope_missing"),
        (lambda scene: scene.key(of=build.organisation(scene.house, level=3)), 404, "order_not_found"),
    ],
)
def test_a_credential_that_is_not_good_or_not_for_this_reads_nothing(
    scene: Scene, credential: Callable[[Scene], str], status: int, code: str
) -> None:
    before, shown = scene.used(), credential(scene)
    answer = scene.rows(shown).expect(status)
    assert (answer.code, scene.used()) == (code, before)
    assert "items" not in answer.json


def test_it_opens_nothing_else_of_the_exchange(scene: Scene) -> None:
    for path in (f"/orders/{scene.order.id}", f"/orders/{scene.order.id}/files", scene.path.removesuffix("/rows")):
        assert scene.stranger.get(path, Authorization=f"Bearer {scene.key()}").expect(401).code == "gateway_credential"
    assert scene.stranger.get(scene.path).expect(401).code == "sign_in_required"


def test_purpose_licence_freeze_and_suspension_hold_for_programs_too(scene: Scene) -> None:
    house, key = scene.house, scene.key()
    officer = build.platform_person(house, "officer")
    assert scene.rows(key, Data_Purpose="resale").expect(403).code == "purpose_not_declared"
    assert scene.rows(key, Data_Territory="US").expect(403).code == "territory_not_permitted"
    assert scene.rows(key, Data_Purpose="training").status == 200

    house.db.write(lambda uow: trading.freeze(uow, officer.actor, scene.order.id, reason="a question"))
    assert scene.rows(key).expect(403).code == "order_frozen"
    house.db.write(lambda uow: trading.release(uow, officer.actor, scene.order.id))

    owner, later = scene.buyer.organisation_id or "", house.clock.now() + timedelta(days=300)
    for state, level, code in (("suspended", 3, "organisation_suspended"), ("approved", 2, "qualification_needed")):
        house.db.write(
            lambda uow, state=state, level=level: identity.set_qualification(  # type: ignore[misc]
                uow, owner, state=state, level=level, until=later
            )
        )
        assert scene.rows(key).expect(403).code == code
    house.db.write(lambda uow: identity.set_qualification(uow, owner, state="approved", level=3, until=later))
    assert scene.rows(key).status == 200


def test_the_quota_is_the_contracts_whoever_reads(scene: Scene) -> None:
    key, left = scene.key(), scene.rows(scene.key()).expect(200).json["left"]
    while left:
        left = scene.rows(key, "limit=100").expect(200).json["left"]
    for credential in (key, scene.token()[0]):
        assert scene.rows(credential).expect(429).code == "row_quota_exhausted"


def test_what_has_expired_opens_nothing(scene: Scene) -> None:
    key, (token, _) = scene.key(hours=1), scene.token()
    scene.house.clock.advance(timedelta(hours=2))
    assert scene.rows(key).expect(401).code == "credential_expired"
    assert scene.rows(token).expect(401).code == "token_invalid"
