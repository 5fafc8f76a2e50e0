"""Speech measured sentence by sentence, with who speaks. Nobody of them exists; only their checksums are right."""

from __future__ import annotations

import random

from exchange.demo.generators.identifiers import mobile, resident_id
from exchange.demo.generators.packing import Made, table

_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"
_GIVEN = ("子墨", "雨桐", "思远", "佳宁", "文博", "若兰", "志强", "秀英", "海涛", "晓梅", "国栋", "静怡")
_REGIONS = ("北京", "济南", "成都", "西安", "苏州", "广州", "长沙", "南昌")
_SENTENCES = (
    "今天的会议改到下午三点", "请把窗户关好再出门", "这条路往前走就是车站", "孩子们在院子里放风筝",
    "明天早上记得带伞", "这家店的豆浆很有名", "列车将于七点一刻发车", "他把钥匙留在门卫那里",
)  # fmt: skip
_COLUMNS = (
    "utterance", "speaker", "name", "resident_id", "mobile", "region", "age", "text", "duration_ms", "pitch_hz",
    "loudness_db", "snr_db", "rate",
)  # fmt: skip


def voices(seed: int, speakers: int, sentences: int) -> list[Made]:
    """What was said, by whom, and how it measures."""
    rng = random.Random(seed)
    people = [_person(number, rng) for number in range(speakers)]
    said = [_sentence(number, people, rng) for number in range(sentences)]
    return [table("utterances.csv", _COLUMNS, said)]


def _person(number: int, rng: random.Random) -> tuple[str, str, str, str, str, int]:
    name = rng.choice(_SURNAMES) + rng.choice(_GIVEN)
    return f"S{number:03d}", name, resident_id(rng), mobile(rng), rng.choice(_REGIONS), rng.randint(19, 74)


def _sentence(number: int, people: list[tuple[str, str, str, str, str, int]], rng: random.Random) -> tuple[str, ...]:
    speaker, name, identity, phone, region, age = rng.choice(people)
    low = rng.gauss(128, 14) if int(speaker[1:]) % 2 else rng.gauss(212, 18)
    measured = (
        str(rng.randint(1400, 5200)), f"{low:.2f}", f"{rng.gauss(-23, 3):.2f}", f"{rng.gauss(31, 6):.2f}",
        f"{rng.gauss(4.6, 0.5):.3f}",
    )  # fmt: skip
    return (f"U{number:05d}", speaker, name, identity, phone, region, str(age), rng.choice(_SENTENCES), *measured)
