"""What a gateway refuses to a caller whom it knows, it tells as counts, each time in all."""

from __future__ import annotations

from exchange.gateway.declined import Declined
from tests.exchange.gateway import scene
from tests.exchange.gateway.conftest import Stage
from tests.servers.exchange import eventually


def test_counts_only_grow_and_a_quarter_that_is_over_is_forgotten_once_it_was_told() -> None:
    declined = Declined()
    whom = ("org_1", "lst_1")
    for _ in range(3):
        declined.count(whom, "rate_limited", 900)
    assert declined.take(900) == [["org_1", "lst_1", "rate_limited", 1, 3]]
    assert declined.take(900) == []
    declined.count(whom, "rate_limited", 901)
    declined.again()
    assert declined.take(901) == [["org_1", "lst_1", "rate_limited", 1, 4]]
    declined.count(whom, "licence_expired", 2700)
    assert declined.take(2700) == [["org_1", "lst_1", "licence_expired", 3, 1]]
    declined.again()
    assert declined.take(2700) == [["org_1", "lst_1", "licence_expired", 3, 1]]


def test_a_flood_of_kinds_does_not_fill_the_memory() -> None:
    declined = Declined()
    for number in range(6_000):
        declined.count(("org_1", f"lst_{number}"), "interface_not_found", 900)
    assert declined.passed_over == 1_000
    assert sum(len(declined.take(900)) for _ in range(6)) == 5_000


def test_a_known_caller_is_told_of_and_a_stranger_is_not(stage: Stage) -> None:
    def told() -> dict[str, int]:
        return {item[2]: item[4] for item in stage.feeder.declined if item[1] == scene.LISTING}

    known = stage.client()
    for _ in range(3):
        assert known.get("/echo", Data_Purpose="something else").code == "purpose_not_declared"
    assert known.get("/nowhere").code == "operation_not_found"
    assert stage.client(X_Api_Key="nobody's").get("/echo").code == "credential_unknown"
    eventually(lambda: told() == {"purpose_not_declared": 3, "operation_not_found": 1})
