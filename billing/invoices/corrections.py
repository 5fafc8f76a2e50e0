"""What credit notes left of an invoice, and how a part of that is taken back. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from billing.invoices.rules import mirrored
from billing.invoices.types import Invoice, Line
from core.money import split


@dataclass(frozen=True)
class Rest:
    """What is left of one line of an invoice; ``number`` counts its lines from 1."""

    number: int
    line: Line
    net: int
    tax: int

    @property
    def gross(self) -> int:
        return self.net + self.tax

    @property
    def untouched(self) -> bool:
        return (self.net, self.tax) == (self.line.net, self.line.tax)


def rests(invoice: Invoice, notes: Iterable[Invoice]) -> list[Rest]:
    """Of each line what its credit notes left."""
    left = {number: [line.net, line.tax] for number, line in enumerate(invoice.lines, start=1)}
    for line in (line for note in notes for line in note.lines):
        if line.of is not None:
            left[line.of][0] += line.net
            left[line.of][1] += line.tax
    return [Rest(number, line, *left[number]) for number, line in enumerate(invoice.lines, start=1)]


def whole(chosen: Sequence[Rest]) -> tuple[Line, ...]:
    """The lines of a credit note that leaves nothing of these; a line nobody touched is mirrored to the last unit."""
    return tuple(
        replace(mirrored(rest.line), of=rest.number) if rest.untouched else _taken(rest, rest.net, rest.tax)
        for rest in chosen
        if rest.untouched or rest.net or rest.tax
    )


def part(chosen: Sequence[Rest], gross: int) -> tuple[Line, ...]:
    """The lines of a credit note over ``gross`` of what is left of these.

    Every line gives in proportion to what is left of it, net and tax alike, by largest remainder: the parts sum to
    ``gross``, and no line gives more than it has. Raises ValueError outside 1 to all that is left.
    """
    left = sum(rest.gross for rest in chosen)
    if not 0 < gross <= left:
        raise ValueError("more than is left, or nothing")
    if gross == left:
        return whole(chosen)
    amounts = split(gross, [max(0, rest.gross) for rest in chosen])
    return tuple(
        _taken(rest, *split(amount, [max(0, rest.net), max(0, rest.tax)]))
        for rest, amount in zip(chosen, amounts, strict=True)
        if amount
    )


def _taken(rest: Rest, net: int, tax: int) -> Line:
    return replace(rest.line, quantity=1, net=-net, tax=-tax, gross=-net - tax, usage=None, of=rest.number)
