"""Profiles of tables, archives, pictures and sounds, also of broken ones."""

from __future__ import annotations

import csv
import io
import json
import struct
import wave
import zipfile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.profiles import ColumnProfile, Description, Profile, describe_stream, describe_whole

RESIDENT_ID = "11010519491231002X"
PHONE = "13800138000"


def _describe(content: bytes | str, name: str) -> Description:
    raw = content.encode() if isinstance(content, str) else content
    return describe_stream(io.BytesIO(raw), name)


def _profile(content: bytes | str, name: str = "a.csv") -> Profile:
    found = _describe(content, name).profile
    assert found is not None
    return found


def _column(profile: Profile, name: str) -> ColumnProfile:
    return next(column for column in profile.columns if column.name == name)


def test_columns_have_types_nulls_bounds_and_a_histogram() -> None:
    rows = "".join(f"{n},{n / 4},2026-01-{n % 28 + 1:02d},{'是' if n % 2 else '否'},city {n % 3},\n" for n in range(50))
    profile = _profile("n,share,day,open,city,gone\n" + rows + "NULL,,,,,\n")
    assert profile.rows == 51
    assert [c.type for c in profile.columns] == ["integer", "decimal", "date", "boolean", "text", "empty"]
    number = _column(profile, "n")
    assert (number.nulls, number.distinct, number.minimum, number.maximum) == (1, 50, "0", "49")
    assert sum(number.histogram) == 50
    assert _column(profile, "day").maximum == "2026-01-28"
    assert _column(profile, "city").histogram == (17, 17, 16)
    assert _column(profile, "city").minimum is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings(encoding: str) -> None:
    profile = _profile("城市,人口\n北京,2189\n贵阳,599\n".encode(encoding))
    assert [c.name for c in profile.columns] == ["城市", "人口"]
    assert profile.first_rows[1] == ("贵阳", "599")


def test_gb18030_is_noticed_even_when_it_begins_late() -> None:
    content = b"name\n" + b"ascii only\n" * 200_000 + "贵阳\n".encode("gb18030")
    assert _profile(content).encoding == "gb18030"


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_delimiters(mark: str) -> None:
    assert _profile(mark.join("abc") + "\n" + mark.join("123") + "\n").rows == 1
    assert len(_profile(mark.join("abc") + "\n" + mark.join("123") + "\n").columns) == 3


def test_a_table_without_a_header_hides_nothing_from_the_scan() -> None:
    profile = _profile(f"张三,{RESIDENT_ID}\n李四,none\n")
    assert profile.rows == 2
    assert profile.scan.count("resident_id") == 1


def test_cells_beyond_the_header_are_scanned_and_counted() -> None:
    profile = _profile(f"a,b\n1,2\n3,4,{PHONE}\n5\n")
    assert profile.rows == 3
    assert profile.ragged == 1
    assert profile.scan.count("phone") == 1


def test_keys_that_come_late_are_scanned() -> None:
    lines = [json.dumps({"n": n}) for n in range(1500)] + [json.dumps({"n": 1, "who": {"phone": PHONE}}), "[broken"]
    profile = _profile("\n".join(lines), "a.jsonl")
    assert profile.rows == 1502
    assert profile.scan.count("phone") == 1


def test_nested_values_of_json_lines_are_scanned() -> None:
    profile = _profile(json.dumps({"contact": [{"id": RESIDENT_ID}], "ok": True}) + "\n", "a.jsonl")
    assert profile.scan.personal == 1
    assert _column(profile, "ok").type == "boolean"


def test_nothing_that_is_kept_holds_an_identifier_in_clear() -> None:
    rows = "".join(f"{13800138000 + n},{n}\n" for n in range(30))
    profile = _profile("phone,护照\n" + rows.replace(",7\n", ",E12345678\n") + f"{RESIDENT_ID},1\n")
    kept = json.dumps(profile.as_dict(), ensure_ascii=False)
    assert "13800138" not in kept
    assert RESIDENT_ID not in kept
    assert "E12345678" not in kept
    assert _column(profile, "phone").minimum is None


def test_an_identifier_in_an_archive_is_found() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("labels.csv", "file,word\n1.wav,是\n2.wav,不\n")
        archive.writestr("notes/readme.txt", f"Questions: {PHONE}\n")
        archive.writestr("1.wav", b"RIFF")
    found = _describe(packed.getvalue(), "speech.zip")
    assert found.facts["entries"] == 3
    assert found.profile is not None
    assert [c.name for c in found.profile.columns] == ["file", "word"]
    assert found.profile.scan.count("phone") == 1
    assert found.profile.scan.columns[-1].name.startswith("notes/readme.txt")


def test_an_archive_that_unpacks_to_too_much_is_not_unpacked() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("big.csv", "w") as member:
        for _ in range(210):
            member.write(b"0" * (1 << 20))
    found = _describe(packed.getvalue(), "bomb.zip")
    assert found.profile is None
    assert found.facts["unread_tables"] == 1


def test_pictures_and_sounds() -> None:
    png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 640, 480) + b"\x08\x02\x00\x00\x00"
    assert _describe(png, "a.png").facts == {"format": "png", "width": 640, "height": 480}
    jpeg = b"\xff\xd8" + struct.pack(">HH", 0xFFE0, 4) + b"ab" + struct.pack(">HHBHH", 0xFFC0, 11, 8, 480, 640)
    assert _describe(jpeg, "a.jpg").facts == {"format": "jpeg", "width": 640, "height": 480}
    sound = io.BytesIO()
    with wave.open(sound, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(8000)
        writer.writeframes(b"\x00\x00" * 12_000)
    assert _describe(sound.getvalue(), "a.wav").facts["milliseconds"] == 1500


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.zip", "a.png", "a.wav", "a.bin", "a.jpg", "a.txt"])
@settings(max_examples=40, deadline=None)
@given(content=st.binary(max_size=400))
def test_no_content_breaks_a_description(name: str, content: bytes) -> None:
    found = _describe(content, name)
    json.dumps(found.facts)
    if found.profile is not None:
        stored = json.loads(json.dumps(found.profile.as_dict()))
        assert Profile.from_dict(stored) == Profile.from_dict(found.profile.as_dict())


def test_a_quote_that_never_ends_is_told() -> None:
    content = b'a,b\n"' + b"x" * (17 << 20)
    assert "unreadable" in _describe(content, "a.csv").facts


def test_a_cell_of_a_million_characters_is_read_and_cut() -> None:
    profile = _profile("a,b\n1," + "长" * 1_000_000 + "\n")
    assert profile.rows == 1
    assert len(profile.first_rows[0][1]) == 200


_CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(_CELL, min_size=3, max_size=3), min_size=1, max_size=20))
def test_rows_and_nulls_are_those_of_the_file(rows: list[list[str]]) -> None:
    rows = [["x", *row] for row in rows]  # a line of empty cells only is no row
    text = io.StringIO(newline="")
    csv.writer(text).writerows([["first", "second", "third", "fourth"], *rows])
    profile = _profile(text.getvalue())
    assert profile.rows == len(rows)
    empty = {"", "null", "none", "na", "n/a", "nan", "\\n"}
    for number, column in enumerate(profile.columns):
        assert column.nulls == sum(row[number].strip().lower() in empty for row in rows)


def test_of_a_large_table_ever_fewer_rows_are_looked_at_and_all_are_counted() -> None:
    content = "n,text\n" + "".join(f"{n},some text\n" for n in range(10_000))
    profile = describe_whole(io.BytesIO(content.encode()), "a.csv", most=10_000).profile
    assert profile is not None
    assert profile.rows == 10_000
    assert not profile.complete
    assert 1_500 < profile.scan.rows < 6_000
    assert sum(_column(profile, "n").histogram) > 1_000
    assert _profile("n\n1\n").complete


class _Counting(io.BytesIO):
    """Bytes that know how many of them were read."""

    taken = 0

    def read(self, size: int | None = -1) -> bytes:
        return self._told(super().read(size))

    def readline(self, size: int | None = -1) -> bytes:
        return self._told(super().readline(size))

    def readinto(self, buffer: Any) -> int:
        self.taken += (count := super().readinto(buffer))
        return count

    def _told(self, given: bytes) -> bytes:
        self.taken += len(given)
        return given


def _packed(**tables: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, content in tables.items():
            archive.writestr(f"{name}.csv", content)
    return target.getvalue()


def test_of_a_large_file_only_the_beginning_is_read_when_it_comes() -> None:
    table = "n,text\n" + "".join(f"{n},some text\n" for n in range(400_000))
    for name, content in (("a.csv", table.encode()), ("a.zip", _packed(a=table, b=table, c=table))):
        stream = _Counting(content)
        found = describe_stream(stream, name, most=10_000)
        assert stream.taken < 2_500_000 < len(content)
        assert found.profile is not None
        assert not found.profile.complete
        assert 500 < found.profile.rows < 1_500
        assert found.facts.get("unread_tables", 0) == (2 if name == "a.zip" else 0)
