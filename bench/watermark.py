"""Leaks of marked copies under attack: are the buyers named, and is anybody named who had nothing to do with it?

    python -m bench.watermark [--trials 400] [--rows 4000] [--innocents 250] [--deleted 0.9] [--flipped 0.3]

Each trial makes the copies of three buyers of a table, mixes them row by row (every second trial cell by cell), deletes
nine tenths of the rows, sets three tenths of the marks to other values, shuffles rows and columns and takes the
columns' names away. The tracer then judges the three and ``--innocents`` other buyers. Tables are of four kinds:
measures and moments, one column of measures alone, sentences, and lines of JSON. Then sounds: three copies pooled by
stretches, by samples or as their mean, nine tenths cut away, three tenths of the samples blurred. Answers 1 when fewer
than 99 % are found or one innocent is accused. The last lines say what the marks changed in the data.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from bench import sounds
from exchange.delivery.watermark import carriers as kinds
from exchange.delivery.watermark.marking import write_copy
from exchange.delivery.watermark.survey import capacity, survey
from exchange.delivery.watermark.tracing import read_leak, trace_rows
from exchange.delivery.watermark.types import Changes, Survey

_WORDS = "测量站在夜里记录风向与气压变化并且把结果交给值班人员核对后归档备查以供后来的人研究天气使用".strip()


@dataclass(frozen=True)
class Attack:
    deleted: float
    flipped: float


@dataclass
class Outcome:
    """Counts over the trials of one kind of table."""

    trials: int = 0
    all_named: int = 0
    named: int = 0
    guilty: int = 0
    innocents: int = 0
    accused: int = 0
    weakest: float = float("inf")
    nearest: float = float("-inf")
    changes: Changes | None = None
    seconds: Counter[str] = field(default_factory=Counter)


def measures(rows: int, chance: Random) -> tuple[str, bytes]:
    lines = [
        f"R{n:06d},S{chance.randrange(40)},2026-{1 + n % 12:02d}-{1 + n % 28:02d} {chance.randrange(24):02d}:"
        f"{chance.randrange(60):02d}:{chance.randrange(60):02d},{chance.gauss(15, 8):.2f},{chance.gauss(1000, 10):.1f}"
        for n in range(rows)
    ]
    return "t.csv", "\n".join(["record,station,at,temperature,pressure", *lines, ""]).encode()


def one_measure(rows: int, chance: Random) -> tuple[str, bytes]:
    lines = [
        f"{n:06d}\t{chance.choice('甲乙丙丁')}\t{chance.randrange(100)}\t{chance.lognormvariate(5, 1):.2f}"
        for n in range(4 * rows)
    ]
    return "t.tsv", "\n".join(["编号\t组\t序\t读数", *lines, ""]).encode("gb18030")


def sentences(rows: int, chance: Random) -> tuple[str, bytes]:
    lines = [
        f"U{n:06d},speaker{chance.randrange(200)},{''.join(chance.choices(_WORDS, k=chance.randrange(9, 30)))}"
        + chance.choice(("。", ""))
        for n in range(10 * rows)
    ]
    return "t.csv", "\n".join(["utterance,speaker,text", *lines, ""]).encode()


def json_lines(rows: int, chance: Random) -> tuple[str, bytes]:
    lines = [
        json.dumps(
            {"id": n * 7 + 1, "area": chance.choice("abcdef"), "lat": round(chance.uniform(22, 40), 5),
             "lon": round(chance.uniform(100, 122), 5)}
        )
        for n in range(rows)
    ]  # fmt: skip
    return "t.jsonl", "\n".join([*lines, ""]).encode()


KINDS: dict[str, Callable[[int, Random], tuple[str, bytes]]] = {
    "measures": measures, "one measure": one_measure, "sentences": sentences, "json": json_lines,
}  # fmt: skip


def trial(
    found: Survey, name: str, original: bytes, attack: Attack, innocents: int, chance: Random, outcome: Outcome
) -> None:
    """Three buyers leak together; the tracer judges them among others."""
    guilty = {f"guilty {n}": chance.randbytes(32) for n in range(3)}
    began = time.process_time()
    copies = [_copy(found, original, key, outcome) for key in guilty.values()]
    outcome.seconds["marking"] += int((time.process_time() - began) * 1000)
    leak = _leak(found, name, copies, attack, chance, by_cell=outcome.trials % 2 == 1)
    holders = guilty | {f"innocent {n}": chance.randbytes(32) for n in range(innocents)}
    began = time.process_time()
    layout, leaked = read_leak(io.BytesIO(leak), "leak.csv")
    result = trace_rows(layout.names, leaked, io.BytesIO(original), found, holders)
    outcome.seconds["tracing"] += int((time.process_time() - began) * 1000)
    accused = {each.candidate for each in result.accused}
    scores = {each.candidate: each.score for each in result.evidence}
    outcome.trials += 1
    outcome.guilty += len(guilty)
    outcome.named += len(accused & guilty.keys())
    outcome.all_named += guilty.keys() <= accused
    outcome.innocents += innocents
    outcome.accused += len(accused - guilty.keys())
    outcome.weakest = min(outcome.weakest, *(scores[each] for each in guilty))
    outcome.nearest = max([outcome.nearest, *(score for each, score in scores.items() if each not in guilty)])


def _copy(found: Survey, original: bytes, key: bytes, outcome: Outcome) -> bytes:
    made = io.BytesIO()
    outcome.changes = write_copy(io.BytesIO(original), made, found, key)
    return made.getvalue()


def _leak(found: Survey, name: str, copies: Sequence[bytes], attack: Attack, chance: Random, *, by_cell: bool) -> bytes:
    tables = [read_leak(io.BytesIO(copy), name)[1] for copy in copies]
    rows = _mixed(tables, chance, by_cell=by_cell)
    kept = [row for row in rows if chance.random() >= attack.deleted]
    for row in kept:
        for carrier in found.carriers:
            if chance.random() < attack.flipped:
                symbols = [kinds.write(carrier, row[carrier.column], symbol) for symbol in range(carrier.base)]
                others = [each for each in symbols if each is not None and each != row[carrier.column]]
                row[carrier.column] = chance.choice(others) if others else row[carrier.column]
    chance.shuffle(kept)
    order = list(range(len(found.layout.names)))
    chance.shuffle(order)
    written = io.StringIO()
    csv.writer(written).writerows([[f"c{n}" for n in range(len(order))], *([row[n] for n in order] for row in kept)])
    return written.getvalue().encode()


def _mixed(tables: Sequence[list[list[str]]], chance: Random, *, by_cell: bool) -> list[list[str]]:
    """One copy's row, or each cell of any copy's, for every row that all have; made-up rows of each by chance."""
    keyed = [{row[0]: row for row in rows} for rows in tables]
    names = dict.fromkeys(name for rows in keyed for name in rows)
    mixed = []
    for name in names:
        having = [rows[name] for rows in keyed if name in rows]
        if len(having) < len(tables):
            if chance.random() < 1 / len(tables):
                mixed.append(list(having[0]))
        elif by_cell:
            mixed.append([chance.choice(cells) for cells in zip(*having, strict=True)])
        else:
            mixed.append(list(chance.choice(having)))
    return mixed


def run(kind: str, trials: int, rows: int, innocents: int, attack: Attack, seed: int) -> Outcome:
    """So many trials on tables of one kind."""
    chance = Random(seed)
    name, original = KINDS[kind](rows, chance)
    found = survey(io.BytesIO(original), name)
    outcome = Outcome()
    for _ in range(trials):
        trial(found, name, original, attack, innocents, chance, outcome)
    print(
        f"{kind:12} {found.rows:7,} rows, {len(found.carriers)} columns carry ({capacity(found):,.0f}); "
        f"{outcome.trials} leaks: named {outcome.named}/{outcome.guilty} ({outcome.named / outcome.guilty:.2%}), "
        f"all three {outcome.all_named}/{outcome.trials}; innocents accused {outcome.accused}/{outcome.innocents:,}; "
        f"weakest guilty {outcome.weakest:.0f}, nearest innocent {outcome.nearest:.1f}, needed 20.7; "
        f"marking {outcome.seconds['marking'] / 3 / trials:.0f} ms, "
        f"tracing {outcome.seconds['tracing'] / trials:.0f} ms",
        flush=True,
    )
    return outcome


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=400)
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--innocents", type=int, default=250)
    parser.add_argument("--deleted", type=float, default=0.9)
    parser.add_argument("--flipped", type=float, default=0.3)
    parser.add_argument("--kind", action="append", choices=sorted([*KINDS, "sounds"]))
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args(arguments)
    attack = Attack(given.deleted, given.flipped)
    chosen = given.kind or [*KINDS, "sounds"]
    each = max(1, given.trials // len(chosen))
    outcomes = {
        kind: run(kind, each, given.rows, given.innocents, attack, given.seed) for kind in chosen if kind in KINDS
    }
    heard = sounds.Heard()
    if "sounds" in chosen:
        heard = sounds.run(each, 30, given.innocents, attack.deleted, attack.flipped, given.seed)
    judged: list[Outcome | sounds.Heard] = [*outcomes.values(), heard]
    named, guilty = sum(o.named for o in judged), sum(o.guilty for o in judged)
    accused, innocents = sum(o.accused for o in judged), sum(o.innocents for o in judged)
    print(
        f"\n{given.deleted:.0%} of the rows deleted, columns shuffled, {given.flipped:.0%} of the marks changed, "
        "three copies mixed"
    )
    print(f"found {named}/{guilty} ({named / guilty:.2%}); innocents accused {accused}/{innocents:,}")
    print("What the marks change in the data:")
    for kind, outcome in outcomes.items():
        assert outcome.changes is not None
        change = outcome.changes
        print(f"  {kind}: {change.cells:,} cells in {change.rows:,} rows, {change.honeytokens} of them made up; "
              + "; ".join(f"{column}: {said}" for column, said in change.columns))  # fmt: skip
    return 0 if named >= 0.99 * guilty and accused == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
