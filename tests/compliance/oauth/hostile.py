"""Tokens that nobody may take: a corpus for whoever reads access tokens. Pure; knows no exchange.

``corpus(signed)`` makes them around a token that is right. Each has a name that says what is wrong with it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

Claims = dict[str, Any]


@dataclass(frozen=True)
class Signed:
    """What a right token is made of, with the private key that signs it."""

    key: Ed25519PrivateKey
    kid: str
    issuer: str
    client_id: str
    organisation_id: str
    now: int
    audience: str = "piaohao-gateway"
    scope: str = "call"
    life: int = 600
    jti: str = "hostile-jti"
    extra: Claims = field(default_factory=dict)

    @property
    def header(self) -> Claims:
        return {"alg": "EdDSA", "typ": "at+jwt", "kid": self.kid}

    @property
    def claims(self) -> Claims:
        return {
            "iss": self.issuer, "aud": self.audience, "sub": self.client_id, "client_id": self.client_id,
            "org": self.organisation_id, "jti": self.jti, "iat": self.now, "exp": self.now + self.life,
            "scope": self.scope,
        } | self.extra  # fmt: skip

    def token(self, header: Claims | None = None, claims: Claims | None = None) -> str:
        """Signed rightly, with these fields in place of those that would be right; None takes one away."""
        head, body = self.header | (header or {}), self.claims | (claims or {})
        return self.sealed(_present(head), _present(body), self.key.sign)

    @staticmethod
    def sealed(header: Claims, claims: Claims, sign: Callable[[bytes], bytes]) -> str:
        signed = f"{b64(dumps(header))}.{b64(dumps(claims))}"
        return f"{signed}.{b64(sign(signed.encode()))}"


@dataclass(frozen=True)
class Hostile:
    """A token that must be refused, and why."""

    name: str
    token: str


def jwk(key: Ed25519PrivateKey, kid: str) -> dict[str, Any]:
    """The public half, as a set of keys publishes it."""
    x = b64(key.public_key().public_bytes_raw())
    return {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid, "use": "sig", "alg": "EdDSA"}


def opened(token: str, keys: Mapping[str, Any]) -> tuple[Claims, Claims]:
    """Header and claims of a token, its signature held against a published set of keys as RFC 8037 has it."""
    signed, _, signature = token.rpartition(".")
    header, claims = (json.loads(unb64(part)) for part in signed.split("."))
    (key,) = (each for each in keys["keys"] if each["kid"] == header["kid"])
    assert (key["kty"], key["crv"], key["alg"]) == ("OKP", "Ed25519", header["alg"])
    Ed25519PublicKey.from_public_bytes(unb64(key["x"])).verify(unb64(signature), signed.encode())
    return header, claims


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def dumps(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _present(fields: Claims) -> Claims:
    return {name: value for name, value in fields.items() if value is not None}


def corpus(signed: Signed) -> Iterator[Hostile]:
    """Every hostile token; ``signed.token()`` is the right one beside them."""
    for part in (_unsigned, _foreign_keys, _confused, _kids, _headers, _claims, _times, _bytes):
        for name, token in part(signed):
            yield Hostile(name, token)


def _unsigned(signed: Signed) -> Iterator[tuple[str, str]]:
    for alg in ("none", "None", "NONE", "nOnE", ""):
        header = signed.header | {"alg": alg}
        yield f"alg {alg or 'empty'} without a signature", Signed.sealed(header, signed.claims, lambda _data: b"")
        yield f"alg {alg or 'empty'} with a right signature", signed.token({"alg": alg})
    yield "no alg", signed.token({"alg": None})
    right = signed.token()
    yield "signature taken away", right.rpartition(".")[0] + "."
    yield "signature of another token", right.rpartition(".")[0] + "." + signed.token(claims={"jti": "x"}).split(".")[2]


def _foreign_keys(signed: Signed) -> Iterator[tuple[str, str]]:
    other = Ed25519PrivateKey.generate()
    yield "another key under our kid", Signed.sealed(signed.header, signed.claims, other.sign)
    yield (
        "another key under its own kid",
        Signed.sealed(signed.header | {"kid": "sgk_other"}, signed.claims, other.sign),
    )
    its_public = jwk(other, signed.kid)
    for name, extra in (
        ("jwk in the header", {"jwk": its_public}),
        ("jwk in the header, no kid", {"jwk": its_public, "kid": None}),
        ("jku in the header", {"jku": "http://127.0.0.1/jwks.json"}),
        ("x5u in the header", {"x5u": "http://127.0.0.1/cert.pem"}),
    ):
        yield f"another key, {name}", Signed.sealed(_present(signed.header | extra), signed.claims, other.sign)


def _confused(signed: Signed) -> Iterator[tuple[str, str]]:
    """The public key, which everybody has, used as if it were the secret of another algorithm."""
    public = signed.key.public_key()
    raw = public.public_bytes_raw()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    for alg, digest in (("HS256", hashlib.sha256), ("HS384", hashlib.sha384), ("HS512", hashlib.sha512)):
        for form, secret in (("raw", raw), ("PEM", pem), ("base64url", b64(raw).encode()), ("empty", b"")):
            yield (
                f"{alg} with the public key, {form}",
                Signed.sealed(
                    signed.header | {"alg": alg}, signed.claims,
                    lambda data, secret=secret, digest=digest: hmac.digest(secret, data, digest),  # type: ignore[misc]
                ),
            )  # fmt: skip
    for alg in ("EdDSA ", "eddsa", "Ed25519", "Ed448", "RS256", "ES256", "PS256", "ES256K"):
        yield f"alg {alg!r} over a right signature", signed.token({"alg": alg})
    keys_rsa = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    yield (
        "RS256 by a key of its own",
        Signed.sealed(
            signed.header | {"alg": "RS256"}, signed.claims, lambda data: keys_rsa.sign(data, PKCS1v15(), SHA256())
        ),
    )
    keys_ec = ec.generate_private_key(ec.SECP256R1())
    yield (
        "ES256 by a key of its own",
        Signed.sealed(
            signed.header | {"alg": "ES256"}, signed.claims, lambda data: keys_ec.sign(data, ec.ECDSA(SHA256()))
        ),
    )


def _kids(signed: Signed) -> Iterator[tuple[str, str]]:
    yield "no kid", signed.token({"kid": None})
    for kid in (
        "", "../../../../dev/null", "..%2f..%2fetc%2fpasswd", "/dev/null", "' OR 1=1 --", "sgk_\x00", "*",
        signed.kid.upper(), signed.kid + "\x00", signed.kid + " ", "http://169.254.169.254/", "k" * 400,
    ):  # fmt: skip
        yield f"kid {kid[:30]!r}", signed.token({"kid": kid})
    for other in (0, 1, True, [signed.kid], {"kid": signed.kid}):
        yield f"kid as {type(other).__name__} {other!r}"[:60], signed.token({"kid": other})


def _headers(signed: Signed) -> Iterator[tuple[str, str]]:
    for typ in (None, "JWT", "jwt", "id+jwt", "logout+jwt", "AT+JWT;", "", 7):
        yield f"typ {typ!r}", signed.token({"typ": typ})
    yield "crit with an unknown extension", signed.token({"crit": ["exp"]})
    yield "crit empty", signed.token({"crit": []})
    yield "b64 false", signed.token({"b64": False, "crit": ["b64"]})
    yield "alg as a list", signed.token({"alg": ["EdDSA"]})
    yield "header is a list", _around(signed, b'["EdDSA"]')
    yield "header is no JSON", _around(signed, b"EdDSA")
    yield "header is a string", _around(signed, b'"EdDSA"')
    yield "header nested too deep", _around(signed, b'{"a":' * 5000 + b"1" + b"}" * 5000)
    yield "header longer than anybody needs", signed.token({"pad": "A" * 9000})


def _around(signed: Signed, header: bytes) -> str:
    """A right signature over a header of these bytes."""
    text = f"{b64(header)}.{b64(dumps(signed.claims))}"
    return f"{text}.{b64(signed.key.sign(text.encode()))}"


def _over(signed: Signed, payload: bytes) -> str:
    """A right signature over a payload of these bytes."""
    text = f"{b64(dumps(signed.header))}.{b64(payload)}"
    return f"{text}.{b64(signed.key.sign(text.encode()))}"


def _claims(signed: Signed) -> Iterator[tuple[str, str]]:
    for aud in ("another-gateway", "", ["another-gateway"], [], 7, None, signed.audience.upper(), {"a": 1}):
        yield f"aud {aud!r}", signed.token(claims={"aud": aud})
    for iss in ("https://evil.example", "", signed.issuer + "/", signed.issuer.upper() + "X", 7, None):
        yield f"iss {iss!r}", signed.token(claims={"iss": iss})
    for scope in ("", "admin", "callx", 7, None):
        yield f"scope {scope!r}", signed.token(claims={"scope": scope})
    for name in ("sub", "org", "jti"):
        for value in (None, "", 7, [getattr(signed, "client_id")], {"x": 1}):  # noqa: B009
            yield f"{name} {value!r}"[:60], signed.token(claims={name: value})
    yield "claims are a list", _over(signed, b"[]")
    yield "claims are no JSON", _over(signed, b"\xff\xfe{}")
    yield "claims are empty", _over(signed, b"")
    yield "claims nested too deep", _over(signed, b'{"a":' * 5000 + b"1" + b"}" * 5000)


def _times(signed: Signed) -> Iterator[tuple[str, str]]:
    yield "expired an hour ago", signed.token(claims={"iat": signed.now - 4200, "exp": signed.now - 3600})
    yield "expired two seconds ago", signed.token(claims={"exp": signed.now - 2})
    yield "not valid before an hour from now", signed.token(claims={"nbf": signed.now + 3600})
    for exp in (None, "", str(signed.now + 600), True, -1, 0, [signed.now + 600]):
        yield f"exp {exp!r}", signed.token(claims={"exp": exp})
    for number in ("NaN", "Infinity", "-Infinity", "1e400"):
        body = dumps(signed.claims).replace(b'"exp":%d' % (signed.now + signed.life), b'"exp":' + number.encode())
        yield f"exp {number}", _over(signed, body)
    yield "issued an hour from now", signed.token(claims={"iat": signed.now + 3600, "exp": signed.now + 4200})


def _bytes(signed: Signed) -> Iterator[tuple[str, str]]:
    right = signed.token()
    head, body, signature = right.split(".")
    yield "two parts", f"{head}.{body}"
    yield "four parts", f"{right}.{signature}"
    yield "five parts, as an encrypted token has", f"{head}..{body}.{signature}.{signature}"
    yield "empty parts", ".."
    yield "a byte of the claims flipped", f"{head}.{_flipped(body)}.{signature}"
    yield "a byte of the header flipped", f"{_flipped(head)}.{body}.{signature}"
    yield "a byte of the signature flipped", f"{head}.{body}.{_flipped(signature)}"
    yield "a longer signature", f"{head}.{body}.{b64(base64.urlsafe_b64decode(signature + '==') + b'x')}"
    yield "the signature twice", f"{head}.{body}.{signature}{signature}"
    yield "padding after the signature", f"{head}.{body}.{signature}=="
    yield "blanks inside", f"{head}. {body}.{signature}"
    yield "a line break inside", f"{head}.\n{body}.{signature}"
    yield "letters of another alphabet", f"{head}.{body}.{signature[:-1]}é"
    yield (
        "as JSON serialisation",
        json.dumps({"payload": body, "signatures": [{"protected": head, "signature": signature}]}),
    )
    yield "a megabyte of it", right + "A" * (1 << 20)


def _flipped(text: str) -> str:
    place = len(text) // 2
    return text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
