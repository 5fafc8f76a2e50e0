"""What others say of our checkpoints: cosignatures that are sent or asked for, time stamps, and where both show."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from compliance.audit import checkpoints, cosignatures, publishing, queries, stamps, tiles, verifier, witnesses
from compliance.audit.places import Folder
from compliance.witness import server, service
from compliance.witness.errors import LogAway
from compliance.witness.memory import Memory
from core.db import Uow
from core.house import House
from core.outgoing import CallFailed
from exchange.app import build_house, create_app_of
from tests import build
from tests.client import ApiClient
from tests.compliance.audit import story as stories
from tests.servers.missing import not_run
from tests.servers.stamping import OpensslMissing, stamping


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory.create(tmp_path / "witness", "witness.example/w1")


def _with(house: House, **changed: object) -> House:
    return build_house(replace(house.settings, **changed))  # type: ignore[arg-type]


@pytest.fixture
def witnessed(house: House, memory: Memory) -> House:
    """An exchange that knows the witness, which fetches by itself."""
    return _with(house, log_witnesses=memory.private()[0].text())


class ServedLog:
    """The log as the exchange itself serves it."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client.app.test_client()

    def checkpoint(self) -> str:
        return self._get("checkpoint").decode()

    def tile(self, tile: tiles.Tile) -> bytes:
        return self._get(tile.path)

    def _get(self, name: str) -> bytes:
        answer = self._client.get(f"/log/{name}")
        if answer.status_code != 200:
            raise LogAway(f"{name}: {answer.status_code}")
        return answer.get_data()


def _newest(house: House) -> queries.CheckpointSnapshot:
    found = house.db.read(queries.newest_checkpoint)
    assert found is not None
    return found


def test_a_witness_fetches_the_log_and_its_cosignature_shows_everywhere(
    witnessed: House, memory: Memory, tmp_path: Path
) -> None:
    client, key = ApiClient(create_app_of(witnessed)), checkpoints.public_key(witnessed)
    log = ServedLog(client)
    for _ in range(2):
        stories.tell(witnessed)
        stories.settle(witnessed)
        seen = service.look(memory, log, key)
        sent = client.post("/audit/cosignatures", {"size": seen.size, "cosignatures": seen.cosignature}).expect(200)
        assert [each["witness"] for each in sent.json["items"]] == ["witness.example/w1"]
    client.post("/audit/cosignatures", {"size": seen.size, "cosignatures": seen.cosignature}).expect(200)
    assert log.checkpoint() == seen.note + seen.cosignature
    assert verifier.verify_checkpoint(log.checkpoint(), key).size == 16
    publishing.publish(witnessed, Folder(tmp_path / "log"), entries=False)
    assert (tmp_path / "log" / "checkpoint").read_text("utf-8") == seen.note + seen.cosignature
    shown = client.get("/audit/checkpoints/16/cosignatures").expect(200).json["items"]
    assert [each["line"] for each in shown] == [seen.cosignature]
    assert client.get("/audit/checkpoints/9/cosignatures").expect(200).json["items"] == []
    assert "witness.example/w1" in client.app.test_client().get("/audit").get_data(as_text=True)


def test_a_bundle_encloses_who_cosigned_its_checkpoint(
    witnessed: House, memory: Memory, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    story = stories.tell(witnessed)
    stories.settle(witnessed)
    path, witness = tmp_path / "bundle.zip", memory.private()[0].text()
    arguments = [str(path), "--key", checkpoints.public_key(witnessed).text(), "--witness", witness]
    path.write_bytes(stories.bundle_of(witnessed, story))
    assert verifier.main(arguments) == verifier.UNVERIFIABLE
    line = cosignatures.cosign(_newest(witnessed).note, *memory.private(), at=1_790_000_000)
    witnessed.db.write(lambda uow: witnesses.keep(uow, 8, line))
    path.write_bytes(stories.bundle_of(witnessed, story))
    assert verifier.main(arguments) == verifier.GOOD
    assert "the witness witness.example/w1 cosigned the checkpoint at 2026-09-21T" in capsys.readouterr().out
    assert verifier.main([*arguments, "--witness", "x"]) == verifier.MALFORMED


def test_a_cosignature_that_comes_later_is_published_too(witnessed: House, memory: Memory, tmp_path: Path) -> None:
    stories.tell(witnessed)
    stories.settle(witnessed)
    place, note = Folder(tmp_path / "log"), _newest(witnessed).note
    publishing.publish(witnessed, place, entries=False)
    line = cosignatures.cosign(note, *memory.private(), at=1)
    witnessed.db.write(lambda uow: witnesses.keep(uow, 8, line))
    assert publishing.publish(witnessed, place, entries=False).files == 2
    assert place.read("checkpoint") == (note + line).encode()


def test_nobody_else_can_cosign(witnessed: House, memory: Memory, tmp_path: Path) -> None:
    stories.tell(witnessed)
    stories.settle(witnessed)
    client, note = ApiClient(create_app_of(witnessed)), _newest(witnessed).note
    stranger = Memory.create(tmp_path / "stranger", "witness.example/w1")
    good = cosignatures.cosign(note, *memory.private(), at=1)
    for lines in (
        "", "x", good[:-4], cosignatures.cosign(note, *stranger.private(), at=1), note,
        cosignatures.cosign(note.replace("\n8\n", "\n9\n"), *memory.private(), at=1),
    ):  # fmt: skip
        refused = client.post("/audit/cosignatures", {"size": 8, "cosignatures": lines}).expect(422)
        assert refused.code == "cosignature_invalid"
    client.post("/audit/cosignatures", {"size": 9, "cosignatures": good}).expect(404)
    client.post("/audit/cosignatures", {"size": 1 << 70, "cosignatures": good}).expect(404)
    client.post("/audit/cosignatures", {"size": "8", "cosignatures": good}).expect(422)
    client.post("/audit/cosignatures", {"size": 8, "cosignatures": "x" * 10_001}).expect(422)
    assert witnessed.db.read(lambda uow: witnesses.of_checkpoint(uow, 8)) == []


def test_what_was_said_is_not_changed(witnessed: House, memory: Memory) -> None:
    stories.tell(witnessed)
    stories.settle(witnessed)
    note = _newest(witnessed).note
    for at in (5, 6):
        line = cosignatures.cosign(note, *memory.private(), at=at)
        witnessed.db.write(lambda uow, said=line: witnesses.keep(uow, 8, said))  # type: ignore[misc]
    assert [each.at for each in witnessed.db.read(lambda uow: witnesses.of_checkpoint(uow, 8))] == [5]

    def change(uow: Uow, statement: str) -> None:
        uow.session.execute(text(statement))

    for statement in ("UPDATE audit_cosignature SET at = 7", "DELETE FROM audit_cosignature"):
        with pytest.raises(DBAPIError):
            witnessed.db.write(lambda uow, said=statement: change(uow, said))  # type: ignore[misc]


@contextmanager
def _serving(memory: Memory, house: House) -> Iterator[str]:
    key = checkpoints.public_key(house)
    made = server.serving(memory, {key.name: key}, "127.0.0.1", 0)
    threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"127.0.0.1:{made.server_address[1]}"
    finally:
        made.shutdown()
        made.server_close()


def test_a_witness_of_the_standard_is_sent_every_checkpoint(house: House, memory: Memory) -> None:
    with _serving(memory, house) as address:
        key = memory.private()[0].text()
        asking = _with(house, log_witnesses=f"{key}@http://{address}", upstream_allow=address)
        assert witnesses.ask(asking) == 0
        for size in (8, 16):
            stories.tell(asking)
            stories.settle(asking)
            assert witnesses.ask(asking) == 1
            assert witnesses.ask(asking) == 0
            assert len(asking.db.read(lambda uow, n=size: witnesses.of_checkpoint(uow, n))) == 1  # type: ignore[misc]
        stories.tell(asking)
        stories.settle(asking)
        service.look(memory, ServedLog(ApiClient(create_app_of(asking))), checkpoints.public_key(asking))
        assert witnesses.ask(asking) == 1, "it was told how far the witness has come, and sent the proof from there"
    stories.tell(asking)
    stories.settle(asking)
    with pytest.raises(CallFailed):
        witnesses.ask(asking)


@pytest.mark.parametrize("text", ["x", "w+00000000+AAAA", "w+00000000+BAAA@https://w.example"])
def test_a_setting_that_names_no_witness_is_named(house: House, text: str) -> None:
    with pytest.raises(ValueError, match="PIAOHAO_LOG_WITNESSES"):
        witnesses.named(replace(house.settings, log_witnesses=text))


# ---- the log's files, as the exchange serves them


def test_tiles_are_public_and_entries_are_for_auditors(house: House, client: ApiClient) -> None:
    web = client.app.test_client()
    assert web.get("/log/checkpoint").status_code == 404
    stories.tell(house)
    stories.settle(house)
    stories.tell(house)
    answer = web.get("/log/tile/0/000.p/8")
    assert (answer.status_code, len(answer.get_data()), answer.content_type) == (200, 256, "application/octet-stream")
    assert "immutable" in answer.headers["Cache-Control"]
    assert web.get("/log/checkpoint").content_type == "text/plain; charset=utf-8"
    for path in (
        "tile/0/000.p/9",
        "tile/0/000",
        "tile/1/000.p/1",
        "tile/0/999.p/1",
        "tile/0/x",
        "",
        "tile/entries/000.p/8",
    ):
        assert web.get(f"/log/{path}").status_code == 404, path
    member, officer = build.organisation(house), build.platform_person(house, "officer")
    for who, status in ((member, 404), (officer, 200)):
        token = client.sign_in(who.email, build.PASSWORD).token
        answer = web.get("/log/tile/entries/000.p/8", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == status
    assert len(tiles.unbundled(answer.get_data())) == 8
    assert "no-store" in answer.headers["Cache-Control"]


# ---- time stamps


def test_checkpoints_are_stamped_and_the_stamps_verify(house: House, tmp_path: Path) -> None:
    try:
        with stamping(tmp_path / "tsa") as authority:
            _stamped(house, authority, tmp_path)
    except OpensslMissing as missing:
        not_run("openssl ts", str(missing))


def _stamped(house: House, authority: object, tmp_path: Path) -> None:
    from tests.servers.stamping import Authority

    assert isinstance(authority, Authority)
    stamped = _with(
        house, log_stamp_url=authority.url, upstream_allow=authority.url.split("/")[2], log_stamp_minutes=30
    )
    assert not stamps.tend(stamped)
    stories.tell(stamped)
    stories.settle(stamped)
    authority.spoilt = True
    with pytest.raises(stamps.StampRefused):
        stamps.tend(stamped)
    authority.spoilt = False
    assert stamps.tend(stamped)
    stories.tell(stamped)
    stories.settle(stamped)
    assert not stamps.tend(stamped), "the last one is not old enough"
    found = stamped.db.read(stamps.newest)
    assert found is not None
    assert (found.size, found.authority) == (8, "127.0.0.1")
    assert stamps.verify(found, authority.root) == found.stamped_at
    for other in (replace(found, note=found.note + "x"), replace(found, answer=found.answer[:-1])):
        with pytest.raises(stamps.StampRefused):
            stamps.verify(other, authority.root)
    with stamping(tmp_path / "other") as stranger, pytest.raises(stamps.StampRefused):
        stamps.verify(found, stranger.root)
