"""The interfaces that are offered in the demonstration; a small service of its own answers behind all three."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from exchange.demo.listings import Text

SUPPLIER_ACCOUNT = "piaohao"
"""Under this name the supplier's service knows the exchange, where it asks for name and password."""


@dataclass(frozen=True)
class Operation:
    """One operation of the OpenAPI document that is offered, and how the outcome of its answers reads."""

    id: str
    outcome: Mapping[str, Any]


@dataclass(frozen=True)
class Interface:
    """One interface. ``document`` is the OpenAPI document's name at the upstream; prices are in yuan without tax."""

    key: str
    supplier: str
    document: str
    openapi: str
    title: Text
    summary: Text
    credential: Mapping[str, str]
    operations: tuple[Operation, ...]
    plan: Mapping[str, Any]
    limits: Mapping[str, Any]
    purposes: tuple[str, ...] = ("product", "evaluation")
    months: int = 12
    tags: tuple[str, ...] = field(default=())


TERMS: Text = (
    "接口许可条款 1.0：仅限约定用途调用；不得缓存结果转售；按结果计费，以平台计量为准。",
    "Interface licence 1.0: calls for the agreed purpose only; results are not resold; billed by outcome as metered.",
)
IDENTITY = Interface(
    "identity", "shujuju", "identity.json", "3.0",
    ("身份一致性核验接口", "Identity verification"),
    ("输入姓名与证件号，返回是否一致；查无此人不计费。",
     "Whether a name and an identity number belong together; not found costs nothing."),
    {"kind": "header", "name": "X-Supplier-Secret"},
    (Operation("verifyIdentity", {
        "statuses": {"200": "hit"}, "pointer": "/result/verdict", "hit": ["consistent", "inconsistent"],
        "miss": ["not_found"],
    }),),
    {"version": 1, "kind": "per_hit", "currency": "CNY", "price": "0.04"},
    {"rate_per_second": 6, "burst": 10, "concurrency": 8, "quota": 60, "quota_period": "day", "trial_calls": 3},
    tags=("身份核验", "identity", "API"),
)  # fmt: skip
DIGITS = Interface(
    "digit_calls", "mingzhi", "digits.yaml", "3.1",
    ("手写数字识别接口", "Digit recognition"),
    ("上传小图，返回数字与置信度；每次调用 0.0028 元。", "A small picture in, the digit out; ¥0.0028 a call."),
    {"kind": "basic", "name": ""},
    (Operation("recogniseDigit", {"statuses": {"200": "hit", "422": "miss"}}),),
    {"version": 1, "kind": "per_call", "currency": "CNY", "price": "0.0028", "free_quota": 20, "period": "month"},
    {"rate_per_second": 200, "burst": 400, "concurrency": 32, "trial_calls": 10},
    tags=("OCR", "手写数字", "API"),
)  # fmt: skip
COMPANIES = Interface(
    "company_calls", "shujuju", "companies.json", "3.1",
    ("企业工商信息查询接口", "Register of firms by credit code"),
    ("按统一社会信用代码查企业；一万次 50 元。", "A firm by its credit code; 10,000 calls for ¥50."),
    {"kind": "query", "name": "appkey"},
    (Operation("getCompany", {"statuses": {"200": "hit", "404": "miss"}}),
     Operation("getFilings", {"statuses": {"200": "hit", "404": "miss"}})),
    {"version": 1, "kind": "package", "currency": "CNY", "amount": "50.00", "unit": "call", "quantity": 10_000},
    {"rate_per_second": 100, "burst": 100, "concurrency": 4, "trial_calls": 0},
    months=1, tags=("工商", "企业查询", "API"),
)  # fmt: skip
INTERFACES = (IDENTITY, DIGITS, COMPANIES)
WATCH = Interface(
    "company_watch", "shujuju", "companies.json", "3.1",
    ("企业工商信息包月查询", "Register of firms, by the month"),
    ("每月 30 元，含 200 次查询，超出每次 0.02 元。", "¥30 a month with 200 calls, ¥0.02 for each beyond."),
    {"kind": "query", "name": "appkey"},
    (Operation("getCompany", {"statuses": {"200": "hit", "404": "miss"}}),
     Operation("getFilings", {"statuses": {"200": "hit", "404": "miss"}})),
    {"version": 1, "kind": "subscription", "currency": "CNY", "amount": "30.00", "period": "month", "unit": "call",
     "included": 200, "overage": "0.02"},
    {"rate_per_second": 20, "burst": 20, "concurrency": 4, "trial_calls": 0},
    tags=("工商", "包月", "API"),
)  # fmt: skip
"""Sold by the month; listed where its fees are paid by card and wallet."""
