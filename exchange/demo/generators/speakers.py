"""Recordings with the particulars of who speaks. Nobody of them exists; only checksums of their numbers are right."""

from __future__ import annotations

import random

from exchange.demo.generators.identifiers import mobile, resident_id
from exchange.demo.generators.packing import Made, archive, table
from exchange.demo.generators.sound import silence, syllable, wav

_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"
_GIVEN = ("子墨", "雨桐", "思远", "佳宁", "文博", "若兰", "志强", "秀英", "海涛", "晓梅", "国栋", "静怡")
_REGIONS = ("北京", "济南", "成都", "西安", "苏州", "广州", "长沙", "南昌")
_SENTENCES = (
    "今天的会议改到下午三点", "请把窗户关好再出门", "这条路往前走就是车站", "孩子们在院子里放风筝",
    "明天早上记得带伞", "这家店的豆浆很有名", "列车将于七点一刻发车", "他把钥匙留在门卫那里",
)  # fmt: skip
_VOICED = ("a", "i", "u", "o")


def voices(seed: int, speakers: int, sentences: int) -> list[Made]:
    """Who speaks, what was said and how it measures, and some of the recordings."""
    rng = random.Random(seed)
    people = [_person(number, rng) for number in range(speakers)]
    said = [_sentence(number, people, rng) for number in range(sentences)]
    clips = [Made(f"wav/{row[0]}.wav", _clip(float(row[5]), rng)) for row in said[:12]]
    return [
        table("speakers.csv", ("speaker", "name", "resident_id", "mobile", "region", "age"), people),
        table(
            "utterances.csv",
            ("utterance", "speaker", "region", "text", "duration_ms", "pitch_hz", "loudness_db", "snr_db", "rate"),
            said,
        ),
        archive("recordings.zip", clips),
    ]


def _person(number: int, rng: random.Random) -> tuple[str, str, str, str, str, int]:
    name = rng.choice(_SURNAMES) + rng.choice(_GIVEN)
    return f"S{number:03d}", name, resident_id(rng), mobile(rng), rng.choice(_REGIONS), rng.randint(19, 74)


def _sentence(number: int, people: list[tuple[str, str, str, str, str, int]], rng: random.Random) -> tuple[str, ...]:
    speaker = rng.choice(people)
    low = rng.gauss(128, 14) if int(speaker[0][1:]) % 2 else rng.gauss(212, 18)
    measured = (
        str(rng.randint(1400, 5200)), f"{low:.2f}", f"{rng.gauss(-23, 3):.2f}", f"{rng.gauss(31, 6):.2f}",
        f"{rng.gauss(4.6, 0.5):.3f}",
    )  # fmt: skip
    return (f"U{number:05d}", speaker[0], speaker[4], rng.choice(_SENTENCES), *measured)


def _clip(pitch_hz: float, rng: random.Random) -> bytes:
    spoken = [syllable(rng.choice(_VOICED), rng.randint(1, 4), pitch_hz, 0.2, rng) + silence(0.04) for _ in range(3)]
    return wav([sample for each in spoken for sample in each])
