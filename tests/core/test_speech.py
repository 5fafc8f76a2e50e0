"""What is said to people: one text, in the language of the request."""

from __future__ import annotations

import json

import flask
import pytest

from core.problems import Bilingual, Invalid, Sentence
from core.speech import say
from exchange.web import catalogue


def test_a_sentence_is_the_english_text_wherever_a_text_is_expected() -> None:
    told = Sentence("At most %(most)s bytes, 100 %% of them.", most=9)
    assert told == "At most 9 bytes, 100 % of them."
    assert json.dumps([told]) == '["At most 9 bytes, 100 % of them."]'
    assert str(Invalid(told)) == "At most 9 bytes, 100 % of them."


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        (Sentence("Still missing: %(what)s", what="标题"), "还缺：标题", "Still missing: 标题"),
        (Sentence("Nobody ever said %(what)s so.", what="it"), "Nobody ever said it so.", "Nobody ever said it so."),
        (Bilingual(zh="请登录", en="please sign in"), "请登录", "please sign in"),
        ("Not found", "没有找到", "Not found"),
        ("", "", ""),
    ],
)
def test_it_is_said_in_the_language_of_the_request(app: flask.Flask, text: str, zh: str, en: str) -> None:
    for language, expected in (("zh", zh), ("en", en)):
        with app.test_request_context(f"/?lang={language}"):
            assert say(text) == expected


def test_a_page_says_it_with_its_values_escaped(app: flask.Flask) -> None:
    page = '{{ _("Still missing: %(what)s", what="<b>") }}, {{ _("100 %% of it") }}, {{ _("Not found") }}'
    with app.test_request_context("/?lang=zh"):
        assert flask.render_template_string(page) == "还缺：&lt;b&gt;, 100 % of it, 没有找到"


def test_sentences_are_found_for_translation() -> None:
    wanted = catalogue.wanted()
    assert "This must be a whole number from %(least)s to %(most)s." in wanted
    assert "%(received)s of %(size)s bytes are here." in wanted
