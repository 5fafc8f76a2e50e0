"""The authorization server over HTTP: registration, token, revocation, metadata, keys; and whoever may not."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from compliance.identity import service as identity_service
from compliance.identity import standing
from compliance.oauth import queries, service, signing, tokens
from compliance.oauth.events import ClientChanged, SigningKeysChanged, TokenRevoked
from compliance.oauth.models import SigningKey
from core.events import Event
from core.house import House
from core.ids import new_id
from tests import build
from tests.client import ApiClient
from tests.compliance.oauth import hostile
from tests.compliance.oauth.hostile import opened

MINUTE = timedelta(minutes=1)


@pytest.fixture
def owner(house: House) -> build.Built:
    return build.organisation(house)


@pytest.fixture
def developer(client: ApiClient, owner: build.Built) -> ApiClient:
    return ApiClient(client.app, owner.token)


@pytest.fixture
def made(developer: ApiClient) -> Any:
    return developer.post("/oauth-clients", {"name": "nightly"}).expect(201).json


@pytest.fixture
def told(house: House) -> list[Event]:
    """What gateways would be told."""
    heard: list[Event] = []
    for kind in (ClientChanged, TokenRevoked, SigningKeysChanged):
        house.registry.inline(kind, lambda _uow, event: heard.append(event))
    return heard


def _post(
    client: ApiClient, path: str, form: Any = None, *, basic: tuple[str, str] | None = None, raw: str = "",
    peer: str = "127.0.0.1", **options: Any,
) -> TestResponse:  # fmt: skip
    headers = {}
    if basic is not None:
        raw = "Basic " + base64.b64encode(":".join(basic).encode()).decode()
    if raw:
        headers["Authorization"] = raw
    with client.app.test_client(use_cookies=False) as http:
        return http.post(path, data=form, headers=headers, environ_overrides={"REMOTE_ADDR": peer}, **options)


def _get(client: ApiClient, path: str) -> Any:
    with client.app.test_client(use_cookies=False) as http:
        response = http.get(path)
        assert response.status_code == 200
        return response.get_json()


def _token(client: ApiClient, made: Any, **options: Any) -> TestResponse:
    return _post(client, "/oauth/token", {"grant_type": "client_credentials"},
                 basic=(made["client_id"], made["client_secret"]), **options)  # fmt: skip


def _error(response: TestResponse) -> tuple[int, str]:
    assert response.mimetype == "application/json"
    assert response.headers["Cache-Control"] in ("no-store", "private, no-store")
    body = response.get_json()
    assert set(body) <= {"error", "error_description"}
    return response.status_code, body["error"]


def test_the_whole_way_from_metadata_to_a_verified_token(client: ApiClient, house: House, made: Any) -> None:
    issuer = house.settings.web_address
    described = _get(client, "/.well-known/oauth-authorization-server")
    assert described["issuer"] == issuer
    assert described["grant_types_supported"] == ["client_credentials"]
    assert all(described[name].startswith(issuer) for name in ("token_endpoint", "revocation_endpoint", "jwks_uri"))
    answer = _token(client, made)
    body = answer.get_json()
    assert (answer.status_code, body["token_type"], body["expires_in"], body["scope"]) == (200, "Bearer", 600, "call")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "refresh_token" not in body
    header, claims = opened(body["access_token"], _get(client, described["jwks_uri"].removeprefix(issuer)))
    assert set(header) == {"alg", "typ", "kid"}
    assert (header["alg"], header["typ"]) == ("EdDSA", "at+jwt")
    assert (claims["iss"], claims["aud"], claims["scope"]) == (issuer, "piaohao-gateway", "call")
    assert claims["sub"] == claims["client_id"] == made["client_id"]
    assert claims["exp"] - claims["iat"] == 600
    (compiled,) = house.db.read(queries.compiled_clients)
    assert (compiled.id, compiled.organisation_id, compiled.state) == (claims["sub"], claims["org"], "active")


def test_the_secret_is_shown_once_and_only_its_hash_is_kept(
    client: ApiClient, developer: ApiClient, house: House, made: Any
) -> None:
    token = _token(client, made).get_json()["access_token"]
    shown = developer.get("/oauth-clients").body + developer.get(f"/oauth-clients/{made['client_id']}").body
    with house.db.engine.connect() as connection:
        rows = [row for table in ("oauth_client", "audit_entry", "outbox", "idempotency")
                for row in connection.exec_driver_sql(f"SELECT * FROM {table}")]  # fmt: skip
    kept = " ".join(bytes(v).decode() if isinstance(v, bytes | memoryview) else str(v) for row in rows for v in row)
    for secret in (made["client_secret"], token):
        assert secret not in shown.decode() + kept
    assert "client_secret" not in shown.decode()


@pytest.mark.parametrize("scope", [None, "", "call", "call call"])
def test_a_secret_in_the_body_serves_too_and_so_does_the_one_scope(
    client: ApiClient, made: Any, scope: str | None
) -> None:
    form = {"grant_type": "client_credentials", "client_id": made["client_id"], "client_secret": made["client_secret"]}
    answer = _post(client, "/oauth/token", form | ({} if scope is None else {"scope": scope}))
    assert (answer.status_code, answer.get_json()["scope"]) == (200, "call")


def test_a_last_use_is_noted_once_a_minute(client: ApiClient, developer: ApiClient, house: House, made: Any) -> None:
    def used() -> str | None:
        answer: str | None = developer.get(f"/oauth-clients/{made['client_id']}").json["last_used_at"]
        return answer

    assert used() is None
    _token(client, made)
    first = used()
    _token(client, made)
    assert used() == first
    house.clock.advance(2 * MINUTE)
    _token(client, made)
    assert used() != first


NOBODY = new_id("cli")


@pytest.mark.parametrize(
    "show",
    [
        {"basic": ("{id}", "wrong")},
        {"basic": ("{id}", "phs_" + "A" * 43)},
        {"basic": (NOBODY, "{secret}")},
        {"basic": ("nobody", "{secret}")},
        {"basic": ("cli_\x00", "{secret}")},
        {"basic": ("", "{secret}")},
        {"basic": ("{id}", "")},
        {"basic": ("{secret}", "{id}")},
        {"raw": "Basic"},
        {"raw": "Basic !!!"},
        {"raw": "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode()},
        {"raw": "Basic " + base64.b64encode(b"no colon").decode()},
        {"raw": "Bearer {secret}"},
        {"raw": "Digest username=x"},
        {"form": {"client_id": "{id}", "client_secret": "wrong"}},
        {"form": {"client_id": "{id}"}},
        {"form": {"client_id": NOBODY, "client_secret": "{secret}"}},
        {"form": {"client_id": "\x00", "client_secret": "\x00"}},
        {"form": {"client_secret": "{secret}"}},
        {},
    ],
)
def test_who_cannot_prove_to_be_a_client_learns_nothing(client: ApiClient, made: Any, show: Any) -> None:
    def filled(text: str) -> str:
        return text.replace("{id}", made["client_id"]).replace("{secret}", made["client_secret"])

    form = {"grant_type": "client_credentials"} | {k: filled(v) for k, v in show.get("form", {}).items()}
    basic = tuple(filled(each) for each in show["basic"]) if "basic" in show else None
    answer = _post(client, "/oauth/token", form, basic=basic, raw=filled(show.get("raw", "")))  # type: ignore[arg-type]
    assert _error(answer) == (401, "invalid_client")
    assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")
    assert answer.get_json()["error_description"] == "The client is not known, or its secret is wrong."


@pytest.mark.first_case_on_postgresql
@pytest.mark.parametrize(
    ("form", "options", "error"),
    [
        ({}, {}, "invalid_request"),
        ({"grant_type": ""}, {}, "invalid_request"),
        ({"grant_type": "password"}, {}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code", "code": "x"}, {}, "unsupported_grant_type"),
        ({"grant_type": '客户"\\\n端'}, {}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "scope": "admin"}, {}, "invalid_scope"),
        ({"grant_type": "client_credentials", "scope": "call admin"}, {}, "invalid_scope"),
        ({"grant_type": ["client_credentials"] * 2}, {}, "invalid_request"),
        ({"grant_type": "client_credentials", "client_secret": "{secret}"}, {}, "invalid_request"),
        ({"grant_type": "client_credentials", "pad": "A" * 20_000}, {}, "invalid_request"),
        ('{"grant_type":"client_credentials"}', {"content_type": "application/json"}, "invalid_request"),
        ("grant_type=client_credentials", {"content_type": "text/plain"}, "invalid_request"),
        ({"grant_type": "client_credentials"}, {"query_string": "scope=call"}, "invalid_request"),
        ({}, {"query_string": "grant_type=client_credentials"}, "invalid_request"),
    ],
)
def test_a_request_that_is_not_one(client: ApiClient, made: Any, form: Any, options: Any, error: str) -> None:
    answer = _post(client, "/oauth/token", form, basic=(made["client_id"], made["client_secret"]), **options)
    assert _error(answer) == (400, error)
    described = answer.get_json().get("error_description", "")
    assert described.isascii()
    assert not set(described) & set('"\\\n')
    assert made["client_secret"] not in answer.get_data(as_text=True)


@pytest.mark.parametrize(("method", "path"), [("GET", "/oauth/token"), ("PUT", "/oauth/revoke"), ("GET", "/oauth/x")])
def test_other_methods_and_addresses_are_told_to_programs(client: ApiClient, method: str, path: str) -> None:
    with client.app.test_client(use_cookies=False) as http:
        answer = http.open(path, method=method)
    assert answer.status_code in (404, 405)
    assert answer.mimetype == "application/problem+json"


def test_a_rotated_secret_opens_until_its_overlap_ends(
    client: ApiClient, developer: ApiClient, house: House, made: Any
) -> None:
    path = f"/oauth-clients/{made['client_id']}/rotate-secret"
    second = developer.post(path, {"overlap_hours": 1}).expect(201).json
    assert [_token(client, each).status_code for each in (made, second)] == [200, 200]
    third = developer.post(path, {"overlap_hours": 1}).expect(201).json
    assert [_token(client, each).status_code for each in (made, second, third)] == [401, 200, 200]
    house.clock.advance(61 * MINUTE)
    assert [_token(client, each).status_code for each in (second, third)] == [401, 200]
    at_once = developer.post(path, {"overlap_hours": 0}).expect(201).json
    assert [_token(client, each).status_code for each in (third, at_once)] == [401, 200]


def test_a_revoked_client_takes_no_token(client: ApiClient, developer: ApiClient, house: House, made: Any) -> None:
    path = f"/oauth-clients/{made['client_id']}"
    developer.post(f"{path}/rotate-secret").expect(201)
    first, again = (developer.post(f"{path}/revoke").expect(200).json for _ in range(2))
    assert first == again
    assert _error(_token(client, made)) == (401, "invalid_client")
    assert house.db.read(queries.compiled_clients) == []
    (compiled,) = house.db.read(lambda uow: queries.compiled_clients(uow, [made["client_id"]]))
    assert compiled.state == "revoked"
    assert developer.post(f"{path}/rotate-secret").expect(409).code == "client_revoked"


def test_a_suspended_organisation_takes_no_token_until_it_stands_again(
    client: ApiClient, developer: ApiClient, house: House, owner: build.Built, made: Any
) -> None:
    organisation_id = str(owner.organisation_id)
    house.db.write(lambda uow: identity_service.set_qualification(uow, organisation_id, state="suspended"))
    assert _error(_token(client, made)) == (400, "unauthorized_client")
    wrong = made | {"client_secret": "wrong"}
    assert _error(_token(client, wrong)) == (401, "invalid_client")
    assert developer.post("/oauth-clients", {"name": "n"}).expect(403).code == "organisation_suspended"
    house.db.write(lambda uow: identity_service.set_qualification(uow, organisation_id, state="approved"))
    assert _token(client, made).status_code == 200


def test_the_clients_of_a_disabled_account_stop(
    client: ApiClient, house: House, owner: build.Built, made: Any, told: list[Event]
) -> None:
    house.db.write(lambda uow: standing.disable_account(uow, email=owner.email))
    assert told == [ClientChanged(client_id=made["client_id"])]
    assert _error(_token(client, made)) == (401, "invalid_client")
    (compiled,) = house.db.read(lambda uow: queries.compiled_clients(uow, [made["client_id"]]))
    assert compiled.state == "revoked"


@pytest.mark.parametrize("role", ["supplier", "buyer", "finance"])
def test_only_developers_and_owners(client: ApiClient, owner: build.Built, house: House, made: Any, role: str) -> None:
    member = ApiClient(client.app, build.member(house, owner, role).token)
    path = f"/oauth-clients/{made['client_id']}"
    answers = [
        member.get("/oauth-clients"), member.get(path), member.post("/oauth-clients", {"name": "n"}),
        member.post(f"{path}/rotate-secret"), member.post(f"{path}/revoke"),
    ]  # fmt: skip
    assert {answer.expect(403).code for answer in answers} == {"developer_role_needed"}
    assert _token(client, made).status_code == 200
    assert len(house.db.read(queries.compiled_clients)) == 1


def test_fifty_clients_are_enough(developer: ApiClient, house: House, made: Any) -> None:
    for _ in range(service.MOST_CLIENTS - 1):
        developer.post("/oauth-clients", {"name": "n"}).expect(201)
    assert developer.post("/oauth-clients", {"name": "n"}).expect(409).code == "too_many_clients"
    assert len(house.db.read(queries.compiled_clients)) == service.MOST_CLIENTS


def test_failures_are_slowed_down_for_that_address_only_and_never_the_right_secret(
    client: ApiClient, house: House, made: Any
) -> None:
    wrong = made | {"client_secret": "wrong"}
    codes = [_token(client, wrong).status_code for _ in range(7)]
    assert codes == [401] * 5 + [429] * 2
    slowed = _token(client, wrong)
    assert _error(slowed) == (429, "too_many_requests")
    assert int(slowed.headers["Retry-After"]) >= 1
    assert _token(client, wrong, peer="192.0.2.7").status_code == 401
    assert _token(client, made).status_code == 200
    house.clock.advance(MINUTE)
    assert _token(client, wrong).status_code == 401


def test_one_address_cannot_try_many_clients(client: ApiClient) -> None:
    codes = [_token(client, {"client_id": new_id("cli"), "client_secret": "x"}).status_code for _ in range(52)]
    assert codes.count(401) == 50
    assert codes[-1] == 429


def _revoke(client: ApiClient, made: Any, token: str, **form: str) -> TestResponse:
    return _post(client, "/oauth/revoke", {"token": token} | form,
                 basic=(made["client_id"], made["client_secret"]))  # fmt: skip


@pytest.mark.parametrize("hint", [{}, {"token_type_hint": "access_token"}, {"token_type_hint": "saml"}])
def test_a_token_is_given_back_once(
    client: ApiClient, house: House, made: Any, told: list[Event], hint: dict[str, str]
) -> None:
    token = _token(client, made).get_json()["access_token"]
    _, claims = opened(token, {"keys": house.db.read(queries.public_keys)})
    assert [_revoke(client, made, token, **hint).status_code for _ in range(2)] == [200, 200]
    assert told == [TokenRevoked(jti=claims["jti"], expires_at=claims["exp"])]
    ((jti, expires_at),) = house.db.read(queries.revoked)
    assert (jti, int(expires_at.timestamp())) == (claims["jti"], claims["exp"])
    house.clock.advance(11 * MINUTE)
    assert house.db.read(queries.revoked) == []
    assert service.tick(house)
    assert not service.tick(house)


def test_a_token_of_another_client_is_not_given_back(
    client: ApiClient, developer: ApiClient, house: House, made: Any
) -> None:
    other = developer.post("/oauth-clients", {"name": "other"}).expect(201).json
    token = _token(client, made).get_json()["access_token"]
    assert _error(_revoke(client, other, token)) == (400, "invalid_grant")
    assert _error(_post(client, "/oauth/revoke", {"token": token})) == (401, "invalid_client")
    assert _error(_revoke(client, made, "")) == (400, "invalid_request")
    assert house.db.read(queries.revoked) == []


def test_tokens_that_are_none_change_nothing(client: ApiClient, house: House, made: Any) -> None:
    """RFC 7009: what is not a token of ours is as good as revoked."""
    key = house.db.read(signing.current)
    assert key is not None
    assert key.private_key is not None
    (organisation_id,) = {each.organisation_id for each in house.db.read(queries.compiled_clients)}
    signed = hostile.Signed(
        key=key.private_key, kid=str(key.kid), issuer=house.settings.web_address,  # type: ignore[arg-type]
        client_id=made["client_id"], organisation_id=organisation_id, now=int(house.clock.now().timestamp()),
    )  # fmt: skip
    for each in hostile.corpus(signed):
        if len(each.token) < 10_000:
            assert _revoke(client, made, each.token).status_code == 200, each.name
    assert house.db.read(queries.revoked) == []
    assert _revoke(client, made, signed.token()).status_code == 200
    assert [jti for jti, _ in house.db.read(queries.revoked)] == [signed.jti]


def _kids(house: House) -> list[str]:
    return [each["kid"] for each in house.db.read(queries.public_keys)]


def _signing(house: House) -> str:
    key = house.db.read(signing.current)
    assert key is not None
    return str(key.kid)


def _taken(client: ApiClient, house: House, made: Any) -> str:
    token: str = _token(client, made).get_json()["access_token"]
    assert _read(house, token) is not None
    return token


def _read(house: House, token: str) -> tokens.AccessToken | None:
    known = house.db.read(queries.public_keys)
    return tokens.read(token, known, issuer=house.settings.web_address, now=house.clock.now())


def test_a_new_signing_key_is_known_before_it_signs_and_the_old_one_until_its_tokens_end(
    client: ApiClient, house: House, made: Any, told: list[Event]
) -> None:
    old = _signing(house)
    new, signs_from = house.db.write(signing.rotate)
    assert set(_kids(house)) == {old, new}
    assert told == [SigningKeysChanged()]
    assert _signing(house) == old
    house.clock.advance(signs_from - house.clock.now() - timedelta(seconds=5))
    last = _taken(client, house, made)
    house.clock.advance(timedelta(seconds=6))
    assert _signing(house) == new
    house.clock.advance(9 * MINUTE)
    assert _read(house, last) is not None
    _taken(client, house, made)
    assert service.tick(house)
    assert _sealed(house) == {new}
    house.clock.advance(2 * MINUTE)
    assert _kids(house) == [new]
    assert service.tick(house)
    assert not service.tick(house)


def _sealed(house: House) -> set[str]:
    with house.db.engine.connect() as connection:
        kept = connection.exec_driver_sql("SELECT id FROM oauth_signing_key WHERE sealed IS NOT NULL")
        return set(kept.scalars())


def test_a_compromised_key_ends_at_once_with_all_its_tokens(client: ApiClient, house: House, made: Any) -> None:
    old = _signing(house)
    taken = _taken(client, house, made)
    new, _ = house.db.write(lambda uow: signing.rotate(uow, compromised=True))
    assert (_kids(house), _signing(house), _sealed(house)) == ([new], new, {new})
    assert old != new
    assert _read(house, taken) is None
    _taken(client, house, made)


def test_a_key_that_has_signed_for_ninety_days_gets_a_successor(house: House, made: Any) -> None:
    old = _signing(house)
    house.clock.advance(timedelta(days=91))
    assert service.tick(house)
    assert len(_kids(house)) == 2
    assert _signing(house) == old
    assert not service.tick(house)
    house.clock.advance(11 * MINUTE)
    assert _signing(house) != old


def test_the_private_key_is_sealed_and_bound_to_its_id(house: House, made: Any) -> None:
    key = house.db.read(signing.current)
    assert key is not None
    raw = key.private_key.private_bytes_raw()  # type: ignore[union-attr]
    with house.db.engine.connect() as connection:
        (kid, sealed), *_ = connection.exec_driver_sql("SELECT id, sealed FROM oauth_signing_key").all()
    assert raw not in bytes(sealed)
    with pytest.raises(ValueError, match="cannot be opened"):
        house.keyring.decrypt("oauth-signing-keys", bytes(sealed), b"sgk_other")
    assert house.keyring.decrypt("oauth-signing-keys", bytes(sealed), kid.encode()) == raw


def test_without_any_signing_key_one_is_made(client: ApiClient, house: House, made: Any) -> None:
    def lose(uow: Any) -> None:
        for row in uow.session.query(SigningKey):
            uow.session.delete(row)

    house.db.write(lose)
    assert _kids(house) == []
    _taken(client, house, made)


def test_an_access_token_does_not_open_the_exchanges_own_api(client: ApiClient, house: House, made: Any) -> None:
    answer = ApiClient(client.app, _taken(client, house, made)).get("/me").expect(401)
    assert answer.code == "gateway_credential"


def test_a_broken_database_answers_in_the_standards_shape(client: ApiClient, house: House, made: Any) -> None:
    with house.db.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE oauth_client RENAME TO gone")
    client.app.testing = False
    answer = _token(client, made)
    assert _error(answer) == (500, "server_error")
    assert "oauth_client" not in answer.get_data(as_text=True)
