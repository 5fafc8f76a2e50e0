"""What the library of schemas says of bad input is said in the reader's language."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from marshmallow import Schema, ValidationError, fields, validate

from core.complaints import sentences
from core.house import House
from core.problems import Sentence
from tests import build
from tests.client import ApiClient


class _Shape(Schema):
    number = fields.Integer(required=True, validate=validate.Range(min=1, max=9))
    least = fields.Integer(validate=validate.Range(min=1))
    most = fields.Float(validate=validate.Range(max=9))
    text = fields.String(validate=validate.Length(min=2, max=3))
    short = fields.String(validate=validate.Length(max=3))
    long = fields.String(validate=validate.Length(min=3))
    exact = fields.String(validate=validate.Length(equal=3))
    code = fields.String(validate=validate.Regexp("a+"))
    choice = fields.String(validate=validate.OneOf(["a", "b"]))
    yes = fields.Boolean()
    day = fields.Date()
    time = fields.NaiveDateTime()
    several = fields.List(fields.Integer())
    inner = fields.Nested(Schema.from_dict({"number": fields.Integer(required=True)}))
    named = fields.Dict()
    amount = fields.Decimal()


_WRONG: tuple[Any, ...] = (
    {}, {"number": "x"}, {"number": 0}, {"number": 10}, {"number": None}, {"least": 0}, {"most": 10}, {"most": "x"},
    {"most": float("nan")}, {"text": 5}, {"text": "a"}, {"short": "four"}, {"long": "a"}, {"exact": "a"}, {"code": "b"},
    {"choice": "c"}, {"yes": "perhaps"}, {"day": "x"}, {"time": "x"}, {"several": 1}, {"several": ["x"]}, {"inner": {}},
    {"inner": 1}, {"named": 1}, {"amount": "NaN"}, {"other": 1}, [],
)  # fmt: skip


def _leaves(messages: Any) -> list[Any]:
    if isinstance(messages, dict):
        return [leaf for each in messages.values() for leaf in _leaves(each)]
    return [leaf for each in messages for leaf in _leaves(each)] if isinstance(messages, list) else [messages]


@pytest.mark.parametrize("wrong", _WRONG)
def test_whatever_is_wrong_is_a_sentence_in_the_same_words(wrong: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        _Shape().load(wrong)
    told = refused.value.messages
    said = sentences(told)
    assert said == told
    assert all(isinstance(leaf, Sentence) for leaf in _leaves(said))


def test_sentences_of_our_own_and_others_stay() -> None:
    own = Sentence("At most %(longest)s characters.", longest=3)
    assert sentences({"a": [own, "Something else"]})["a"][0] is own
    assert sentences(["Something else"]) == ["Something else"]


def test_a_problem_names_the_fault_in_the_language_of_the_request(client: ApiClient) -> None:
    chinese = client.get("/search?sort=bogus", **{"Accept-Language": "zh"}).expect(422).json
    assert chinese["detail"] == "只能是下列之一：relevance, newest, price, popularity, quality。"
    assert chinese["errors"] == {"sort": [chinese["detail"]]}
    english = client.get("/search?limit=0", **{"Accept-Language": "en"}).expect(422).json
    assert english["detail"] == "Must be greater than or equal to 1 and less than or equal to 100."
    wrong = {"email": "a@b", "password": None, "x": 1}
    posted = client.send("POST", "/sessions", json=wrong, headers={"Accept-Language": "zh"}).expect(422).json
    assert posted["errors"]["password"] == ["此项不能为 null。"]
    assert posted["errors"]["x"] == ["没有此字段。"]


def test_a_hint_is_given_in_the_language_of_the_request(client: ApiClient, house: House) -> None:
    buyer = ApiClient(client.app, build.organisation(house).token)
    until = (house.clock.now() + timedelta(days=9)).isoformat()
    wrong = {"title": {"en": "Point clouds"}, "scene": "driving", "until": until, "lowest": "a hundred"}
    refused = buyer.send("POST", "/demands", json=wrong, headers={"Accept-Language": "zh"}).expect(422)
    assert refused.json["hint"] == "请只写数字与小数点，例如 1200.50。"
