"""The demonstration's data: the same each time, small, real files, with identifiers only where they were planted."""

from __future__ import annotations

import csv
import io
import json
import struct
import wave
import zipfile
import zlib
from decimal import Decimal

import pytest

from compliance.recognisers import scan_cells, valid_credit_code
from exchange.demo import people
from exchange.demo.generators.packing import Made
from exchange.demo.listings import DATASETS, PLANTED, STORY, Dataset

EVERY = (*DATASETS, STORY, PLANTED)
_MOST_BYTES = 15 << 20


@pytest.fixture(scope="module")
def made() -> dict[str, list[Made]]:
    return {dataset.key: dataset.files() for dataset in EVERY}


def _tables(files: list[Made]) -> list[list[list[str]]]:
    return [list(csv.reader(io.StringIO(f.content.decode()))) for f in files if f.name.endswith(".csv")]


def _members(files: list[Made], ending: str) -> list[bytes]:
    archives = [zipfile.ZipFile(io.BytesIO(f.content)) for f in files if f.name.endswith(".zip")]
    return [each.read(name) for each in archives for name in each.namelist() if name.endswith(ending)]


@pytest.mark.parametrize("dataset", EVERY, ids=lambda dataset: dataset.key)
def test_the_same_files_each_time(dataset: Dataset, made: dict[str, list[Made]]) -> None:
    assert dataset.files() == made[dataset.key]


def test_everything_together_is_small(made: dict[str, list[Made]]) -> None:
    assert sum(len(file.content) for files in made.values() for file in files) < _MOST_BYTES


def test_recordings_are_sound(made: dict[str, list[Made]]) -> None:
    recordings = [content for files in made.values() for content in _members(files, ".wav")]
    assert len(recordings) > 100
    for content in recordings:
        with wave.open(io.BytesIO(content)) as sound:
            assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, 8000)
            samples = struct.unpack(f"<{sound.getnframes()}h", sound.readframes(sound.getnframes()))
            assert max(samples) > 8000


def test_pictures_are_whole(made: dict[str, list[Made]]) -> None:
    pictures = [content for files in made.values() for content in _members(files, ".png")]
    assert len(pictures) > 400
    for content in pictures:
        assert content.startswith(b"\x89PNG\r\n\x1a\n")
        chunks = _chunks(content)
        wide, high = struct.unpack(">II", chunks[b"IHDR"][:8])
        assert len(zlib.decompress(chunks[b"IDAT"])) == high * (3 * wide + 1)


def _chunks(content: bytes) -> dict[bytes, bytes]:
    found, at = {}, 8
    while at < len(content):
        length, kind = struct.unpack(">I4s", content[at : at + 8])
        body = content[at + 8 : at + 8 + length]
        assert struct.unpack(">I", content[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + body)
        found[kind], at = body, at + 12 + length
    return found


def test_manifests_name_every_recording(made: dict[str, list[Made]]) -> None:
    manifest = _tables(made[STORY.key])[0]
    with zipfile.ZipFile(io.BytesIO(made[STORY.key][0].content)) as archive:
        assert [f"wav/{row[0]}" for row in manifest[1:]] == archive.namelist()


def test_lines_of_json_can_be_read(made: dict[str, list[Made]]) -> None:
    for file in (file for files in made.values() for file in files if file.name.endswith(".jsonl")):
        assert all(isinstance(json.loads(line), dict) for line in file.content.decode().splitlines())


def test_identifiers_stand_only_where_they_were_planted(made: dict[str, list[Made]]) -> None:
    for key, files in made.items():
        found = sum(scan_cells(table[0], table[1:]).personal for table in _tables(files))
        assert (found > 0) == (key == PLANTED.key), key


def test_every_listing_is_written_in_both_languages() -> None:
    for dataset in EVERY:
        for chinese, english in (dataset.title, dataset.summary, dataset.description, dataset.licence.terms):
            assert _chinese_characters(chinese) > 3, dataset.key
            assert len(english) > 10, dataset.key
            assert _chinese_characters(english) == 0, dataset.key


def _chinese_characters(text: str) -> int:
    return sum("\u4e00" <= char <= "\u9fff" for char in text)


def test_scenes_origins_and_prices_are_as_the_demonstration_promises() -> None:
    origins = {organisation.key: organisation.origin for organisation in people.SUPPLIERS}
    assert {dataset.scene for dataset in DATASETS} >= {"speech", "text_recognition", "faces", "driving", "language"}
    assert {origins[dataset.supplier] for dataset in DATASETS} == {"government", "enterprise", "social"}
    prices = [Decimal(dataset.price) for dataset in DATASETS if dataset.price]
    assert (min(prices), max(prices)) == (Decimal("120.00"), Decimal("48000.00"))
    assert 5 <= sum(dataset.price is None for dataset in DATASETS) <= 12
    assert 28 <= len(DATASETS) <= 36


def test_credit_codes_have_right_check_digits_and_are_different() -> None:
    everybody = (*people.ORGANISATIONS, people.NEWCOMER, people.OUTSIDER)
    assert all(valid_credit_code(each.credit_code) for each in everybody)
    assert len({each.credit_code for each in everybody}) == len(everybody)
