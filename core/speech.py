"""Texts of the domain in the language of the request that is being answered."""

from __future__ import annotations

from flask_babel import get_locale, gettext

from core.problems import Bilingual, Sentence


def language() -> str:
    """``zh`` or ``en``."""
    locale = get_locale()
    return locale.language if locale is not None else "zh"


def say(text: str) -> str:
    """The text in the request's language, as far as it is known there; else the English text."""
    if isinstance(text, Bilingual):
        return text.zh if language() == "zh" else str(text)
    if isinstance(text, Sentence):
        spoken = {name: say(value) if isinstance(value, Sentence) else value for name, value in text.values.items()}
        return str(gettext(text.template, **spoken))
    return str(gettext(text)) if text else ""
