"""Faces drawn from parameters. They show nobody: no picture of a person went into them."""

from __future__ import annotations

import math
import random

from exchange.demo.generators.drawing import BLACK, Canvas, Colour
from exchange.demo.generators.packing import Made, archive, table

Point = tuple[float, float]
_SKINS: tuple[Colour, ...] = ((246, 219, 192), (232, 190, 152), (198, 146, 106), (141, 96, 66), (92, 62, 46))
_MOODS = {"neutral": 0.0, "smile": 7.0, "sad": -6.0, "surprise": 1.0}
_POINTS = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right", "chin")
_SIDE = 112


def portraits(seed: int, count: int) -> list[Made]:
    """Frontal faces with six landmarks and the expression."""
    rng = random.Random(seed)
    images, rows = [], []
    for number in range(count):
        mood = rng.choice(list(_MOODS))
        page, marks = _face(rng, mood, turn=0.0)
        name = f"face_{number:04d}.png"
        images.append(Made(f"png/{name}", page.png()))
        rows.append((name, mood, *(round(value, 1) for point in marks for value in point)))
    return [archive("images.zip", images), table("landmarks.csv", ("image", "expression", *_columns()), rows)]


def head_poses(seed: int, count: int) -> list[Made]:
    """Faces that are turned to the side, with the angle."""
    rng = random.Random(seed)
    images, rows = [], []
    for number in range(count):
        degrees = rng.randint(-40, 40)
        page, marks = _face(rng, "neutral", turn=math.sin(math.radians(degrees)))
        name = f"pose_{number:04d}.png"
        images.append(Made(f"png/{name}", page.png()))
        rows.append((name, degrees, *(round(value, 1) for point in marks for value in point)))
    return [archive("images.zip", images), table("landmarks.csv", ("image", "yaw_degrees", *_columns()), rows)]


def occlusions(seed: int, count: int) -> list[Made]:
    """Faces of which a mask, glasses or nothing hides a part."""
    rng = random.Random(seed)
    images, rows = [], []
    for number in range(count):
        hidden = rng.choice(("none", "mask", "glasses"))
        page, marks = _face(rng, "neutral", turn=0.0)
        _hide(page, hidden, marks)
        name = f"cover_{number:04d}.png"
        images.append(Made(f"png/{name}", page.png()))
        rows.append((name, hidden))
    return [archive("images.zip", images), table("labels.csv", ("image", "hidden_by"), rows)]


def embeddings(seed: int, count: int) -> list[Made]:
    """Vectors as a face encoder would give them: some made-up identities, several vectors of each."""
    rng = random.Random(seed)
    rows = []
    for identity in range(count):
        centre = [rng.gauss(0, 1) for _ in range(16)]
        for view in range(5):
            rows.append((f"made_{identity:03d}", view, *(round(value + rng.gauss(0, 0.2), 4) for value in centre)))
    return [table("embeddings.csv", ("identity", "view", *(f"d{n:02d}" for n in range(16))), rows)]


def _columns() -> list[str]:
    return [f"{name}_{axis}" for name in _POINTS for axis in ("x", "y")]


def _face(rng: random.Random, mood: str, turn: float) -> tuple[Canvas, list[Point]]:
    page = Canvas(_SIDE, _SIDE, (rng.randint(150, 230), rng.randint(170, 230), rng.randint(180, 235)))
    middle, wide, high = _SIDE / 2, rng.uniform(30, 38), rng.uniform(40, 46)
    hair = (rng.randint(20, 90), rng.randint(20, 60), rng.randint(15, 50))
    page.ellipse(middle, 52, wide + 5, high, hair)
    page.ellipse(middle, 60, wide, high - 3, rng.choice(_SKINS))
    marks = _landmarks(middle, wide, high, turn, rng)
    _features(page, marks, mood)
    return page, marks


def _landmarks(middle: float, wide: float, high: float, turn: float, rng: random.Random) -> list[Point]:
    shift, apart = turn * wide * 0.5, wide * rng.uniform(0.40, 0.48) * math.sqrt(1 - turn * turn)
    mouth = wide * rng.uniform(0.26, 0.36)
    x = middle + shift
    return [(x - apart, 50), (x + apart, 50), (x + shift * 0.4, 64), (x - mouth, 80), (x + mouth, 80), (x, 57 + high)]


def _features(page: Canvas, marks: list[Point], mood: str) -> None:
    left, right, nose, mouth_left, mouth_right, _ = marks
    open_by = 5 if mood == "surprise" else 3
    for x, y in (left, right):
        page.ellipse(x, y, 5, open_by, (250, 250, 250))
        page.ellipse(x, y, 2, 2, BLACK)
        page.path([(x - 6, y - 8), (x, y - 10), (x + 6, y - 8)], BLACK, thick=2)
    page.path([(nose[0], nose[1] - 8), (nose[0] + 3, nose[1]), nose], (120, 84, 70))
    dip = _MOODS[mood]
    middle = ((mouth_left[0] + mouth_right[0]) / 2, mouth_left[1] + dip)
    page.path([mouth_left, middle, mouth_right], (168, 52, 60), thick=3)


def _hide(page: Canvas, hidden: str, marks: list[Point]) -> None:
    left, right, nose, mouth_left, mouth_right, chin = marks
    if hidden == "mask":
        page.box(mouth_left[0] - 14, nose[1] - 2, mouth_right[0] + 14, chin[1] - 4, (176, 208, 226))
    elif hidden == "glasses":
        for x, y in (left, right):
            page.ellipse(x, y, 10, 8, BLACK)
        page.path([left, right], BLACK, thick=2)
