"""Every office of the platform before every thing of others: ``python -m bench.offices``.

Each route and page that takes an id is asked for another's thing, for one that does not exist and for one of another
kind; what an office may not do is refused and changes nothing, and nothing breaks. Then every link that a role is shown
is followed: none leads to a closed door.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import flask

from bench.cast import open_house
from compliance.identity.types import Role
from core.house import House
from exchange.app import create_app_of
from tests import build
from tests.exchange.web.browser import Browser
from tests.journeys import denials, offices
from tests.journeys.links import closed_doors

_MOST_PAGES = 80


def main() -> int:
    """Prints how much was asked and each fault; answers 1 when there was one."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        house = open_house(Path(folder))
        scene = denials.scene(house)
        app = create_app_of(house)
        campaign = offices.Campaign(house, app, scene)
        for who, name in ((scene.outsider, "outsider"), (None, "stranger")):
            campaign.pages(who, name, theirs=True)
        for role in offices.MAY:
            campaign.pages(build.platform_person(house, role), role)
        for name, who in _people(house, scene).items():
            campaign.report.faults += [f"{name}: {each}" for each in _closed(app, who)]
        for role in offices.MAY:
            campaign.office(role)
    report = campaign.report
    print(f"{report.asked} questions, {len(report.faults)} faults, {time.monotonic() - begun:.0f} s")
    print("\n".join(report.faults))
    return int(bool(report.faults))


def _people(house: House, scene: denials.Scene) -> dict[str, build.Built]:
    """Each role on either side of a trade, who has just come, and the platform's offices."""
    sides = {"buyer": scene.buyer, "supplier": scene.owner}
    members = {
        f"{side}'s {role}": build.member(house, owner, role)
        for side, owner in sides.items()
        for role in Role
        if role is not Role.OWNER
    }
    staff = {f"platform {role}": build.platform_person(house, role) for role in offices.MAY}
    return {"newcomer": build.organisation(house, level=1)} | sides | members | staff


def _closed(app: flask.Flask, who: build.Built) -> list[str]:
    return closed_doors(Browser(app).sign_in(who), _MOST_PAGES)


if __name__ == "__main__":
    sys.exit(main())
