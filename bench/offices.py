"""Every office of the platform before every thing of others: ``python -m bench.offices``.

Each route and page that takes an id is asked for another's thing, for one that does not exist and for one of another
kind; what an office may not do is refused and changes nothing, and nothing breaks.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from bench.cast import open_house
from exchange.app import create_app_of
from tests import build
from tests.journeys import denials, offices


def main() -> int:
    """Prints how much was asked and each fault; answers 1 when there was one."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        house = open_house(Path(folder))
        scene = denials.scene(house)
        campaign = offices.Campaign(house, create_app_of(house), scene)
        for who, name in ((scene.outsider, "outsider"), (None, "stranger")):
            campaign.pages(who, name, theirs=True)
        for role in sorted(offices.MAY):
            campaign.pages(build.platform_person(house, role), role)
        for role in sorted(offices.MAY):
            campaign.office(role)
    report = campaign.report
    print(f"{report.asked} questions, {len(report.faults)} faults, {time.monotonic() - begun:.0f} s")
    print("\n".join(report.faults))
    return int(bool(report.faults))


if __name__ == "__main__":
    sys.exit(main())
