"""What every template can use: the actor, languages, words and formats; and what the page's frame shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import flask

from billing.processor.queries import standing
from core.actor import Actor
from exchange.web import explain, formats, language, plans, tidings, words, zones
from exchange.web.frame import frame_of_request
from exchange.web.repeats import form_key
from exchange.web.session import actor, csrf_token, house
from exchange.web.shell import asset


def install(app: flask.Flask) -> None:
    """Filters, globals and the context of every template."""
    environment = app.jinja_env
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.filters.update(
        money=formats.money, moment=formats.moment, day=formats.day, period=formats.period, size=formats.size,
        number=formats.number, short=formats.short, digest=formats.digest, local=language.local, plain=language.plain,
        said=language.said, called=language.called,
        detail=explain.detail,
        price=plans.describe, unit=formats.unit_amount,
    )  # fmt: skip
    environment.globals.update(
        word=words.word, shape=words.shape, asset=asset, csrf_token=csrf_token, form_key=form_key, left=formats.left,
        here_in=language.here_in,
    )  # fmt: skip
    app.context_processor(_context)


@dataclass(frozen=True)
class Opens:
    """Which pages that many others link to are open to the reader; to the rest no link leads."""

    books: bool
    log: bool

    @classmethod
    def of(cls, who: Actor) -> Opens:
        member = who.organisation_id is not None
        return cls(
            books=(member and who.has("buyer", "supplier", "finance"))
            or who.platform("finance", "operator", "officer"),
            log=member or who.platform("officer", "operator"),
        )


def _context() -> dict[str, Any]:
    lang = language.language()
    return {
        "actor": actor(),
        "lang": lang,
        "html_lang": "zh-CN" if lang == "zh" else "en",
        "theme": language.theme(),
        "frame": frame_of_request(),
        "opens": Opens.of(actor()),
        "zone": zones.zone().key,
        "zone_text": zones.described(house().clock.now()),
        "done": tidings.text_of(flask.request.args.get("done")),
        "now": house().clock.now(),
        "processor": standing(house()),
    }
