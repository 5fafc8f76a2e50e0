"""The evidence bundle of a negotiated order: contracts enclosed, signatures checked offline, forgeries found."""

from __future__ import annotations

import json

import pytest

from compliance.audit import bundles, checkpoints, verifier
from core.house import House
from exchange.trading import negotiating, queries
from tests import build
from tests.compliance.audit.story import settle


def test_the_bundle_proves_terms_contract_and_signatures(house: House) -> None:
    supplier, buyer = build.organisation(house), build.organisation(house)
    listing = build.listed(house, supplier)
    asked = house.db.write(
        lambda uow: negotiating.inquire(uow, buyer.actor, listing_id=listing.id, purpose="training", text="A quote?")
    )
    assert asked.head is not None
    given = {"contract": "provision", "nda": True}
    offered = house.db.write(
        lambda uow: negotiating.propose(uow, supplier.actor, asked.id, in_reply_to=asked.head or "", given=given)
    )
    agreed = house.db.write(lambda uow: negotiating.agree(uow, buyer.actor, asked.id, in_reply_to=offered.head or ""))
    placed = build.settled(house, agreed, buyers=[buyer], suppliers=[supplier])
    assert placed.state == "placed"
    files = _bundle(house, buyer, placed.id)
    key = checkpoints.public_key(house).text()
    report = verifier.verify(files, key_text=key)
    assert any("2 contracts" in english for _, english in report.lines)
    assert json.loads(files["manifest.json"])["version"] == verifier.VERSION_WITH_CONTRACTS
    for name in [name for name in files if name.startswith("contracts/")]:
        document = json.loads(files[name])
        document["title"]["en"] = "Another title"
        for forged in (files | {name: json.dumps(document).encode()}, {k: v for k, v in files.items() if k != name}):
            with pytest.raises((verifier.Tampered, verifier.Malformed)):
                verifier.verify(forged, key_text=key)
            with pytest.raises(verifier.Tampered):
                verifier._check_contracts(forged, report, placed.id)


def _bundle(house: House, who: build.Built, order_id: str) -> dict[str, bytes]:
    settle(house)
    related, contracts = house.db.read(
        lambda uow: (queries.related_ids(uow, who.actor, order_id), queries.contracts(uow, who.actor, order_id))
    )
    made = bundles.build(house, order_id=order_id, object_ids=related, contracts=contracts)
    assert made is not None
    return verifier.unpacked(made)
