"""Whose address counts behind proxies: that of the last one in the chain that is not ours."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from core.house import House
from core.settings import Settings
from exchange.app import create_app_of
from exchange.proxies import BehindProxies

OURS = ("10.0.0.0/8", "127.0.0.1", "::1")


def seen(peer: str, forwarded: str | None = None, proto: str | None = None) -> tuple[str, str]:
    """Address and scheme that the application gets to know."""
    found: list[tuple[str, str]] = []

    def app(environ: dict[str, Any], _start: Any) -> list[bytes]:
        found.append((environ["REMOTE_ADDR"], environ["wsgi.url_scheme"]))
        return []

    environ: dict[str, Any] = {"REMOTE_ADDR": peer, "wsgi.url_scheme": "http"}
    environ |= {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    environ |= {} if proto is None else {"HTTP_X_FORWARDED_PROTO": proto}
    BehindProxies(app, OURS)(environ, None)
    return found[0]


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("192.0.2.1", None, "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
        ("127.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("::1", "2001:db8::7", "2001:db8::7"),
        ("127.0.0.1", "203.0.113.9, 198.51.100.7, 10.1.2.3", "198.51.100.7"),
        ("127.0.0.1", "10.1.2.3, 10.1.2.4", "10.1.2.3"),
        ("127.0.0.1", "unknown", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.7, nonsense, 10.1.2.3", "10.1.2.3"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", None, "127.0.0.1"),
        ("", "198.51.100.7", ""),
    ],
)
def test_whose_address_counts(peer: str, forwarded: str | None, address: str) -> None:
    assert seen(peer, forwarded)[0] == address


@pytest.mark.parametrize(
    ("peer", "proto", "scheme"),
    [("127.0.0.1", "https", "https"), ("192.0.2.1", "https", "http"), ("127.0.0.1", "gopher", "http")],
)
def test_whose_scheme_counts(peer: str, proto: str, scheme: str) -> None:
    assert seen(peer, "198.51.100.7", proto)[1] == scheme


def test_the_setting_is_read_and_what_is_wrong_in_it_is_told() -> None:
    assert Settings.from_environment("x", {"PIAOHAO_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8"}).proxies == OURS[1::-1]
    with pytest.raises(ValueError, match="nonsense"):
        Settings.from_environment("x", {"PIAOHAO_TRUSTED_PROXIES": "nonsense"})


def test_throttles_count_the_person_and_not_the_proxy(house: House) -> None:
    """Sign-ins from one address are slowed down; behind a proxy everybody would be."""
    told = build_client(house, "127.0.0.1")
    assert told("198.51.100.7") == told("198.51.100.8") == 401


def build_client(house: House, proxies: str) -> Any:
    settings = dataclasses.replace(house.settings, trusted_proxies=proxies)
    app = create_app_of(dataclasses.replace(house, settings=settings))
    client = app.test_client()

    def told(address: str) -> int:
        answer = client.post(
            "/api/v1/sessions", json={"email": "nobody@example.org", "password": "a wrong word"},
            headers={"X-Forwarded-For": address}, environ_overrides={"REMOTE_ADDR": "127.0.0.1"},
        )  # fmt: skip
        return int(answer.status_code)

    return told
