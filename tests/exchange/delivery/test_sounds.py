"""Marked sounds: whose copy a stretch of speech comes from, what a mark leaves alone, and what cannot carry one."""

from __future__ import annotations

import io
import json
import struct
import wave
import zipfile
from array import array
from collections.abc import Iterator
from random import Random

import pytest

from bench import sounds
from bench.sounds import copy_of, numbers_of, spoken, written
from core.house import House
from core.settings import Settings
from exchange.app import build_house, create_app_of
from exchange.delivery import copies
from exchange.delivery.watermark.files import write_file
from exchange.delivery.watermark.sound_marks import write_sound
from exchange.delivery.watermark.sound_tracing import LeakedSound, trace_sound
from exchange.delivery.watermark.types import Trace, Unmarkable
from tests import build
from tests.client import ApiClient
from tests.exchange.delivery.marked import bought, contracted, made, raised

ORIGINAL = spoken(2.5, Random(5))
CHANCE = Random(11)
HOLDERS = {f"holder {n}": CHANCE.randbytes(32) for n in range(12)}


def _trace(leak: bytes, original: bytes = ORIGINAL) -> Trace:
    return trace_sound(LeakedSound(io.BytesIO(leak)), io.BytesIO(original), HOLDERS)


def _accused(leak: bytes, original: bytes = ORIGINAL) -> set[str]:
    return {each.candidate for each in _trace(leak, original).accused}


def test_a_copy_sounds_the_same_and_differs_in_samples_alone() -> None:
    copy = copy_of(ORIGINAL, HOLDERS["holder 3"])
    assert len(copy) == len(ORIGINAL)
    assert copy[:44] == ORIGINAL[:44]
    pairs = list(zip(numbers_of(ORIGINAL), numbers_of(copy), strict=True))
    assert all(abs(after - before) <= 2 and (before > 0) == (after > 0) for before, after in pairs if before != after)
    assert all(before == after for before, after in pairs if abs(before) <= 8)
    assert 0.03 < sum(before != after for before, after in pairs) / len(pairs) < 0.125
    assert copy == copy_of(ORIGINAL, HOLDERS["holder 3"])


@pytest.mark.parametrize("start", [0, 13_001, 35_777])
def test_a_tenth_of_it_names_its_buyer_and_nobody_else(start: int) -> None:
    numbers = numbers_of(copy_of(ORIGINAL, HOLDERS["holder 3"]))
    found = _trace(written(numbers[start : start + len(numbers) // 10]))
    assert [each.candidate for each in found.accused] == ["holder 3"]
    assert max(each.score for each in found.evidence[1:]) < 8


def test_pieces_in_another_order_with_silence_between_name_him_too() -> None:
    numbers = numbers_of(copy_of(ORIGINAL, HOLDERS["holder 5"]))
    quiet = array("h", [0] * 777)
    leak = numbers[30_000:34_000] + quiet + numbers[2_000:6_000] + quiet + numbers[30_000:34_000]
    assert _accused(written(leak)) == {"holder 5"}


@pytest.mark.parametrize("how", [0, 1, 2])
def test_three_who_pool_their_copies_are_all_named(how: int) -> None:
    three = [numbers_of(copy_of(ORIGINAL, HOLDERS[f"holder {n}"])) for n in range(3)]
    assert _accused(written(sounds.pooled(three, how, Random(1)))) == {"holder 0", "holder 1", "holder 2"}


def test_lowest_bits_set_by_chance_hide_nobody() -> None:
    chance, numbers = Random(2), numbers_of(copy_of(ORIGINAL, HOLDERS["holder 7"]))
    assert _accused(written(array("h", [x & ~1 | chance.getrandbits(1) for x in numbers]))) == {"holder 7"}


def test_the_original_a_strange_sound_and_silence_accuse_nobody() -> None:
    assert _trace(ORIGINAL).recognised > 50
    assert _accused(ORIGINAL) == set()
    for leak in (spoken(1, Random(99)), written(array("h", [0] * 20_000)), written(array("h"))):
        found = _trace(leak)
        assert (found.recognised, found.accused) == (0, ())


def test_saying_one_stretch_over_and_over_makes_no_evidence_stronger() -> None:
    numbers = numbers_of(copy_of(ORIGINAL, HOLDERS["holder 1"]))[10_240:12_288]
    once, often = _trace(written(numbers)).evidence[0], _trace(written(numbers * 20)).evidence[0]
    assert often.positions == once.positions


def test_every_channel_and_every_other_chunk_stay_what_they_are() -> None:
    stereo = spoken(0.6, Random(3), channels=2)
    extra = stereo[:36] + b"LIST\x05\0\0\0infos\0" + stereo[36:] + b"tail\x02\0\0\0ok"
    copy = copy_of(extra, HOLDERS["holder 2"])
    assert (copy[:58], copy[-10:]) == (extra[:58], extra[-10:])
    assert _accused(copy, extra) == {"holder 2"}
    streamed = bytearray(stereo)
    streamed[40:44] = b"\xff" * 4  # whoever wrote it did not know yet how long it would be
    assert _accused(copy_of(bytes(streamed), HOLDERS["holder 2"]), bytes(streamed)) == {"holder 2"}


def _wide(bits: int) -> bytes:
    target = io.BytesIO()
    with wave.open(target, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(bits // 8)
        sound.setframerate(8_000)
        sound.writeframes(Random(1).randbytes(30_000))
    return target.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no_sound"), (b"RIFF", "no_sound"), (b"RIFF\0\0\0\0WAVE", "no_sound"), (b"x" * 500, "no_sound"),
        (b"RIFF\0\0\0\0WAVE" + struct.pack("<4sI", b"junk", 0xFFFFFFFF), "no_sound"),
        (_wide(8), "not_16_bit"), (_wide(24), "not_16_bit"),
        (written(array("h", [0] * 20_000)), "too_small"), (written(array("h", [900, -900] * 100)), "too_small"),
    ],
)  # fmt: skip
def test_what_can_carry_no_mark_says_why(content: bytes, reason: str) -> None:
    with pytest.raises(Unmarkable) as refused:
        write_sound(io.BytesIO(content), io.BytesIO(), HOLDERS["holder 0"])
    assert refused.value.reason == reason


@pytest.fixture(scope="module")
def shared(shared_settings: Settings) -> Iterator[House]:
    shared_settings.data.mkdir(mode=0o700, exist_ok=True)
    house = build_house(shared_settings)
    yield house
    house.db.engine.dispose()


def _corpus() -> bytes:
    """Recordings with a table of who speaks in them that can carry nothing by itself."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("speakers.csv", "file,speaker,age\na.wav,S1,31\nb.wav,S2,47\n")
        archive.writestr("wav/a.wav", ORIGINAL)
        archive.writestr("wav/b.wav", spoken(1, Random(8)))
        archive.writestr("wav/old.wav", _wide(8))
    return packed.getvalue()


def test_recordings_with_their_table_are_sold_as_a_download_at_l3(shared: House) -> None:
    _, order = contracted(shared, 3, content=_corpus(), name="corpus.zip", deliveries=("download",))
    copy = next(iter(shared.db.read(lambda uow: copies.of_order(uow, order.id)).values()))
    assert (order.tier, copy.made) == (3, True)
    assert copy.statement is not None
    assert copy.statement["sounds"]["files"] == 2


def test_recordings_in_an_archive_are_traced_to_their_buyer(shared: House) -> None:
    listing = raised(shared, build.organisation(shared), _corpus(), name="corpus.zip")
    _, buyer_id, copy = bought(shared, listing)
    _, other_id, _ = bought(shared, listing)
    with zipfile.ZipFile(io.BytesIO(copy)) as unpacked:
        assert unpacked.read("wav/old.wav") == _wide(8)
        assert unpacked.read("speakers.csv").startswith(b"file,speaker,age")
        marked = numbers_of(unpacked.read("wav/a.wav"))
    assert marked != numbers_of(ORIGINAL)
    officer = ApiClient(create_app_of(shared), build.platform_person(shared, "officer").token)
    stretch = written(marked[20_000:24_000])
    case = officer.send("POST", "/tracer?name=voice-message.wav", data=stretch).expect(202).json
    made(shared)
    reports = officer.get(f"/tracer/{case['id']}").json["reports"]
    assert {each["table"] for each in reports} == {"wav/a.wav"}
    assert max(each["copies"] for each in reports) >= 2
    named = {each["buyer_id"] for report in reports for each in report["suspicions"] if each["accused"]}
    assert named == {buyer_id} != {other_id}


def test_a_sound_by_itself_is_sold_marked(shared: House) -> None:
    _, _, copy = bought(shared, raised(shared, build.organisation(shared), ORIGINAL, name="speech.wav"))
    assert copy != ORIGINAL
    assert len(copy) == len(ORIGINAL)
    refused = raised(shared, build.organisation(shared), _wide(24), name="studio.wav")
    buyer = ApiClient(create_app_of(shared), build.organisation(shared).token)
    assert refused.offer is not None
    wanted = {
        "listing_id": refused.id, "offer_id": refused.offer.id, "purpose": "training", "accept_terms": True,
    }  # fmt: skip
    assert buyer.post("/orders", wanted).expect(409).code == "watermark_unavailable"


def test_a_statement_tells_of_the_sounds() -> None:
    said = write_file(io.BytesIO(_corpus()), io.BytesIO(), "corpus.zip", HOLDERS["holder 0"]).as_dict()
    assert said["untouched_files"] == 2
    assert said["sounds"]["files"] == 2
    assert 0 < said["sounds"]["changed"] < said["sounds"]["samples"]
    json.dumps(said)
