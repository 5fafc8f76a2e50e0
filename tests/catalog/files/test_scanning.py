"""Large files: looked at wholly by a job, which goes on where it stood, and whose findings grade the listing."""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
from collections.abc import Callable

import pytest
from sqlalchemy import select

from catalog.files import queries, scanning
from catalog.files.types import ScanState
from catalog.listings import queries as listings
from catalog.profiles import WholeScan, describe_stream
from catalog.profiles.whole import kinds_found
from compliance.exports import queries as exports
from compliance.recognisers import ScanSummary
from core import jobs
from core.db import Uow
from core.house import House
from core.jobs import Job, JobRun
from exchange.app import build_house, create_app_of
from tests import build
from tests.client import ApiClient

PLAIN = "".join(f"{n},nothing to see here\n" for n in range(2000))
LATE = "9999,call 13812345678 please\n"
TABLE = "n,note\n" + PLAIN + PLAIN + LATE


@pytest.fixture
def small(house: House) -> House:
    """An exchange that looks at a few characters at once and leaves the rest to the job."""
    return build_house(dataclasses.replace(house.settings, scanned_at_once_bytes=2_000))


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.profiles.tables._EVERY_BYTES", 4_000)
    monkeypatch.setattr(scanning, "_EVERY_S", 0.0)
    monkeypatch.setattr(scanning, "_PUT_ASIDE_BYTES", 4_000)


def _zip(**files: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name.replace("__", "."), content)
    return target.getvalue()


def _whole(content: bytes, name: str) -> tuple[ScanSummary, dict[str, object], list[str]]:
    """What is found, the facts, and every state that a run could go on from."""
    marks: list[str] = []
    scan = WholeScan()
    scan.run(io.BytesIO(content), name, lambda each: marks.append(json.dumps(each.state())))
    found = scan.result(io.BytesIO(content), name, describe_stream(io.BytesIO(content), name, most=2_000))
    return found.profile.scan if found.profile else ScanSummary(), found.facts, marks


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", TABLE.encode()),
        ("marked.csv", TABLE.encode("utf-8-sig")),
        ("chinese.csv", (TABLE + "1,电话\n").encode("gb18030")),
        ("wide.csv", TABLE.encode("utf-16")),
        ("wide_without_mark.csv", TABLE.encode("utf-16-le")),
        ("returns.csv", TABLE.replace("\n", "\r").encode()),
        ("both.tsv", TABLE.replace(",", "\t").replace("\n", "\r\n").encode()),
        ("a.jsonl", "".join(json.dumps({"n": line}) + "\n" for line in TABLE.splitlines()).encode()),
        ("a.zip", _zip(a__csv="n\n1\n", b__csv=TABLE, c__txt="nothing")),
        ("quote.csv", (TABLE.replace(LATE, '7,"never closed\n') + PLAIN + LATE).encode()),
    ],
)
def test_what_comes_late_is_found_whatever_the_form_and_wherever_a_run_goes_on(
    name: str, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog.profiles.lines.LONGEST_RECORD", 20_000)
    found, facts, marks = _whole(content, name)
    assert kinds_found(found) == {"phone": 1}
    assert ("unreadable" in facts) == (name == "quote.csv")
    assert len(marks) > 3
    for mark in marks[:: max(1, len(marks) // 5)]:
        again = WholeScan(json.loads(mark))
        again.run(io.BytesIO(content), name, lambda _: None)
        after = again.result(io.BytesIO(content), name, describe_stream(io.BytesIO(content), name, most=2_000))
        assert after.profile is not None
        assert after.profile.scan == found


def test_hostile_content_is_read_in_bounds_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.profiles.lines.LONGEST_LINE", 1_000)
    monkeypatch.setattr("catalog.profiles.lines.LONGEST_RECORD", 20_000)
    line = ("x" * 990 + " 13812345678 ").encode() * 100
    assert _whole(line, "one_line.txt")[0].count("phone") >= 95
    assert _whole(line, "one_line.jsonl")[0].count("phone") >= 95
    endless, facts, _ = _whole(b'a,b\n"x\n' + b'1","2\n' * 20_000 + LATE.encode(), "record_without_end.csv")
    assert (endless.count("phone"), "unreadable" in facts) == (1, True)
    broken = bytearray(_zip(a__csv=TABLE, b__csv=TABLE, c__csv=TABLE))
    place = broken.index(b"b.csv") + 200
    broken[place : place + 20] = b"\0" * 20
    found, facts, _ = _whole(bytes(broken), "broken.zip")
    assert found.count("phone") >= 2
    assert facts["unread_tables"] == 1
    assert _whole(b"PK\3\4nothing", "no.zip")[0] == ScanSummary()


def test_many_columns_of_many_tables_are_told_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.profiles.whole._MOST_COLUMNS", 3)
    found, _, _ = _whole(_zip(**{f"t{n}__csv": "n,note\n" + LATE for n in range(8)}), "many.zip")
    assert found.count("phone") == 8
    assert len(found.columns) == 4


def test_a_large_file_is_scanned_by_the_job_and_its_listing_cannot_be_handed_in_before(small: House) -> None:
    supplier, stranger = build.organisation(small), build.organisation(small)
    client = ApiClient(create_app_of(small), supplier.token)
    file = build.file(small, supplier, TABLE)
    shown = client.get(f"/files/{file.id}").json
    assert (shown["file"]["scanning"]["state"], shown["persons"]["missing"]) == ("waiting", "being_counted")
    assert shown["file"]["rows"] is None
    draft = build.draft(small, supplier, files=[file.id])
    refused = client.post(f"/listings/{draft.id}/submit").json
    assert (refused["code"], refused["file_ids"]) == ("scan_unfinished", [file.id])
    assert small.db.read(lambda uow: listings.get(uow, supplier.actor, draft.id)).state == "draft"

    assert jobs.run_one(small)
    shown = client.get(f"/files/{file.id}").json
    assert (shown["file"]["scanning"]["state"], shown["file"]["scanning"]["percent"]) == ("done", 100)
    assert shown["file"]["rows"] == 4_001
    assert shown["file"]["findings"] == [{"name": "note", "counts": {"phone": 1}, "unconfirmed": {}}]
    assert (shown["persons"]["persons"], shown["persons"]["missing"]) == (1, "")
    graded = small.db.read(lambda uow: listings.get(uow, supplier.actor, draft.id))
    assert (draft.tier, graded.tier, graded.proposed_tier) == (1, 3, 3)
    assert client.post(f"/listings/{draft.id}/submit").expect(200).json["state"] == "in_review"
    theirs = ApiClient(create_app_of(small), stranger.token)
    for answer in (theirs.get(f"/files/{file.id}"), theirs.post(f"/files/{file.id}/scan")):
        assert (answer.status, answer.json["code"]) == (404, "file_not_found")


class _Killed(BaseException):
    """The process is gone: nothing of ours runs any more."""


def test_a_scan_that_is_killed_goes_on_where_it_stood_and_twice_is_once(
    small: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    supplier = build.organisation(small)
    file = build.file(small, supplier, "n,phone\n" + "".join(f"{n},139{n:08d}\n" for n in range(2_000)))
    draft = build.draft(small, supplier, files=[file.id])
    for note in ("scan", "persons"):
        with monkeypatch.context() as patch:
            patch.setattr(JobRun, "progress", _killing_at(JobRun.progress, note, 3))
            with pytest.raises(_Killed):
                jobs.run_one(small)
        small.db.write(_lapse)
    begun = small.db.read(lambda uow: _job(uow).resume_mark)
    assert json.loads(begun)["persons"]["place"]["offset"] > 4_000
    version = small.db.read(lambda uow: listings.get(uow, supplier.actor, draft.id)).version
    assert jobs.run_one(small)
    again = JobRun(small, "job_none", {"file_id": file.id})
    monkeypatch.setattr(JobRun, "progress", lambda *_, **__: None)
    scanning.run(small, again)
    done = small.db.read(lambda uow: queries.get_file(uow, supplier.actor, file.id))
    assert done.profile is not None
    assert (done.profile.scan.count("phone"), done.profile.scan.rows, done.profile.complete) == (2_000, 2_000, True)
    counted = small.db.read(lambda uow: exports.person_sets(uow, [file.id]))[file.id]
    assert (counted.persons, counted.missing) == (2_000, "")
    assert small.db.read(lambda uow: listings.get(uow, supplier.actor, draft.id)).version == version
    assert list((small.settings.data / "files" / "sorting").glob("*.tmp")) == []


def test_a_scan_that_fails_is_told_and_can_be_started_again(small: House, monkeypatch: pytest.MonkeyPatch) -> None:
    supplier = build.organisation(small)
    file = build.file(small, supplier, TABLE)
    draft = build.draft(small, supplier, files=[file.id])
    with monkeypatch.context() as patch:
        patch.setattr(WholeScan, "run", _disk_full)
        assert jobs.run_one(small)
    client = ApiClient(create_app_of(small), supplier.token)
    assert client.get(f"/files/{file.id}").json["file"]["scanning"]["state"] == ScanState.FAILED
    assert client.post(f"/listings/{draft.id}/submit").json["code"] == "scan_unfinished"
    for _ in range(2):
        assert client.post(f"/files/{file.id}/scan").expect(202).json["scanning"]["state"] == "waiting"
    assert jobs.run_one(small)
    assert not jobs.run_one(small)
    assert client.post(f"/listings/{draft.id}/submit").expect(200).json["state"] == "in_review"


def _disk_full(*_: object) -> None:
    raise OSError("No space left on device")


def _killing_at(progress: Callable[..., None], note: str, turn: int) -> Callable[..., None]:
    seen = 0

    def killing(self: JobRun, done: int, total: int, said: str = "", *rest: object, **more: object) -> None:
        nonlocal seen
        progress(self, done, total, said, *rest, **more)
        seen += said == note
        if seen == turn:
            raise _Killed

    return killing


def _job(uow: Uow) -> Job:
    return uow.session.execute(select(Job).where(Job.kind == scanning.JOB)).scalar_one()


def _lapse(uow: Uow) -> None:
    _job(uow).lease_until = None
