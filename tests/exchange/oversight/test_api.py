"""Oversight through the API: for officers, and for nobody else."""

from __future__ import annotations

from datetime import timedelta

import flask

from core.house import House
from tests import build
from tests.client import ApiClient
from tests.exchange.oversight.watched import local, watched


def test_an_officer_reads_and_acknowledges_and_others_learn_nothing(app: flask.Flask, house: House) -> None:
    watch = watched(house)
    watch.declined(local(watch.today(), 9), {"recipient_not_permitted": 6})
    watch.look()
    officer = ApiClient(app, watch.officer.token)
    (alert,) = officer.get("/oversight/alerts?open_only=true").expect(200).json["items"]
    assert (alert["rule"], alert["figures"]["codes"]) == ("drift", {"recipient_not_permitted": 6})
    assert officer.get("/oversight/map").expect(200).json["items"] == []
    address = f"/oversight/alerts/{alert['id']}"
    for who in (watch.buyer, watch.supplier, build.platform_person(house, "reviewer")):
        stranger = ApiClient(app, who.token)
        for path in ("/oversight/map", "/oversight/alerts", address, "/oversight/alerts/alr_unknown"):
            stranger.get(path).expect(403)
        stranger.post(f"{address}/acknowledge", {"note": "nothing to see"}, key="k1").expect(403)
    assert officer.get(address).expect(200).json["acknowledged_at"] is None
    officer.get("/oversight/alerts/alr_unknown").expect(404, "alert_not_found")
    officer.post(f"{address}/acknowledge", {"note": ""}, key="k2").expect(422)
    done = officer.post(f"{address}/acknowledge", {"note": "A new branch abroad."}, key="k3").expect(200).json
    assert done["note"] == "A new branch abroad."
    officer.post(f"{address}/acknowledge", {"note": "Once more."}, key="k4").expect(409, "alert_acknowledged")
    assert officer.get("/oversight/alerts?open_only=true").expect(200).json["items"] == []
    far = (house.clock.now() - timedelta(days=400)).isoformat().replace("+00:00", "Z")
    officer.get(f"/oversight/map?from={far}").expect(422, "time_invalid")
