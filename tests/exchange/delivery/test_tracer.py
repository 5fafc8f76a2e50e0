"""The tracer: a leak names its buyer with evidence, to officers only, and keeps nothing of the leak."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from core import jobs
from core.house import House
from core.settings import Settings
from exchange.app import build_house, create_app_of
from exchange.cli import main
from tests import build
from tests.build import Built
from tests.client import Answer, ApiClient
from tests.exchange.delivery.marked import bought, raised

Bought = tuple[str, str, bytes]
TABLE = build.measured(600, seed=11)


@pytest.fixture(scope="module")
def shared(shared_settings: Settings) -> Iterator[House]:
    shared_settings.data.mkdir(mode=0o700, exist_ok=True)
    house = build_house(shared_settings)
    yield house
    house.db.engine.dispose()


@pytest.fixture(scope="module")
def officer(shared: House) -> Built:
    return build.platform_person(shared, "officer")


@pytest.fixture(scope="module")
def copies(shared: House) -> list[Bought]:
    """(order, buyer, its copy) of three buyers of one table."""
    listing = raised(shared, build.organisation(shared), TABLE)
    return [bought(shared, listing) for _ in range(3)]


def _client(house: House, who: Built) -> ApiClient:
    return ApiClient(create_app_of(house), who.token)


def _trace(house: House, officer: Built, body: bytes, name: str = "found.csv") -> Answer:
    client = _client(house, officer)
    case = client.send("POST", f"/tracer?name={name}", data=body).expect(202).json
    assert case["done_at"] is None
    while jobs.run_one(house):
        pass
    return client.get(f"/tracer/{case['id']}").expect(200)


def test_two_of_three_who_pooled_their_copies_are_named(shared: House, officer: Built, copies: list[Bought]) -> None:
    first, second = (body.decode().splitlines(keepends=True) for _, _, body in copies[:2])
    leak = "".join([first[0], *first[1:300], *second[300:]])
    report = _trace(shared, officer, leak.encode()).json["reports"][0]
    assert {each["order_id"] for each in report["suspicions"] if each["accused"]} == {copies[0][0], copies[1][0]}
    assert {each["buyer_id"] for each in report["suspicions"] if each["accused"]} == {copies[0][1], copies[1][1]}
    innocent = next(each for each in report["suspicions"] if not each["accused"])
    assert innocent["order_id"] == copies[2][0]
    assert innocent["score"] < 20 < innocent["threshold"], "its score is chance: about normal, around nothing"


def test_the_suppliers_own_file_accuses_nobody_and_a_strange_one_is_not_recognised(
    shared: House, officer: Built, copies: list[Bought]
) -> None:
    own = _trace(shared, officer, TABLE.encode()).json["reports"][0]
    assert not any(each["accused"] for each in own["suspicions"])
    strange = build.measured(200, seed=999).replace("R0", "Q9")
    assert _trace(shared, officer, strange.encode()).json["reports"] == []


def test_what_was_leaked_is_gone_when_it_was_traced(shared: House, officer: Built, copies: list[Bought]) -> None:
    found = _trace(shared, officer, copies[0][2]).json
    assert found["done_at"]
    assert [path for path in (shared.settings.data / "files" / "leaks").rglob("*") if path.is_file()] == []


def test_bytes_that_were_handed_in_twice_are_traced_twice(shared: House, officer: Built, copies: list[Bought]) -> None:
    client = _client(shared, officer)
    cases = [client.send("POST", "/tracer?name=found.csv", data=copies[1][2]).expect(202).json for _ in range(2)]
    while jobs.run_one(shared):
        pass
    for case in cases:
        found = client.get(f"/tracer/{case['id']}").expect(200).json
        assert found["problem"] == ""
        assert [each["order_id"] for each in found["reports"][0]["suspicions"] if each["accused"]] == [copies[1][0]]
    assert [path for path in (shared.settings.data / "files" / "leaks").rglob("*") if path.is_file()] == []


def test_a_picture_is_told_to_be_none(shared: House, officer: Built) -> None:
    found = _trace(shared, officer, b"\x89PNG", "found.png").json
    assert (found["reports"], found["problem"]) == (
        [],
        "Hand in a table (CSV, TSV, lines of JSON) or a WAV file of 16 bits.",
    )


def test_nobody_but_officers_traces(shared: House) -> None:
    for who in (build.organisation(shared), build.platform_person(shared, "reviewer")):
        client = _client(shared, who)
        assert client.send("POST", "/tracer?name=a.csv", data=b"a,b").expect(403).code == "officer_role_needed"
        assert client.get("/tracer").expect(403)
        assert client.get("/tracer/trc_01jc9x2m5t7rqk8v4e6b0wz3np").expect(403)
    leaks = shared.settings.data / "files" / "leaks"
    assert not [path for path in leaks.rglob("*") if path.is_file()]


def test_a_table_in_an_archive_is_marked_and_traced(shared: House, officer: Built) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        made.writestr("data/table.csv", TABLE)
        made.writestr("sound.bin", bytes(range(256)))
    listing = raised(shared, build.organisation(shared), packed.getvalue(), name="pack.zip")
    _, buyer, copy = bought(shared, listing)
    with zipfile.ZipFile(io.BytesIO(copy)) as unpacked:
        inner = unpacked.read("data/table.csv")
        assert unpacked.read("sound.bin") == bytes(range(256))
    assert inner != TABLE.encode()
    reports = _trace(shared, officer, inner).json["reports"]
    named = {each["buyer_id"] for report in reports for each in report["suspicions"] if each["accused"]}
    assert named == {buyer}


def test_the_command_names_the_buyer(shared: House, copies: list[Bought], tmp_path: Path) -> None:
    leak = tmp_path / "leak.csv"
    leak.write_bytes(copies[1][2])
    words = ["--data", str(shared.settings.data), "--profile", "test", "trace", str(leak)]
    environment = {"PIAOHAO_DATABASE_URL": shared.settings.database_url}
    done = CliRunner().invoke(main, words, env=environment)
    assert done.exit_code == 0, done.output
    assert f"comes from the copy of {copies[1][1]}, order {copies[1][0]}" in done.output
    assert done.output.count("comes from the copy of") == 1
