"""How an organisation comes to the exchange."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from exchange.demo.people import PASSWORD, Member, Organisation
from exchange.demo.player.client import Person, Reply
from exchange.demo.player.mailbox import invitation

STATEMENT = "营业执照与联系人已核对，附扫描件编号。/ Licence and contacts checked; scans are numbered."


def registration(organisation: Organisation, **instead: str) -> dict[str, Any]:
    """What an organisation and its owner write when they register; ``instead`` replaces particulars."""
    particulars = {
        "name": organisation.name,
        "name_en": organisation.name_en,
        "credit_code": organisation.credit_code,
        "origin": organisation.origin,
    }
    owner = organisation.owner
    person = {"name": owner.name, "email": owner.email, "password": PASSWORD}
    return {"organisation": particulars | instead, "person": person}


def invite(owner: Person, member: Member, letters: Path) -> Person:
    """The owner invites a colleague, who follows the letter's link, chooses a password, and signs in."""
    owner.post("/invitations", {"email": member.email, "roles": list(member.roles)}).expect(201)
    colleague = Person(owner.door, member.name)
    body = {"token": invitation(letters, member.email), "name": member.name, "password": PASSWORD}
    colleague.post("/invitations/accept", body).expect(201)
    return colleague.sign_in(member.email, PASSWORD)


def hand_in(owner: Person, level: int) -> Reply:
    """Hand in the qualification for a level, with a document of each kind that it still lacks."""
    lacking = owner.get("/qualification", level=level).expect(200).json["missing"]
    kept = {
        kind: owner.post_bytes("/documents", f"{owner.name}: {kind}\n".encode(), name=f"{kind}.txt")
        .expect(201)
        .json["id"]
        for kind in lacking
    }
    return owner.post("/qualification", {"statement": STATEMENT, "level": level, "documents": kept})


def _scan(owner: Person, kind: str) -> str:
    content = f"{owner.name}: {kind}\n".encode()
    return str(owner.post_bytes("/documents", content, name=f"{kind}.txt").expect(201).json["id"])


def join(officer: Person, organisation: Organisation, letters: Path) -> dict[str, Person]:
    """Register, qualify, invite the members; answers everybody signed in, by the first part of the address."""
    stranger = Person(officer.door, organisation.owner.name)
    organisation_id = stranger.post("/registrations", registration(organisation)).expect(201).json["id"]
    owner = stranger.sign_in(organisation.owner.email, PASSWORD)
    if organisation.level > 1:
        hand_in(owner, organisation.level).expect(200)
        decision = {"level": organisation.level, "months": 12}
        officer.post(f"/qualifications/{organisation_id}/approve", decision).expect(200)
    people = {organisation.owner.email.partition("@")[0]: owner}
    for member in organisation.members[1:]:
        people[member.email.partition("@")[0]] = invite(owner, member, letters)
    return people
