"""Language: sentence pairs, terms and questions from templates of our own."""

from __future__ import annotations

import random
from itertools import product

from exchange.demo.generators.packing import Made, lines, table

_WHO = (("工程师", "the engineer"), ("采购员", "the buyer"), ("审核员", "the reviewer"), ("客户", "the customer"),
        ("仓库管理员", "the storekeeper"))  # fmt: skip
_WHEN = (("今天上午", "this morning"), ("昨天", "yesterday"), ("上周五", "last Friday"),
         ("月底", "at the end of the month"))  # fmt: skip
_DID = (("检查了", "checked"), ("寄出了", "sent"), ("登记了", "registered"), ("退回了", "returned"),
        ("比较了", "compared"))  # fmt: skip
_WHAT = (("两份合同", "two contracts"), ("一批零件", "a batch of parts"), ("三张发票", "three invoices"),
         ("质量报告", "the quality report"), ("新的报价", "the new quotation"))  # fmt: skip
_TERMS = (
    ("数据要素", "data as a factor of production", "policy"), ("数据资产", "data asset", "accounting"),
    ("公共数据", "public data", "policy"), ("授权运营", "authorised operation", "policy"),
    ("票号", "draft bank", "history"), ("汇票", "draft", "finance"),
    ("复式记账", "double-entry bookkeeping", "accounting"),
    ("预付余额", "prepaid balance", "finance"), ("增值税", "value added tax", "tax"), ("佣金", "commission", "finance"),
    ("证据包", "evidence bundle", "audit"), ("默克尔树", "Merkle tree", "audit"), ("检查点", "checkpoint", "audit"),
    ("去标识化", "de-identification", "privacy"), ("敏感等级", "sensitivity tier", "privacy"),
    ("验收", "acceptance", "trade"), ("许可条款", "licence terms", "trade"), ("交付回执", "delivery receipt", "trade"),
)  # fmt: skip
_ASPECTS = (("物流", "delivery"), ("包装", "packaging"), ("音质", "sound"), ("屏幕", "screen"), ("售后", "service"))
_VERDICTS = (("很满意", "very good", 2), ("还可以", "all right", 1), ("一般", "average", 0), ("不太好", "poor", -1),
             ("很失望", "disappointing", -2))  # fmt: skip


def parallel(seed: int, count: int) -> list[Made]:
    """Pairs of a Chinese and an English sentence with the same meaning."""
    rng = random.Random(seed)
    every = list(product(_WHO, _WHEN, _DID, _WHAT))
    rows = []
    for number, (who, when, did, what) in enumerate(rng.sample(every, min(count, len(every)))):
        english = f"{who[1]} {did[1]} {what[1]} {when[1]}."
        rows.append((f"S{number:04d}", f"{who[0]}{when[0]}{did[0]}{what[0]}。", english[0].upper() + english[1:]))
    return [table("pairs.csv", ("id", "zh", "en"), rows)]


def terms(seed: int, count: int) -> list[Made]:
    """A glossary of the trade in data, with an example of each term."""
    rng = random.Random(seed)
    rows = [
        (chinese, english, field, f"{rng.choice(_WHO)[0]}说明了“{chinese}”的含义。", f'We explain "{english}".')
        for chinese, english, field in _TERMS[:count]
    ]
    return [table("terms.csv", ("zh", "en", "field", "example_zh", "example_en"), rows)]


def reviews(seed: int, count: int) -> list[Made]:
    """Short reviews of made-up goods with aspect and verdict."""
    rng = random.Random(seed)
    rows = []
    for number in range(count):
        aspect, verdict = rng.choice(_ASPECTS), rng.choice(_VERDICTS)
        english = f"the {aspect[1]} is {verdict[1]}"
        rows.append((f"R{number:04d}", f"{aspect[0]}{verdict[0]}", english, aspect[1], verdict[2]))
    return [table("reviews.csv", ("id", "zh", "en", "aspect", "score"), rows)]


def questions(seed: int, count: int) -> list[Made]:
    """Sums told as short stories, in both languages, with answers."""
    rng = random.Random(seed)
    documents: list[dict[str, object]] = []
    for number in range(count):
        boxes, each, gone = rng.randint(2, 9), rng.randint(3, 20), rng.randint(1, 6)
        documents.append({
            "id": f"Q{number:04d}", "answer": boxes * each - gone,
            "zh": f"仓库有{boxes}箱零件，每箱{each}个，用去{gone}个，还剩多少个？",
            "en": f"A store has {boxes} boxes of {each} parts; {gone} are used. How many are left?",
        })  # fmt: skip
    return [lines("questions.jsonl", documents)]


def intents(seed: int, count: int) -> list[Made]:
    """Requests to an assistant with their intent and slot."""
    rng = random.Random(seed)
    asks = (("查询", "look up", "query"), ("取消", "cancel", "cancel"), ("修改", "change", "change"))
    things = (("订单", "the order"), ("发票", "the invoice"), ("预约", "the appointment"), ("地址", "the address"))
    rows = []
    for number in range(count):
        ask, thing = rng.choice(asks), rng.choice(things)
        chinese, english = f"请帮我{ask[0]}{thing[0]}", f"Please {ask[1]} {thing[1]}"
        rows.append((f"I{number:04d}", chinese, english, ask[2], thing[1][4:]))
    return [table("intents.csv", ("id", "zh", "en", "intent", "slot"), rows)]
