"""Sound: formant speech, tones and noise as WAV, mono, 16 bit, 8 kHz."""

from __future__ import annotations

import io
import math
import random
import struct
import wave
from collections.abc import Sequence

from exchange.demo.generators.packing import Made, archive, table

RATE_HZ = 8000
_VOWELS: dict[str, tuple[int, int, int]] = {
    "a": (850, 1300, 2600), "o": (550, 900, 2500), "e": (520, 1250, 2500), "i": (300, 2300, 3000),
    "u": (330, 750, 2400), "v": (300, 1950, 2500), "er": (500, 1350, 1750),
}  # fmt: skip
_TONES: dict[int, tuple[float, float, float]] = {
    1: (1.25, 1.25, 1.25), 2: (0.9, 1.0, 1.35), 3: (0.95, 0.7, 1.0), 4: (1.4, 1.05, 0.7), 0: (1.0, 0.95, 0.9),
}  # fmt: skip
_DIGITS = (
    ("零", "ling2", "i", 2), ("一", "yi1", "i", 1), ("二", "er4", "er", 4), ("三", "san1", "a", 1),
    ("四", "si4", "e", 4), ("五", "wu3", "u", 3), ("六", "liu4", "o", 4), ("七", "qi1", "i", 1),
    ("八", "ba1", "a", 1), ("九", "jiu3", "o", 3),
)  # fmt: skip
_KEYS = {
    "1": (697, 1209), "2": (697, 1336), "3": (697, 1477), "4": (770, 1209), "5": (770, 1336), "6": (770, 1477),
    "7": (852, 1209), "8": (852, 1336), "9": (852, 1477), "0": (941, 1336), "*": (941, 1209), "#": (941, 1477),
}  # fmt: skip


def wav(samples: Sequence[float]) -> bytes:
    """A WAV file of samples between -1 and 1, scaled so that the loudest reaches 0.8."""
    loudest = max(map(abs, samples), default=0.0) or 1.0
    scale = 0.8 * 32767 / loudest
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes(struct.pack(f"<{len(samples)}h", *(int(sample * scale) for sample in samples)))
    return buffer.getvalue()


def syllable(vowel: str, tone: int, pitch_hz: float, seconds: float, rng: random.Random) -> list[float]:
    """A voiced syllable: pulses along a pitch contour, through three resonators."""
    signal = _voice(tone, pitch_hz, int(seconds * RATE_HZ), rng)
    for formant_hz, width_hz in zip(_VOWELS[vowel], (80, 110, 160), strict=True):
        signal = _resonate(signal, formant_hz, width_hz)
    return _fade(signal)


def _voice(tone: int, pitch_hz: float, length: int, rng: random.Random) -> list[float]:
    start, middle, end = _TONES[tone]
    signal, phase = [], 0.0
    for index in range(length):
        place = index / length
        bend = start + (middle - start) * 2 * place if place < 0.5 else middle + (end - middle) * (2 * place - 1)
        phase += pitch_hz * bend / RATE_HZ
        pulse = 1.0 if phase >= 1.0 else 0.0
        phase -= pulse
        signal.append(pulse + rng.uniform(-0.01, 0.01))
    return signal


def _resonate(signal: Sequence[float], formant_hz: int, width_hz: int) -> list[float]:
    radius = math.exp(-math.pi * width_hz / RATE_HZ)
    first = 2 * radius * math.cos(2 * math.pi * formant_hz / RATE_HZ)
    second = -radius * radius
    gain = 1 - radius
    before = before_that = 0.0
    out = []
    for sample in signal:
        before, before_that = gain * sample + first * before + second * before_that, before
        out.append(before)
    return out


def _fade(signal: list[float]) -> list[float]:
    edge = min(200, len(signal) // 4)
    for index in range(edge):
        signal[index] *= index / edge
        signal[-1 - index] *= index / edge
    return signal


def silence(seconds: float) -> list[float]:
    return [0.0] * int(seconds * RATE_HZ)


def spoken_digits(seed: int, count: int) -> list[Made]:
    """Strings of Mandarin digits, with a manifest of their transcripts."""
    rng = random.Random(seed)
    clips, rows = [], []
    for number in range(count):
        voice, pitch_hz = rng.choice((("F", 210.0), ("M", 120.0)))
        said = [rng.choice(_DIGITS) for _ in range(rng.randint(2, 4))]
        sound = [s for _, _, vowel, tone in said for s in syllable(vowel, tone, pitch_hz, 0.24, rng) + silence(0.05)]
        name = f"digits_{number:03d}.wav"
        clips.append(Made(f"wav/{name}", wav(sound)))
        text, pinyin = "".join(d[0] for d in said), " ".join(d[1] for d in said)
        rows.append((name, voice, text, pinyin, len(sound) * 1000 // RATE_HZ))
    manifest = table("manifest.csv", ("file", "voice", "text", "pinyin", "duration_ms"), rows)
    return [archive("recordings.zip", clips), manifest]


def spoken_vowels(seed: int, count: int) -> list[Made]:
    """Single vowels in the four tones and the neutral one."""
    rng = random.Random(seed)
    clips, rows = [], []
    for number in range(count):
        vowel, tone = rng.choice(list(_VOWELS)), rng.choice(list(_TONES))
        pitch_hz = round(rng.uniform(95, 260), 1)
        name = f"vowel_{number:03d}.wav"
        clips.append(Made(f"wav/{name}", wav(syllable(vowel, tone, pitch_hz, 0.4, rng))))
        rows.append((name, vowel, tone, pitch_hz, *_VOWELS[vowel]))
    manifest = table("manifest.csv", ("file", "vowel", "tone", "pitch_hz", "f1_hz", "f2_hz", "f3_hz"), rows)
    return [archive("recordings.zip", clips), manifest]


def wake_words(seed: int, count: int) -> list[Made]:
    """A made-up wake word, near misses of it and bare noise, for testing false alarms."""
    rng = random.Random(seed)
    kinds = {"wake": (("i", 3), ("a", 4)), "near_miss": (("i", 3), ("o", 4)), "noise": ()}
    clips, rows = [], []
    for number in range(count):
        kind = rng.choice(list(kinds))
        noise = round(rng.uniform(0.002, 0.02), 4)
        spoken = [s for vowel, tone in kinds[kind] for s in syllable(vowel, tone, rng.uniform(110, 220), 0.3, rng)]
        sound = [s + rng.gauss(0, noise) for s in silence(0.1) + spoken + silence(0.2)]
        name = f"{kind}_{number:03d}.wav"
        clips.append(Made(f"wav/{name}", wav(sound)))
        rows.append((name, kind, noise, len(sound) * 1000 // RATE_HZ))
    return [archive("recordings.zip", clips), table("labels.csv", ("file", "label", "noise", "duration_ms"), rows)]


def telephone_keys(seed: int, count: int) -> list[Made]:
    """Dialled keys as two-tone signals on a noisy line."""
    rng = random.Random(seed)
    clips, rows = [], []
    for number in range(count):
        keys = "".join(rng.choice(list(_KEYS)) for _ in range(4))
        noise_db = rng.choice((-40, -30, -20))
        sound = [s for key in keys for s in _two_tones(*_KEYS[key]) + silence(0.06)]
        noisy = [s + rng.gauss(0, 10 ** (noise_db / 20)) for s in sound]
        name = f"keys_{number:03d}.wav"
        clips.append(Made(f"wav/{name}", wav(noisy)))
        rows.append((name, " ".join(keys), noise_db))
    return [archive("recordings.zip", clips), table("labels.csv", ("file", "keys", "noise_db"), rows)]


def _two_tones(low_hz: int, high_hz: int) -> list[float]:
    turn = 2 * math.pi / RATE_HZ
    return [0.5 * math.sin(turn * low_hz * n) + 0.5 * math.sin(turn * high_hz * n) for n in range(RATE_HZ // 10)]


def machine_hum(seed: int, count: int) -> list[Made]:
    """The hum of motors, sound ones and ones with a worn bearing, with speed and label."""
    rng = random.Random(seed)
    clips, rows = [], []
    for number in range(count):
        turns_hz, worn = round(rng.uniform(20, 50), 2), rng.random() < 0.3
        name = f"motor_{number:03d}.wav"
        clips.append(Made(f"wav/{name}", wav(_hum(turns_hz, worn, rng))))
        rows.append((name, turns_hz, "worn" if worn else "sound"))
    return [archive("recordings.zip", clips), table("labels.csv", ("file", "turns_hz", "bearing"), rows)]


def _hum(turns_hz: float, worn: bool, rng: random.Random) -> list[float]:
    turn = 2 * math.pi * turns_hz / RATE_HZ
    period = int(RATE_HZ / (turns_hz * 3.6))
    out = []
    for n in range(RATE_HZ):
        sample = sum(math.sin(turn * k * n) / k for k in (1, 2, 4)) + rng.gauss(0, 0.05)
        out.append(sample + (rng.uniform(1, 2) if worn and n % period == 0 else 0))
    return out
