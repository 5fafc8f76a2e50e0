"""HTTP routes of second factors and signing keys."""

from __future__ import annotations

from typing import Any

from compliance.identity import factors, signing
from compliance.identity.schemas import EnrolIn, EnrolmentOut, FactorOut, OtpIn, OwnKeyIn, PublicKeyOut
from core import http
from core.actor import Actor
from core.db import Uow

api = http.Api("factors")


@api.get("/second-factor", answer=FactorOut, summary="Whether one-time codes stand behind your account")
def show(uow: Uow, actor: Actor) -> Any:
    return factors.of(uow, actor.account_id or "")


@api.post("/second-factor", body=EnrolIn, answer=EnrolmentOut, status=201, summary="A secret for your device")
def enrol(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    return factors.enrol(uow, actor, body["otp"])


@api.post("/second-factor/confirm", body=OtpIn, summary="Put the secret in force with its first code")
def finish(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    return {"recovery_codes": factors.finish(uow, actor, body["otp"])}


@api.get("/signing-keys", summary="The keys that you sign, or signed, with")
def list_keys(uow: Uow, actor: Actor) -> Any:
    return {"items": PublicKeyOut(many=True).dump(signing.public_keys(uow, [actor.account_id or ""]))}


@api.post("/signing-keys", body=OwnKeyIn, answer=PublicKeyOut, status=201, summary="Sign with a key of your own")
def register_key(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    return signing.register_key(uow, actor, **body)


@api.post("/signing-keys/renew", body=OtpIn, answer=PublicKeyOut, status=201, summary="A fresh key, kept sealed")
def renew_key(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    return signing.renew_key(uow, actor, body["otp"])
