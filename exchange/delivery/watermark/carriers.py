"""How one cell carries one symbol: the last digit of a measure, the second of a moment, the stop at a sentence's end.

Each kind answers whether a cell can carry anything (decided by the original cell alone), writes the cell with a symbol,
and reads which symbol a leaked cell carries.
"""

from __future__ import annotations

import re

from exchange.delivery.watermark.types import Carrier

REACH = 2
"""How far a measure or a moment is moved, at most, in steps of its last place."""
_SMALLEST = 10
_NUMBER = re.compile(r"\A(?P<before>\s*)([+-]?)(\d{1,15})(?:\.(\d{1,30}))?(?P<after>\s*)\Z", re.ASCII)
_MOMENT = re.compile(
    r"\A(\s*\d{4}[-/]\d{1,2}[-/]\d{1,2}[ T]\d{1,2}:\d\d:)(\d\d)(?:\.(\d{3})(\d*))?((?:Z|[+-]\d\d:?\d\d)?\s*)\Z",
    re.ASCII,
)
STOPS = "。.．"
_OTHER_ENDS = "！？!?…,，;；:：、~\"'”’)）]】》"
_CJK = re.compile("[\u4e00-\u9fff]")


def write(carrier: Carrier, cell: str, symbol: int) -> str | None:
    """The cell with the symbol; None when this cell can carry none."""
    if carrier.kind == "prose":
        return _ended(cell, symbol)
    if carrier.kind == "moment":
        return _moved_moment(cell, symbol - REACH)
    return moved(carrier, cell, symbol - REACH)


def read(carrier: Carrier, original: str, leaked: str) -> int | None:
    """The symbol that the leaked cell carries; None when none can be read, or the original could carry none."""
    if carrier.kind == "prose":
        return _stopped(leaked) if _stopped(original) is not None else None
    before, after = ticks(carrier, original), ticks(carrier, leaked)
    if before is None or after is None or write(carrier, original, REACH) is None:
        return None
    step = after - before
    return step + REACH if -REACH <= step <= REACH else None


def ticks(carrier: Carrier, cell: str) -> int | None:
    """A measure or a moment as a whole number of the steps by which it is moved."""
    if carrier.kind == "moment":
        return _moment_ticks(cell)
    match = _NUMBER.match(cell)
    if match is None:
        return None
    sign, whole, fraction = match.group(2, 3, 4)
    found = int(whole + (fraction or "").ljust(carrier.places, "0")[: carrier.places])
    return -found if sign == "-" else found


def moved(carrier: Carrier, cell: str, step: int) -> str | None:
    """A measure moved by so many steps of its last place; None for one that carries nothing."""
    match = _NUMBER.match(cell)
    if match is None:
        return None
    sign, whole, fraction = match.group(2, 3, 4)
    fraction = fraction or ""
    head = int(whole + fraction.ljust(carrier.places, "0")[: carrier.places])
    if head <= _SMALLEST:
        return None
    if step == 0:
        return cell
    head += -step if sign == "-" else step
    digits = str(head).rjust(carrier.places + 1, "0")
    tail = fraction[carrier.places :]
    after = digits[-carrier.places :] + tail
    if carrier.ragged and not tail:
        after = after.rstrip("0") or "0"
    return f"{match['before']}{sign}{digits[: -carrier.places]}.{after}{match['after']}"


def _moved_moment(cell: str, step: int) -> str | None:
    match = _MOMENT.match(cell)
    if match is None:
        return None
    before, seconds, thousandths, rest, zone = match.groups()
    if thousandths is None:
        if not REACH <= int(seconds) <= 59 - REACH:
            return None
        return f"{before}{int(seconds) + step:02d}{zone}"
    if not REACH <= int(thousandths) <= 999 - REACH:
        return None
    return f"{before}{seconds}.{int(thousandths) + step:03d}{rest}{zone}"


def _moment_ticks(cell: str) -> int | None:
    """Within its minute: what comes before is compared as text."""
    match = _MOMENT.match(cell)
    if match is None:
        return None
    _, seconds, thousandths, _, _ = match.groups()
    return int(seconds) if thousandths is None else 1000 * int(seconds) + int(thousandths)


def stem(carrier: Carrier, cell: str) -> str:
    """What of a cell no mark changes: for finding the row again."""
    if carrier.kind == "prose":
        return cell.strip().rstrip(STOPS)
    match = _MOMENT.match(cell)
    return match.group(1).strip() if match else ""


def _stopped(cell: str) -> int | None:
    text = cell.rstrip()
    if len(text) < 4 or text[-1] in _OTHER_ENDS or text[-2] in STOPS:
        return None
    return int(text[-1] in STOPS)


def _ended(cell: str, symbol: int) -> str | None:
    stopped = _stopped(cell)
    if stopped is None or stopped == symbol:
        return None if stopped is None else cell
    text = cell.rstrip()
    space = cell[len(text) :]
    if symbol == 0:
        return text[:-1] + space
    return text + ("。" if _CJK.search(text) else ".") + space


def fraction_digits(cell: str) -> int | None:
    """How many decimals a number has; None when the cell is none."""
    match = _NUMBER.match(cell)
    return None if match is None else len(match.group(4) or "")


def has_seconds(cell: str) -> bool:
    """A moment whose seconds or their fraction say something."""
    match = _MOMENT.match(cell)
    return match is not None and (match.group(2) != "00" or bool((match.group(3) or "").strip("0")))


def is_sentence(cell: str) -> bool:
    """A text in which a stop at the end is nobody's data: some words, or as many characters of Chinese."""
    text = cell.strip()
    return len(text) >= 8 and (len(text.split()) >= 4 or len(_CJK.findall(text)) >= 8)
