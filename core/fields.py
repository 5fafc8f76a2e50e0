"""Marshmallow fields of the wire: money and prices as strings, texts in two languages, times with a zone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from core.ids import is_id
from core.money import format_amount, format_price
from core.problems import Sentence

_LONGEST_TEXT = 20_000
_FIRST_YEAR, _LAST_YEAR = 2000, 2999  # any zone and any term can be applied to a time between


class MoneyField(fields.Field[Any]):
    """Posted money: an integer of minor units inside, a decimal string outside.

    Dumping reads the currency beside it (attribute ``currency``). Loading only checks that a string
    came; the service parses it with its currency and names the field in its answer.
    """

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        if value is None:
            return None
        currency = obj.get("currency") if isinstance(obj, Mapping) else obj.currency
        return format_amount(value, str(currency))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or len(value) > 40:
            raise ValidationError('Write the amount as a string, for example "48000.00".')
        return value


class PriceField(MoneyField):
    """A unit price: an integer of 10⁻⁷ minor units inside, a decimal string outside."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        if value is None:
            return None
        currency = obj.get("currency") if isinstance(obj, Mapping) else obj.currency
        return format_price(value, str(currency))


class LocalTextField(fields.Field[Any]):
    """A text as ``{"zh": …, "en": …}``: one of the two is required unless it ``may_be_empty``, others are refused."""

    def __init__(self, *, longest: int = _LONGEST_TEXT, may_be_empty: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.longest, self.may_be_empty = longest, may_be_empty

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> dict[str, str] | None:
        return None if value is None else {str(k): str(v) for k, v in dict(value).items() if v}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, str]:
        if not isinstance(value, Mapping) or not set(value) <= {"zh", "en"}:
            raise ValidationError('Write the text as {"zh": "…", "en": "…"}; one of the two is enough.')
        texts = {key: text.strip() for key, text in value.items() if isinstance(text, str) and text.strip()}
        emptied = self.may_be_empty and all(isinstance(text, str) for text in value.values())
        if not texts and not emptied:
            raise ValidationError("Give the text in Chinese or in English.")
        if any(len(text) > self.longest for text in texts.values()):
            raise ValidationError(Sentence("At most %(longest)s characters.", longest=self.longest))
        if any("\x00" in text for text in texts.values()):
            raise ValidationError("A text may not hold NUL characters.")
        return texts


class TextField(fields.String):
    """A trimmed text without NUL characters and of bounded length."""

    def __init__(self, *, longest: int = 500, shortest: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.longest, self.shortest = longest, shortest

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = str(super()._deserialize(value, attr, data, **kwargs)).strip()
        if "\x00" in text:
            raise ValidationError("A text may not hold NUL characters.")
        if not self.shortest <= len(text) <= self.longest:
            raise ValidationError(
                Sentence(
                    "Between %(shortest)s and %(longest)s characters.", shortest=self.shortest, longest=self.longest
                )
            )
        return text


def _in_this_age(moment: date) -> None:
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ValidationError(Sentence("Between the years %(first)s and %(last)s.", first=_FIRST_YEAR, last=_LAST_YEAR))


class DayField(fields.Date):
    """A day as 2026-12-31, of this age."""

    def __init__(self, **kwargs: Any) -> None:
        told: dict[str, Any] = {"invalid": Sentence("Write the day as 2026-12-31.")}
        super().__init__(validate=_in_this_age, error_messages=told, **kwargs)


class MinuteField(fields.NaiveDateTime):
    """A time of the reader's own zone, as a browser's field for one writes it, of this age."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M", validate=_in_this_age, **kwargs)


class UtcField(fields.Field[datetime]):
    """RFC 3339 in UTC; what comes in is of this age."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=_in_this_age, **kwargs)

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        try:
            parsed = datetime.fromisoformat(str(value))
            if parsed.tzinfo is not None:
                return parsed.astimezone(UTC)
        except (ValueError, OverflowError):
            raise ValidationError("Write the time as 2026-11-24T15:31:00Z.") from None
        raise ValidationError("The time needs its zone, for example a Z at the end.")


class IdField(fields.String):
    """A public id of one kind; the prefix is checked, existence is not."""

    def __init__(self, prefix: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.prefix = prefix

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = str(super()._deserialize(value, attr, data, **kwargs))
        if not is_id(self.prefix, text):
            raise ValidationError(Sentence("Not an id of the form %(prefix)s_….", prefix=self.prefix))
        return text


class NoFields(Schema):
    """The body of a command that needs none: empty, or an empty object."""


class PageQuery(Schema):
    """``?cursor=…&limit=…`` of every list."""

    cursor = fields.String(load_default=None)
    limit = fields.Integer(load_default=25, validate=validate.Range(1, 100))


def page_of(item: type[Schema]) -> type[Schema]:
    """The answer schema of a page of ``item``."""
    name = item.__name__.removesuffix("Out") + "PageOut"
    return Schema.from_dict(
        {"items": fields.List(fields.Nested(item)), "next_cursor": fields.String(allow_none=True)}, name=name
    )
