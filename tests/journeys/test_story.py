"""The whole story through the public HTTP API, as each of its people; the player checks every answer."""

from __future__ import annotations

import flask
import pytest

from core.house import House
from exchange.demo import bootstrap
from exchange.demo.listings import DATASETS
from exchange.demo.player import dataset_trade
from exchange.demo.player.chapters import waiting
from exchange.demo.player.client import Difference, Door, Person
from exchange.demo.player.filling import World, fill
from exchange.demo.player.tale import Tale
from tests.journeys.live import served

_ENOUGH = {"weather", "registrations", "receipts", "meters", "gauges", "lanes", "load", "pairs", "sums"}


def test_from_registration_to_verified_evidence(app: flask.Flask, house: House) -> None:
    bootstrap.appoint(house)
    bootstrap.look_elsewhere(house, house.settings.data)
    tale = Tale("zh")
    with served(app, house) as address:
        world = World("", "", "", house.settings.data / "mail")
        cast = fill(Door(address, "zh"), world, tale, [each for each in DATASETS if each.key in _ENOUGH])
        dataset_trade(cast, tale)
        waiting.play(cast, tale)
    assert tale.steps > 90


def test_the_player_ends_with_what_it_did_not_expect(app: flask.Flask, house: House) -> None:
    with served(app, house) as address:
        stranger = Person(Door(address, "en"), "stranger")
        with pytest.raises(Difference, match="stranger: GET /me: expected 200 , was answered 401"):
            stranger.get("/me").expect(200)
