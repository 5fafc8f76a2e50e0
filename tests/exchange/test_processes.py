"""Parts of the processes by themselves: chores, logs, the data folder's lock, the demo's folder."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path
from typing import Any

import pytest

from core.house import House
from core.written import Written
from exchange import logs, stage
from exchange.app import build_house
from exchange.installation import CannotStart, Lock
from exchange.sidecar import changes
from exchange.sidecar.types import Kind, Ref
from exchange.supervisor import Child
from exchange.worker import Chore, attend_once


def test_a_failing_chore_waits_longer_each_time_and_recovers(house: House) -> None:
    outcomes: list[bool] = [False, False, True]

    def act(_house: House) -> bool:
        if not outcomes.pop(0):
            raise RuntimeError("not today")
        return False

    chore = Chore("test", act, every_s=0.5)
    pauses = []
    for _ in range(2):
        chore.due_at = 0.0
        before = chore.due_at
        chore.attend(house)
        pauses.append(chore.failures)
        assert chore.due_at > before
    assert pauses == [1, 2]
    chore.due_at = 0.0
    chore.attend(house)
    assert chore.failures == 0


def test_a_chore_that_is_not_due_is_left_alone(house: House) -> None:
    chore = Chore("test", lambda _house: pytest.fail("too early"), every_s=60, due_at=float("inf"))
    assert chore.attend(house) is False


def test_attending_once_ends_when_nothing_is_left(house: House) -> None:
    attend_once(house)


def _record(text: str, error: bool = False) -> logging.LogRecord:
    try:
        raise ValueError("inner")
    except ValueError as found:
        info: Any = (type(found), found, found.__traceback__) if error else None
        return logging.LogRecord("piaohao.test", logging.ERROR, "file", 1, text, (), info)


def test_a_log_line_is_one_json_object_even_with_a_traceback() -> None:
    line = logs.JsonFormatter("web").format(_record("出错\nagain", error=True))
    assert "\n" not in line
    parsed = json.loads(line)
    assert parsed["text"] == "出错\nagain"
    assert parsed["role"] == "web"
    assert "ValueError: inner" in parsed["error"]


@pytest.mark.parametrize(("given", "kept"), [("abc-1", True), ("", False), ("a b", False), ("x" * 65, False)])
def test_a_request_id_is_kept_when_it_is_sane_and_always_answered(given: str, kept: bool) -> None:
    answered: list[tuple[str, str]] = []

    def app(_environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [b""]

    def start(_status: str, headers: list[tuple[str, str]], _info: Any = None) -> None:
        answered.extend(headers)

    list(logs.RequestIds(app)({"HTTP_X_REQUEST_ID": given}, start))
    request_id = dict(answered)["X-Request-Id"]
    assert (request_id == given) is kept
    assert request_id


def test_a_data_folder_has_one_supervisor_at_a_time(tmp_path: Path) -> None:
    first = Lock.take(tmp_path)
    with pytest.raises(CannotStart, match="Another exchange"):
        Lock.take(tmp_path)
    first.release()
    Lock.take(tmp_path).release()


def test_the_demo_never_empties_a_folder_that_is_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(CannotStart, match="not a demo"):
        stage._fresh_folder(tmp_path)
    assert (tmp_path / "thesis.txt").exists()


def test_the_demo_begins_anew_in_its_own_folder(tmp_path: Path) -> None:
    data = tmp_path / "demo"
    stage._fresh_folder(data)
    (data / "exchange.db").touch()
    stage._fresh_folder(data)
    assert not (data / "exchange.db").exists()


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ('{"text": "a"}\nError: Port 1 is taken.\n', "Port 1 is taken."),
        ('{"text": "first"}\n{"text": "last"}\n', "last"),
        ("Killed\n", "Killed"),
        ("", "it said nothing"),
    ],
)
def test_the_last_words_of_an_exchange_that_did_not_come_up(tmp_path: Path, log: str, words: str) -> None:
    path = tmp_path / "log"
    path.write_text(log)
    assert stage._last_words(path) == words


def test_a_child_that_keeps_dying_young_waits_longer_each_time() -> None:
    child = Child("test", ["false"])
    pauses = []
    for _ in range(3):
        child.start()
        assert child.process is not None
        child.process.wait()
        child.tend()
        pauses.append(round(child.due_at - child.started_at, 1))
    assert pauses == sorted(pauses)
    assert pauses[-1] > pauses[0]


def test_a_chore_rests_while_nothing_was_written(house: House) -> None:
    turns: list[int] = []

    def act(_house: House) -> bool:
        turns.append(1)
        return False

    chore = Chore("test", act, every_s=0.0)
    for mark, expected in (("1", 1), ("1", 1), ("2", 2), ("2", 2), (None, 3), ("2", 4), ("2", 4)):
        chore.attend(house, mark)
        assert len(turns) == expected
    chore.calm_until = 0.0
    chore.attend(house, "2")
    assert len(turns) == 5, "what time alone decides is looked for now and then"


def test_a_commit_of_another_process_is_noticed(house: House) -> None:
    written, other = Written(house.db), build_house(house.settings)
    written.mark()
    time.sleep(0.03)
    before = written.mark()
    time.sleep(0.03)
    if house.db.sqlite:  # other tests may write to the server meanwhile
        assert written.mark() == before
    other.db.write(lambda uow: changes.note(uow, Ref(Kind.KEY, "key_1")))
    time.sleep(0.03)
    assert written.mark() != before
    other.db.engine.dispose()
    house.db.engine.dispose()
