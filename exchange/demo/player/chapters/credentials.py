"""9. A developer makes keys and an OAuth client, calls with each, tries with a test key, rotates without an outage."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from exchange.demo.interfaces import COMPANIES, DIGITS, IDENTITY
from exchange.demo.player.chapters.interfaces import open_firms, person, picture
from exchange.demo.player.chapters.licensing import PURPOSE
from exchange.demo.player.client import Person, Reply
from exchange.demo.player.filling import Cast
from exchange.demo.player.program import Program, Traffic, shown
from exchange.demo.player.tale import Tale, eventually


def play(cast: Cast, tale: Tale) -> None:
    tale.chapter("九、密钥与令牌", "9. Keys and tokens")
    developer = cast.members["yunfan"]["dev"]
    cast.keys["live"] = _made(cast, tale, developer)
    _curl(cast, tale)
    _token(cast, tale, developer)
    _test_key(cast, tale, developer)
    _rotated(cast, tale, developer)


def make_key(developer: Person, name: str, mode: str = "live", listing_ids: list[str] | None = None) -> dict[str, Any]:
    made: dict[str, Any] = (
        developer.post("/keys", {"name": name, "mode": mode, "listing_ids": listing_ids}).expect(201).json
    )
    return made


def program(cast: Cast, key: str, credential: str) -> Program:
    """A program that calls the interface with this credential, for the licensed purpose."""
    return Program(cast.world.gateway, cast.listings[key], credential, PURPOSE)


def ready(calling: Program, method: str, path: str, body: object = None) -> Reply:
    """The first call with something new, once the gateway has heard of it (at most a moment)."""
    answers: list[Reply] = []

    def heard() -> bool:
        answers.append(calling.call(method, path, body))
        return answers[-1].status not in (401, 403)

    eventually(heard, "the gateway has heard of the credential", 10)
    return answers[-1]


def _made(cast: Cast, tale: Tale, developer: Person) -> dict[str, Any]:
    refused = cast.members["yunfan"]["money"].post("/keys", {"name": "x"}).expect(403)
    tale.done("财务不能建密钥", "finance makes no keys", refused.detail)
    made = make_key(developer, "checkout")
    hidden = made["key"].encode() not in developer.get("/keys").expect(200).body
    tale.check(hidden, "开发者建密钥，只显示一次", "a developer makes a key; it is shown once", made["made"]["prefix"])
    return made


def _curl(cast: Cast, tale: Tale) -> None:
    """The line that a developer copies; run by curl itself when the machine has it."""
    url = f"{cast.world.gateway}/i/{cast.listings[COMPANIES.key]}/companies/{open_firms()[1]}"
    key = cast.keys["live"]["key"]
    ready(program(cast, COMPANIES.key, key), "GET", f"/companies/{open_firms()[0]}")
    line = ["curl", "-sS", url, "-H", f"Authorization: Bearer {key}", "-H", f"Data-Purpose: {PURPOSE}"]
    told = " ".join(f"'{part}'" if " " in part else part for part in line).replace(key, key[:16] + "…")
    if shutil.which("curl") is None:
        tale.done("复制的 curl 命令（本机无 curl）", "the line to copy (no curl on this machine)", told)
        return
    said = subprocess.run(line, capture_output=True, check=False, timeout=30).stdout
    name = json.loads(said)["company"]["name"]
    tale.done("复制的 curl 命令可用", "the copied curl line works", f"{told}\n      → {name}")


def _token(cast: Cast, tale: Tale, developer: Person) -> None:
    client = developer.post("/oauth-clients", {"name": "batch", "mode": "live"}).expect(201).json
    token = access_token(cast, client)
    answer = ready(program(cast, COMPANIES.key, token), "GET", f"/companies/{open_firms()[2]}")
    tale.check(
        answer.status == 200, "OAuth 2 客户端凭据换令牌，调用成功", "a client-credentials token works", shown(answer)
    )
    form(cast, "/oauth/revoke", {"token": token}, client)
    calling = program(cast, COMPANIES.key, token)
    path = f"/companies/{open_firms()[2]}"
    eventually(lambda: calling.call("GET", path).status == 401, "the revoked token is refused", 10)
    tale.done("吊销后令牌立即失效", "a revoked token opens nothing", shown(calling.call("GET", path)))


def access_token(cast: Cast, client: Mapping[str, Any]) -> str:
    return str(form(cast, "/oauth/token", {"grant_type": "client_credentials"}, client)["access_token"])


def form(cast: Cast, path: str, fields: Mapping[str, str], client: Mapping[str, Any]) -> Any:
    """A form to the authorization server, authenticated by the client's secret."""
    secret = base64.b64encode(f"{client['client_id']}:{client['client_secret']}".encode()).decode()
    request = urllib.request.Request(
        cast.door.base_url + path, urlencode(fields).encode(), {"Authorization": f"Basic {secret}"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        body = answer.read()
    return json.loads(body) if body else None


def _test_key(cast: Cast, tale: Tale, developer: Person) -> None:
    made = make_key(developer, "trying", "test")
    calling = program(cast, IDENTITY.key, made["key"])
    first = ready(calling, "POST", "/identity/verify", person(1))
    tale.done("测试密钥：计量，不计费", "a test key: metered, never billed", shown(first))
    answers = [calling.call("POST", "/identity/verify", person(1)) for _ in range(IDENTITY.limits["trial_calls"])]
    last = answers[-1]
    tale.check(last.code == "trial_exhausted", "试用次数用完", "the trial calls are used up", shown(last))


def _rotated(cast: Cast, tale: Tale, developer: Person) -> None:
    """Every call of a running program is answered while its key changes."""
    old = make_key(developer, "nightly", "live", [cast.listings[DIGITS.key]])
    calling = program(cast, DIGITS.key, old["key"])
    ready(calling, "POST", "/digits/recognise", picture("3"))
    traffic = Traffic(calling, "POST", "/digits/recognise", picture("5"))
    with traffic:
        new = developer.post(f"/keys/{old['made']['id']}/rotate", {"overlap_hours": 24}).expect(201).json
        ready(program(cast, DIGITS.key, new["key"]), "POST", "/digits/recognise", picture("4"))
        calling.credential = new["key"]
        swapped = traffic.codes["200"]
        eventually(lambda: traffic.codes["200"] > swapped + 10, "calls with the new key", 10)
    tale.check(
        set(traffic.codes) == {"200"},
        "轮换密钥，运行中的程序不中断",
        "rotated under a running program",
        dict(traffic.codes),
    )
    wrong = program(cast, COMPANIES.key, new["key"]).call("GET", f"/companies/{open_firms()[0]}")
    tale.check(wrong.status == 403, "密钥只能调用其范围内的接口", "a key calls what it is scoped to", shown(wrong))
    calling.credential = old["key"]
    developer.post(f"/keys/{old['made']['id']}/revoke", {}).expect(200)
    eventually(lambda: calling.call("POST", "/digits/recognise", picture("3")).status == 401, "the revocation", 10)
    ended = calling.call("POST", "/digits/recognise", picture("3"))
    tale.check(ended.code == "credential_revoked", "吊销旧密钥", "the old key is revoked", shown(ended))
    cast.keys["digits"] = new
