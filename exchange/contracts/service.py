"""Drawing a contract up, and signing it. Who may, and which order asks for it, is the caller's part."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from compliance.audit.service import record
from compliance.identity import signers, signing
from core.actor import Actor
from core.db import Uow
from core.ids import new_id
from exchange.contracts import rules
from exchange.contracts.errors import AlreadySigned, ContractNotFound
from exchange.contracts.models import Contract, ContractSignature
from exchange.contracts.types import ContractSnapshot, Party, Price, Subject


def draw_up(
    uow: Uow, actor: Actor, kind: str, *, provider: Party, recipient: Party, subject: Subject,
    terms: Mapping[str, Any] | None = None, price: Price | None = None,
) -> ContractSnapshot:  # fmt: skip
    """The document, kept with its hash in the audit log; nobody has signed it yet."""
    contract_id = new_id("ctr")
    made = rules.document(
        contract_id, kind, provider=provider, recipient=recipient, subject=subject, terms=terms, price=price,
        made_at=uow.now(),
    )  # fmt: skip
    body = rules.canonical(made)
    row = Contract(
        id=contract_id, order_id=subject.order_id, kind=kind, body=body.decode(),
        sha256=hashlib.sha256(body).hexdigest(), made_at=uow.now(), signatures=[],
    )  # fmt: skip
    uow.session.add(row)
    uow.session.flush()
    record(
        uow, actor, action="contract:draw_up", object_id=row.id, tier=subject.tier,
        data={"order": row.order_id, "kind": kind, "document_sha256": row.sha256,
              "terms_sha256": str(made["terms_sha256"]) or "none"},
        concerns=[provider.id, recipient.id],
    )  # fmt: skip
    return row.snapshot()


def sign(
    uow: Uow, actor: Actor, contract_id: str, side: str, *, otp: str, signature: str = "", concerns: list[str]
) -> ContractSnapshot:
    """One side signs exactly the document's bytes, confirmed by the second factor.

    Raises ContractNotFound, AlreadySigned, SecondFactorNeeded, SecondFactorWrong, SignatureInvalid.
    """
    row = uow.session.get(Contract, contract_id)
    if row is None:
        raise ContractNotFound()
    if any(each.side == side for each in row.signatures):
        raise AlreadySigned()
    made = signing.sign(uow, actor, row.body.encode(), otp, signature=signature)
    row.signatures.append(
        ContractSignature(
            contract_id=row.id, side=side, by=actor.pseudonym, key_id=made.key_id, public_key=made.public_key,
            signature=made.signature, signed_at=uow.now(),
        )
    )  # fmt: skip
    uow.session.flush()
    signers.keep(uow, actor, row.order_id)
    record(
        uow, actor, action="contract:sign", object_id=row.id,
        data={"order": row.order_id, "side": side, "document_sha256": row.sha256, "key": made.key_id,
              "public_key": made.public_key, "signature": made.signature},
        concerns=concerns,
    )  # fmt: skip
    return row.snapshot()
