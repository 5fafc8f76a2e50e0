"""Listings of another, made-up exchange: what the demonstration imports as external references."""

from __future__ import annotations

import csv
import io
from importlib.resources import files
from pathlib import Path

CLAIMED = "城市行道树普查数据"
"""What its supplier, who trades here too, claims in the story."""
UNCLAIMED = "旅游景区客流预测结果"
"""What somebody else claims at its end; nobody has decided it."""
_COLUMNS = ("url", "title", "description", "category", "price", "company")
_ROWS = (
    (CLAIMED, "按路段统计的行道树种类、胸径与树龄，志愿者普查。", "农业", "300元", "绿野公益协会"),
    ("冷链运输温度记录", "冷藏车逐分钟温度与开门次数，按线路汇总。", "物流", "面议", "南岭冷运有限公司"),
    (UNCLAIMED, "景区逐小时客流的预测值与误差。", "旅游", "0.15元/次", "南岭文旅数据有限公司"),
)


def mapping() -> Path:
    """How its rows are read."""
    return Path(str(files("exchange.demo") / "elsewhere.yaml"))


def rows() -> bytes:
    """Its listings as a CSV file in UTF-8."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for number, row in enumerate(_ROWS, 1):
        writer.writerow((f"https://exchange.nanling.example/detail?id={number}", *row))
    return text.getvalue().encode()
