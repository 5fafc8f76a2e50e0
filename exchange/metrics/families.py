"""Families of figures as plain values, so that they can be written to a file and added up."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


@dataclass(frozen=True)
class Family:
    """One name: ``kind`` is counter, gauge or histogram; samples are labels and a value.

    The value of a histogram's sample is ``{"bounds": […], "counts": […], "sum": …}``, one count more than bounds.
    """

    name: str
    kind: str
    help: str
    samples: tuple[tuple[Mapping[str, str], Any], ...]

    def document(self) -> dict[str, Any]:
        samples = [[dict(labels), value] for labels, value in self.samples]
        return {"name": self.name, "kind": self.kind, "help": self.help, "samples": samples}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Family:
        samples = tuple((dict(labels), value) for labels, value in document["samples"])
        return cls(document["name"], document["kind"], document["help"], samples)


def counter(name: str, help: str, values: Mapping[str, float] | float, label: str = "") -> Family:
    return _family("counter", name, help, values, label)


def gauge(name: str, help: str, values: Mapping[str, float] | float, label: str = "") -> Family:
    return _family("gauge", name, help, values, label)


def _family(kind: str, name: str, help: str, values: Mapping[str, float] | float, label: str) -> Family:
    if isinstance(values, Mapping):
        return Family(name, kind, help, tuple(({label: key}, value) for key, value in sorted(values.items())))
    return Family(name, kind, help, (({}, values),))


def histogram(name: str, help: str, value: Mapping[str, Any]) -> Family:
    return Family(name, "histogram", help, (({}, dict(value)),))


@dataclass
class Buckets:
    """Counts of durations in seconds. Not locked: a count lost between threads does not matter."""

    bounds: Sequence[float] = SECONDS
    counts: list[int] = field(default_factory=list)
    sum: float = 0.0

    def __post_init__(self) -> None:
        self.counts = self.counts or [0] * (len(self.bounds) + 1)

    def observe(self, seconds: float) -> None:
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.sum += seconds

    def document(self) -> dict[str, Any]:
        return {"bounds": list(self.bounds), "counts": list(self.counts), "sum": self.sum}


def labelled(families: Iterable[Family], **labels: str) -> list[Family]:
    """The same with these labels on every sample."""
    return [
        Family(each.name, each.kind, each.help, tuple(({**own, **labels}, value) for own, value in each.samples))
        for each in families
    ]


def joined(families: Iterable[Family]) -> list[Family]:
    """One family for each name, with the samples of all."""
    found: dict[str, Family] = {}
    for each in families:
        before = found.get(each.name)
        samples = (before.samples if before else ()) + each.samples
        found[each.name] = Family(each.name, each.kind, each.help, samples)
    return [found[name] for name in sorted(found)]
