"""Who acts in the demonstration. Nobody of them exists; the credit codes only have right check digits."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

PASSWORD = "tea-horse-road-1823"
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True)
class Member:
    """A person of an organisation; the first one is its owner."""

    email: str
    name: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class Organisation:
    key: str
    name: str
    name_en: str
    origin: str
    credit_code: str
    level: int
    members: tuple[Member, ...]

    @property
    def owner(self) -> Member:
        return self.members[0]


@dataclass(frozen=True)
class Staff:
    """A person of the platform."""

    key: str
    email: str
    name: str
    roles: tuple[str, ...]

    @property
    def otp_secret(self) -> str:
        """What this person's device makes one-time codes from; of a demonstration, so anybody may know it."""
        return base64.b32encode(hashlib.sha256(self.email.encode()).digest()[:20]).decode()


def credit_code(kind: str, area: str, number: int) -> str:
    """A unified social credit code: kind (91 a firm, 11 an authority, 51 an association), area, name, checks."""
    organisation = f"MA{number:06d}"
    total = sum(_ALPHABET_36.index(c) * w for c, w in zip(organisation, _ORGANISATION_WEIGHTS, strict=True))
    organisation += "0123456789X0"[(11 - total % 11) % 11]
    body = kind + area + organisation
    checksum = sum(_ALPHABET.index(char) * pow(3, place, 31) for place, char in enumerate(body))
    return body + _ALPHABET[(31 - checksum % 31) % 31]


_ALPHABET_36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_KINDS = {"enterprise": "91", "government": "11", "social": "51"}


def _organisation(
    key: str, name: str, name_en: str, origin: str, area: str, level: int, *members: tuple[str, str, tuple[str, ...]]
) -> Organisation:
    code = credit_code(_KINDS[origin], area, sum(key.encode()) * 97 % 999_983)
    people = tuple(Member(f"{first}@{key}.example", shown, roles) for first, shown, roles in members)
    return Organisation(key, name, name_en, origin, code, level, people)


_OWNER, _SUPPLIER, _BUYER, _FINANCE = ("owner",), ("supplier",), ("buyer",), ("finance",)
SUPPLIERS = (
    _organisation("qingyan", "清言语音科技有限公司", "Qingyan Speech Technology", "enterprise", "110108", 3,
                  ("zhou", "周清言", _OWNER), ("lin", "林素", _SUPPLIER)),
    _organisation("mingzhi", "明纸识别科技有限公司", "Mingzhi Recognition", "enterprise", "330106", 3,
                  ("xu", "许明", _OWNER), ("tang", "唐纸", _SUPPLIER)),
    _organisation("xingyuan", "行远智能驾驶有限公司", "Xingyuan Driving", "enterprise", "310115", 2,
                  ("he", "何远", _OWNER), ("song", "宋行", _SUPPLIER)),
    _organisation("qixiang", "东河市气象局", "Donghe Meteorological Bureau", "government", "510107", 2,
                  ("luo", "罗云", _OWNER), ("yu", "于霁", _SUPPLIER)),
    _organisation("shujuju", "东河市数据局", "Donghe Data Bureau", "government", "510107", 2,
                  ("deng", "邓数", _OWNER), ("fan", "范策", _SUPPLIER)),
    _organisation("yixue", "双桥翻译学会", "Twin Bridges Translators' Society", "social", "440103", 2,
                  ("ye", "叶双", _OWNER), ("pan", "潘桥", _SUPPLIER)),
    _organisation("lvye", "绿野公益协会", "Greenfield Association", "social", "420106", 2,
                  ("gu", "顾野", _OWNER), ("shi", "石青", _SUPPLIER)),
)  # fmt: skip
BUYER = _organisation(
    "yunfan", "云帆零售集团有限公司", "Yunfan Retail Group", "enterprise", "440305", 3,
    ("shen", "沈帆", _OWNER), ("jiang", "蒋采", _BUYER), ("dev", "卢码", ("developer",)), ("money", "钱清", _FINANCE),
)  # fmt: skip
OTHER_BUYER = _organisation(
    "beichen", "北辰研究院", "Beichen Institute", "social", "110105", 2, ("bai", "白辰", _OWNER),
    ("qin", "秦研", _BUYER),
)  # fmt: skip
NEWCOMER = _organisation(
    "tinglan", "听澜声学有限公司", "Tinglan Acoustics", "enterprise", "320505", 3, ("wen", "温澜", _OWNER),
    ("tao", "陶声", _SUPPLIER), ("fei", "费清", _FINANCE),
)  # fmt: skip
"""The supplier whose way from registration to payment the story tells."""
OUTSIDER = _organisation(
    "luren", "路人咨询有限公司", "Luren Consulting", "enterprise", "610104", 1, ("lu", "路人", _OWNER)
)
"""Registered, never qualified: what such an organisation may not do is shown with it."""
ORGANISATIONS = (*SUPPLIERS, BUYER, OTHER_BUYER)
STAFF = (
    Staff("operator", "operator@piaohao.example", "雷运维", ("operator",)),
    Staff("officer", "officer@piaohao.example", "方合规", ("officer",)),
    Staff("second_officer", "officer2@piaohao.example", "袁规", ("officer",)),
    Staff("reviewer", "reviewer@piaohao.example", "高审", ("reviewer",)),
    Staff("second_reviewer", "reviewer2@piaohao.example", "孟复", ("reviewer",)),
    Staff("finance", "finance@piaohao.example", "金录", ("finance",)),
    Staff("second_finance", "finance2@piaohao.example", "银核", ("finance",)),
)
