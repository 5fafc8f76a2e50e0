"""Texts of the domain in the language of the request that is being answered."""

from __future__ import annotations

from typing import NamedTuple

from babel.support import NullTranslations
from flask import g
from flask_babel import get_locale, get_translations
from flask_babel.speaklater import LazyString

from core.problems import Bilingual, Sentence


class _Voice(NamedTuple):
    language: str
    translations: NullTranslations


_OF_NOBODY = _Voice("zh", NullTranslations())


def _voice() -> _Voice:
    """Found once for each request: a page says hundreds of texts."""
    try:
        voice: _Voice = g.voice
    except RuntimeError:
        return _OF_NOBODY
    except AttributeError:
        voice = g.voice = _Voice(get_locale().language, get_translations())
    return voice


def language() -> str:
    """``zh`` or ``en``."""
    return _voice().language


def gettext(text: str, /, **values: object) -> str:
    """The text in the request's language, else as it is; with the values in it."""
    found = _voice().translations.gettext(text)
    return found % values if values else found


def ngettext(one: str, many: str, num: int, /, **values: object) -> str:
    """The same of what is counted; the number is one of the values."""
    return _voice().translations.ngettext(one, many, num) % {"num": num, **values}


def lazy_gettext(text: str) -> LazyString:
    """Translated whenever it is shown."""
    return LazyString(gettext, text)


def say(text: str) -> str:
    """The text in the request's language, as far as it is known there; else the English text."""
    if isinstance(text, Bilingual):
        return text.zh if language() == "zh" else str(text)
    if isinstance(text, Sentence):
        spoken = {name: say(value) if isinstance(value, Sentence) else value for name, value in text.values.items()}
        return gettext(text.template, **spoken)
    return gettext(text) if text else ""
