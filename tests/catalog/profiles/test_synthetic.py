"""Rows made up and figures with noise: nothing of the data in the first, the truth hidden in the second."""

from __future__ import annotations

import io
import random
from statistics import mean

from catalog.profiles import Profile, describe_stream, noise, synthetic
from compliance.recognisers import valid_resident_id

_KINDS = ["integer", "decimal", "date", "datetime", "text"]


def _table(rows: int = 400) -> tuple[Profile, set[str]]:
    chance = random.Random(7)
    lines, cells = ["id,weight,born,seen,phone,remark,active,note"], set[str]()
    for n in range(rows):
        row = [
            str(chance.randrange(10_000_000)), f"{chance.uniform(40, 120):.2f}",
            f"{chance.randrange(1950, 2020)}-{chance.randrange(1, 13):02d}-{chance.randrange(1, 28):02d}",
            f"2026-01-{chance.randrange(1, 28):02d}T{n % 24:02d}:{n % 60:02d}:07",
            f"138{chance.randrange(10**8):08d}", f"said word {chance.getrandbits(40):x}",
            chance.choice(("true", "false")), "" if n % 3 else chance.choice(("north", "south")),
        ]  # fmt: skip
        lines.append(",".join(row))
        cells |= set(row)
    found = describe_stream(io.BytesIO("\n".join(lines).encode()), "people.csv").profile
    assert found is not None
    return found, cells


def test_made_up_rows_have_the_shape_of_the_table_and_none_of_its_cells() -> None:
    profile, cells = _table()
    rows = synthetic.rows(profile, 20, b"seed")
    assert len(rows) == 20
    assert all(len(row) == 8 for row in rows)
    narrow = {"true", "false", ""}
    days = {row[2] for row in rows}  # seventy years have few days: by chance one may be a birthday
    made = {cell for row in rows for cell in row} - narrow - days
    assert not made & cells
    assert {row[6] for row in rows} <= narrow
    assert any(row[7] == "" for row in rows)
    assert all(40 <= float(row[1]) <= 121 for row in rows)
    assert all(row[4].startswith("100") for row in rows)


def test_the_same_seed_makes_the_same_rows_and_another_makes_others() -> None:
    profile, _ = _table()
    assert synthetic.rows(profile, 20, b"one") == synthetic.rows(profile, 20, b"one")
    assert synthetic.rows(profile, 20, b"one") != synthetic.rows(profile, 20, b"two")


def test_made_up_identifiers_are_of_nobody() -> None:
    card = "110101199003070038"
    assert valid_resident_id(card)
    profile = describe_stream(io.BytesIO(f"card\n{card}\n".encode()), "t.csv").profile
    assert profile is not None
    ((made,),) = synthetic.rows(profile, 20, b"seed")
    assert not valid_resident_id(made)
    assert len(made) == len(card)


def test_noise_hides_the_truth_stays_for_one_seed_and_is_not_biased() -> None:
    profile, _ = _table()
    once = noise.columns(profile, b"seed")
    assert once == noise.columns(profile, b"seed")
    assert all(column.minimum is None and column.maximum is None for column in once)
    many = [noise.columns(profile, str(n).encode())[7].nulls for n in range(400)]
    assert len(set(many)) > 5
    assert abs(mean(many) - profile.columns[7].nulls) < 1.5
