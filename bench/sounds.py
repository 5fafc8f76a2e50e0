"""Leaks of marked sounds under attack; ``bench.watermark`` runs it beside the tables."""

from __future__ import annotations

import io
import math
import wave
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from exchange.delivery.watermark.sound_marks import REACH, write_sound
from exchange.delivery.watermark.sound_tracing import LeakedSound, trace_sound
from exchange.delivery.watermark.sounds import as_bytes, as_numbers, samples_of

_RATE = 16_000
_SYLLABLE = 1_600
_STRETCH = 2_000


@dataclass
class Heard:
    """Counts over the trials."""

    trials: int = 0
    named: int = 0
    guilty: int = 0
    innocents: int = 0
    accused: int = 0
    weakest: float = float("inf")
    nearest: float = float("-inf")


def spoken(seconds: float, chance: Random, channels: int = 1) -> bytes:
    """Something like speech: tones that change ten times a second, pauses, noise."""
    numbers, turn = array("h"), 0.0
    pitch = loud = 0.0
    for n in range(int(seconds * _RATE)):
        if n % _SYLLABLE == 0:
            pitch, loud = chance.uniform(90, 300), chance.choice((0, 300, 1_500, 4_000))
        turn += 2 * math.pi * pitch / _RATE
        value = loud * (math.sin(turn) + 0.5 * math.sin(2.3 * turn)) + chance.gauss(0, 2 + loud / 20)
        numbers.extend([max(-32_768, min(32_767, round(value)))] * channels)
    return written(numbers, channels)


def written(numbers: array[int], channels: int = 1) -> bytes:
    """As a WAV file of 16 bits."""
    target = io.BytesIO()
    with wave.open(target, "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(2)
        sound.setframerate(_RATE)
        sound.writeframes(as_bytes(numbers))
    return target.getvalue()


def numbers_of(sound: bytes) -> array[int]:
    where = samples_of(io.BytesIO(sound))
    return as_numbers(sound[where.start : where.start + 2 * where.count])


def copy_of(original: bytes, key: bytes) -> bytes:
    target = io.BytesIO()
    write_sound(io.BytesIO(original), target, key)
    return target.getvalue()


def pooled(copies: Sequence[array[int]], how: int, chance: Random) -> array[int]:
    """Three copies as one: stretches of each, samples of any, or their mean."""
    if how == 0:
        starts = range(0, len(copies[0]), _STRETCH)
        return array("h", [number for n in starts for number in chance.choice(copies)[n : n + _STRETCH]])
    if how == 1:
        return array("h", [chance.choice(each) for each in zip(*copies, strict=True)])
    return array("h", [round(sum(each) / len(each)) for each in zip(*copies, strict=True)])


def _attacked(numbers: array[int], deleted: float, flipped: float, chance: Random) -> array[int]:
    """One stretch is left, and part of its samples is moved by as much as a mark moves them."""
    length = int(len(numbers) * (1 - deleted))
    begin = chance.randrange(len(numbers) - length + 1)
    left = numbers[begin : begin + length]
    return array("h", [x + (chance.randint(-REACH, REACH) if chance.random() < flipped else 0) for x in left])


def run(trials: int, seconds: float, innocents: int, deleted: float, flipped: float, seed: int) -> Heard:
    """Each trial: three buyers pool their copies, cut nine tenths away, blur the rest; the tracer judges them all."""
    chance, heard = Random(seed), Heard()
    original = spoken(seconds, chance)
    for trial in range(trials):
        guilty = {f"guilty {n}": chance.randbytes(32) for n in range(3)}
        copies = [numbers_of(copy_of(original, key)) for key in guilty.values()]
        leak = written(_attacked(pooled(copies, trial % 3, chance), deleted, flipped, chance))
        holders = guilty | {f"innocent {n}": chance.randbytes(32) for n in range(innocents)}
        found = trace_sound(LeakedSound(io.BytesIO(leak)), io.BytesIO(original), holders)
        scores = {each.candidate: each.score for each in found.evidence}
        accused = {each.candidate for each in found.accused}
        heard.trials += 1
        heard.guilty += len(guilty)
        heard.innocents += innocents
        heard.named += len(accused & guilty.keys())
        heard.accused += len(accused - guilty.keys())
        heard.weakest = min([heard.weakest, *(scores.get(each, 0.0) for each in guilty)])
        heard.nearest = max([heard.nearest, *(score for each, score in scores.items() if each not in guilty)])
    print(
        f"sounds       {seconds:.0f} s of speech; {heard.trials} leaks: named {heard.named}/{heard.guilty} "
        f"({heard.named / heard.guilty:.2%}); innocents accused {heard.accused}/{heard.innocents:,}; weakest guilty "
        f"{heard.weakest:.0f}, nearest innocent {heard.nearest:.1f}, needed 20.7",
        flush=True,
    )
    return heard
