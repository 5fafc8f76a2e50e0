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


def qualified(officer: Person, owner: Person, level: int) -> None:
    """Handed in and approved for a year."""
    organisation_id = hand_in(owner, level).expect(200).json["id"]
    officer.post(f"/qualifications/{organisation_id}/approve", {"level": level, "months": 12}).expect(200)


def join(officer: Person, organisation: Organisation, letters: Path) -> dict[str, Person]:
    """Register, qualify, invite the members; answers everybody signed in, by the first part of the address."""
    stranger = Person(officer.door, organisation.owner.name)
    stranger.post("/registrations", registration(organisation)).expect(201)
    owner = stranger.sign_in(organisation.owner.email, PASSWORD)
    if organisation.level > 1:
        qualified(officer, owner, organisation.level)
    people = {organisation.owner.email.partition("@")[0]: owner}
    for member in organisation.members[1:]:
        people[member.email.partition("@")[0]] = invite(owner, member, letters)
    return people
