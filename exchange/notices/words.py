"""Notices in words, in both languages: data, for letters are written where no page is."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

from exchange.notices.types import Notice


@cache
def words() -> Mapping[str, Mapping[str, str]]:
    """The texts by code and language."""
    found: Mapping[str, Mapping[str, str]] = yaml.safe_load(
        Path(__file__).with_name("words.yaml").read_text(encoding="utf-8")
    )
    return found


def said(code: str, language: str) -> str:
    """What a code says; of one that is not known, what others of its kind do."""
    texts = words().get(code) or words().get(code.partition(":")[0] + ":other") or {"zh": code, "en": code}
    return texts[language if language in texts else "en"]


def line(notice: Notice, language: str) -> str:
    """One notice in one line: what happened, to what, by when one must act."""
    subject = notice.subject.get(language) or next(iter(notice.subject.values()), "")
    due = f" ({said('due', language)} {notice.due_at:%Y-%m-%d %H:%M} UTC)" if notice.due_at else ""
    return " · ".join(part for part in (said(notice.code, language), subject, notice.note) if part) + due
