"""Payments for the bank to carry out: a table for people, and ISO 20022 (pain.001.001.09) for the bank's computer.

Both are made from what was written down when the file was made: the same run gives the same bytes, always.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from billing.payouts.rules import is_clearing_code, is_iban
from billing.payouts.types import PaymentFile, Run
from core.money import format_amount

_NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
_UNKNOWN = "NOTPROVIDED"
_COLUMNS = ("payment", "holder", "bank", "bank_code", "account", "currency", "amount", "reference")


@dataclass(frozen=True)
class Line:
    """One payment of a file, with the number in clear."""

    payout_id: str
    holder: str
    bank: str
    bank_code: str
    number: str
    amount: int


@dataclass(frozen=True)
class Payer:
    """Whose account the payments are drawn on."""

    name: str
    number: str
    bank_code: str


def table(run: Run, lines: Sequence[Line]) -> PaymentFile:
    """CSV (RFC 4180) in UTF-8. No cell can be taken for a formula."""
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\r\n")
    rows.writerow(_COLUMNS)
    for line in lines:
        amount = format_amount(line.amount, run.currency)
        cells = (line.payout_id, line.holder, line.bank, line.bank_code, line.number, run.currency, amount, run.id)
        rows.writerow([_harmless(cell) for cell in cells])
    return _file(f"{run.id}.csv", "text/csv; charset=utf-8", written.getvalue().encode())


def credit_transfers(run: Run, payer: Payer, lines: Sequence[Line]) -> PaymentFile:
    """A customer credit transfer initiation: one batch, one credit transfer for each payout."""
    assert run.file_made_at is not None
    root = Element("Document", xmlns=_NAMESPACE)
    message = SubElement(root, "CstmrCdtTrfInitn")
    totals = {"NbOfTxs": str(len(lines)), "CtrlSum": format_amount(sum(line.amount for line in lines), run.currency)}
    header = SubElement(message, "GrpHdr")
    _texts(header, MsgId=run.id, CreDtTm=f"{run.file_made_at:%Y-%m-%dT%H:%M:%SZ}", **totals)
    _texts(SubElement(header, "InitgPty"), Nm=payer.name[:140])
    batch = SubElement(message, "PmtInf")
    _texts(batch, PmtInfId=run.id, PmtMtd="TRF", **totals)
    _texts(SubElement(batch, "ReqdExctnDt"), Dt=f"{run.file_made_at:%Y-%m-%d}")
    _texts(SubElement(batch, "Dbtr"), Nm=payer.name[:140])
    _account(SubElement(batch, "DbtrAcct"), payer.number or _UNKNOWN)
    _agent(SubElement(batch, "DbtrAgt"), payer.bank_code, "")
    for line in lines:
        _transfer(SubElement(batch, "CdtTrfTxInf"), run, line)
    indent(root)
    return _file(f"{run.id}.xml", "application/xml", tostring(root, encoding="UTF-8", xml_declaration=True))


def _transfer(parent: Element, run: Run, line: Line) -> None:
    _texts(SubElement(parent, "PmtId"), InstrId=line.payout_id, EndToEndId=line.payout_id)
    amount = SubElement(SubElement(parent, "Amt"), "InstdAmt", Ccy=run.currency)
    amount.text = format_amount(line.amount, run.currency)
    _agent(SubElement(parent, "CdtrAgt"), line.bank_code, line.bank)
    _texts(SubElement(parent, "Cdtr"), Nm=line.holder[:140])
    _account(SubElement(parent, "CdtrAcct"), line.number)
    _texts(SubElement(parent, "RmtInf"), Ustrd=f"Settlement {run.id}")


def _account(parent: Element, number: str) -> None:
    found = SubElement(parent, "Id")
    if is_iban(number):
        _texts(found, IBAN=number)
    else:
        _texts(SubElement(found, "Othr"), Id=number)


def _agent(parent: Element, code: str, name: str) -> None:
    bank = SubElement(parent, "FinInstnId")
    if is_clearing_code(code):
        member = SubElement(bank, "ClrSysMmbId")
        _texts(SubElement(member, "ClrSysId"), Cd="CNAPS")
        _texts(member, MmbId=code)
    elif code:
        _texts(bank, BICFI=code)
    if name:
        _texts(bank, Nm=name[:140])
    if not code and not name:
        _texts(SubElement(bank, "Othr"), Id=_UNKNOWN)


def _texts(parent: Element, **texts: str) -> None:
    for tag, text in texts.items():
        SubElement(parent, tag).text = text


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _file(name: str, media_type: str, content: bytes) -> PaymentFile:
    return PaymentFile(name, media_type, content, hashlib.sha256(content).hexdigest())
