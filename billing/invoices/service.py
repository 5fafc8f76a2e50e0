"""Invoicing an order or a period of its usage, and taking it back by a credit note."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from sqlalchemy import Table, insert

from billing.coupons.types import Discount
from billing.invoices import postings, queries
from billing.invoices.corrections import Rest, part, whole
from billing.invoices.errors import (
    AlreadyCredited,
    AlreadyInvoiced,
    CreditTooLarge,
    InvoiceNotFound,
    LinesNotThere,
    NotAnInvoice,
    TaxChanged,
)
from billing.invoices.events import CreditNoteIssued, InvoiceIssued
from billing.invoices.models import InvoiceRow
from billing.invoices.numbers import next_number
from billing.invoices.rules import discounted, freeze, line_of
from billing.invoices.types import ISSUER, Invoice, Line, Party, Series, Span
from billing.ledger.types import TransactionSnapshot
from billing.taxes import queries as taxes
from compliance.audit.service import record
from compliance.identity.queries import months_of, organisations
from compliance.policy import Decision, Resource, require
from core.actor import SYSTEM, Actor
from core.db import Uow
from core.ids import new_id
from core.money import exponent, format_amount, rounding_of
from core.problems import Invalid, Sentence

_INSERT = insert(cast(Table, InvoiceRow.__table__))


def charge(
    uow: Uow, *, invoice_id: str, order_id: str, buyer_id: str, supplier_id: str, listing_id: str,
    description: str | Mapping[str, str], net: int, currency: str, agreed_gross: int | None = None,
    actor: Actor = SYSTEM, discount: Discount | None = None,
) -> Invoice:  # fmt: skip
    """Invoice an order by a new id and take its gross amount from the buyer's prepaid balance.

    ``net`` is before the ``discount``, which stands in a line of its own.
    The net amount is held for the supplier until ``settlement.release``; the tax is owed by the platform.
    Raises BalanceTooLow when the available balance does not cover the gross amount, AlreadyInvoiced, and
    TaxChanged when the gross amount is no longer ``agreed_gross``; then nothing is changed and no number
    is used. A net amount of zero is invoiced and moves no money.
    """
    exponent(currency)
    if net < 0:
        raise Invalid("A net amount is not negative.", field="net")
    if queries.charge_of(uow, order_id):
        raise AlreadyInvoiced(Sentence("%(order_id)s has an invoice.", order_id=order_id))
    rounding = rounding_of(uow.house.settings.tier_profile)
    lines = _lines(uow, buyer_id, listing_id, description, net, currency, discount)
    left, tax = sum(line.net for line in lines), sum(line.tax for line in lines)
    if agreed_gross is not None and agreed_gross != left + tax:
        raise TaxChanged(hint="Place the order anew.", agreed=format_amount(agreed_gross, currency))
    supplier, buyer = _parties(uow, supplier_id, buyer_id)
    month = months_of(uow, supplier_id).period_of(uow.now()).label
    # from here on others wait for the balance
    posted = postings.post_sale(
        uow, invoice_id, order_id, buyer_id=buyer_id, supplier_id=supplier_id, net=left, tax=tax, currency=currency,
    )  # fmt: skip
    carried = discount.carried if discount else 0
    return _issue(
        uow, actor, invoice_id, order_id, (supplier, buyer), lines, str(rounding), posted, month, carried=carried
    )


def charge_period(
    uow: Uow, *, order_id: str, buyer_id: str, supplier_id: str, listing_id: str, description: Mapping[str, str],
    net: int, currency: str, span: Span, discount: Discount | None = None, at_once: bool = False,
) -> Invoice:  # fmt: skip
    """Invoice a period's fee, or what was missing to its minimum.

    The prepaid balance pays it as far as it reaches, the rest is open. ``at_once`` raises BalanceTooLow instead. Raises
    AlreadyInvoiced for a period that has its invoice.
    """
    if queries.of_period(uow, order_id, span.month):
        raise AlreadyInvoiced(
            Sentence("%(order_id)s has an invoice for %(month)s.", order_id=order_id, month=span.month)
        )
    lines = _lines(uow, buyer_id, listing_id, description, net, currency, discount)
    supplier, buyer = _parties(uow, supplier_id, buyer_id)
    month = months_of(uow, supplier_id).period_of(uow.now()).label
    invoice_id, post = new_id("inv"), postings.post_sale if at_once else postings.post_usage
    posted = post(
        uow, invoice_id, order_id, buyer_id=buyer_id, supplier_id=supplier_id, net=sum(line.net for line in lines),
        tax=sum(line.tax for line in lines), currency=currency,
    )  # fmt: skip
    return _issue(
        uow, SYSTEM, invoice_id, order_id, (supplier, buyer), lines, str(rounding_of(uow.house.settings.tier_profile)),
        posted, month, span, discount.carried if discount else 0,
    )  # fmt: skip


def _lines(
    uow: Uow,
    buyer_id: str,
    listing_id: str,
    description: str | Mapping[str, str],
    net: int,
    currency: str,
    discount: Discount | None,
) -> list[Line]:
    rounding = rounding_of(uow.house.settings.tier_profile)
    full = line_of(listing_id, description, net, currency, taxes.rate_bp(uow, buyer_id), rounding)
    return [full] if discount is None else discounted(full, discount, rounding)


def charge_usage(
    uow: Uow, *, order_id: str, buyer_id: str, supplier_id: str, lines: Sequence[Line], span: Span,
) -> Invoice:  # fmt: skip
    """Invoice a period of an order's usage; the prepaid balance pays it as far as it reaches, the rest is open.

    The net amount is held for the supplier for the days of hold. Raises AlreadyInvoiced for a period that
    has its invoice, and Invalid for lines that sum to less than nothing.
    """
    if queries.of_period(uow, order_id, span.month):
        raise AlreadyInvoiced(
            Sentence("%(order_id)s has an invoice for %(month)s.", order_id=order_id, month=span.month)
        )
    net, tax = sum(line.net for line in lines), sum(line.tax for line in lines)
    if net < 0 or tax < 0:
        raise Invalid("An invoice is not negative.", field="net")
    supplier, buyer = _parties(uow, supplier_id, buyer_id)
    invoice_id = new_id("inv")
    posted = postings.post_usage(
        uow, invoice_id, order_id, buyer_id=buyer_id, supplier_id=supplier_id, net=net, tax=tax,
        currency=lines[0].currency,
    )  # fmt: skip
    rounding = str(rounding_of(uow.house.settings.tier_profile))
    return _issue(uow, SYSTEM, invoice_id, order_id, (supplier, buyer), lines, rounding, posted, span.month, span)


def refund(uow: Uow, *, order_id: str, reason: str, actor: Actor = SYSTEM) -> Invoice:
    """Reverse the invoice of an order paid at once by a credit note, and give the buyer the gross amount back.

    The credit note mirrors the invoice to the last unit, or takes what earlier ones left of it. Raises
    InvoiceNotFound, AlreadyCredited when that is nothing, and PayableReleased once the supplier's share is no
    longer on hold.
    """
    invoice = queries.charge_of(uow, order_id)
    if invoice is None:
        raise InvoiceNotFound(Sentence("%(order_id)s was not invoiced.", order_id=order_id))
    postings.take_turn(uow, invoice)
    lines = whole(_left(uow, invoice))
    return _credit(uow, actor, invoice, lines, reason, None, after_release=False)


def refund_part(
    uow: Uow, actor: Actor, invoice: Invoice, *, gross: int, reason: str, lines: Sequence[int] | None = None,
    decision: Decision | None = None,
) -> Invoice:  # fmt: skip
    """Give the buyer so much of an invoice back by a credit note, also after the supplier's share was released.

    Each of these lines (all of them, if none is named) gives in proportion to what is left of it. Asks no policy: for
    services that asked. Raises AlreadyCredited when nothing is left, CreditTooLarge, LinesNotThere.
    """
    postings.take_turn(uow, invoice)
    rests = _numbered(_left(uow, invoice), lines)
    left = sum(rest.gross for rest in rests)
    if not 0 < gross <= left:
        raise CreditTooLarge(
            Sentence("%(amount)s is left of it.", amount=format_amount(left, invoice.currency)), field="amount",
            left=format_amount(left, invoice.currency),
        )  # fmt: skip
    return _credit(uow, actor, invoice, part(rests, gross), reason, decision, after_release=True)


def credit(
    uow: Uow, actor: Actor, invoice_id: str, *, reason: str, lines: Sequence[int] | None = None
) -> Invoice:  # fmt: skip
    """Finance of the platform corrects an invoice of usage: all of it, or the lines with these numbers (from 1).

    What the buyer had paid returns to the prepaid balance, what was open is no longer owed. The supplier's share
    is taken back, also when it was released. Finance corrects an invoice once. Raises InvoiceNotFound, PolicyRefused,
    NotAnInvoice for a credit note or an order paid at once, AlreadyCredited, LinesNotThere.
    """
    invoice = queries.get(uow, actor, invoice_id)
    decision = require(actor, "invoice:credit", Resource("invoice", invoice.id, {"owner": invoice.buyer_id}))
    if invoice.corrects or not invoice.span:
        raise NotAnInvoice("Correct the invoice of a period of usage.", field="invoice_id")
    postings.take_turn(uow, invoice)
    if before := queries.corrections_of(uow, invoice.id):
        raise AlreadyCredited(Sentence("By %(number)s.", number=before[0].number))
    chosen = whole(_numbered(queries.rests_of(uow, invoice), lines))
    return _credit(uow, actor, invoice, chosen, reason, decision, after_release=True)


def take_turn(uow: Uow, invoice: Invoice) -> None:
    """Nobody corrects or pays an invoice of its buyer until this unit ends."""
    postings.take_turn(uow, invoice)


def collect(uow: Uow, *, buyer_id: str, currency: str) -> int:
    """Pay the buyer's open invoices from the prepaid balance, the oldest first; answers how much was paid."""
    return postings.collect(uow, buyer_id, currency)


def pay(uow: Uow, invoice_id: str) -> int:
    """Pay what is open of one invoice from the buyer's balance, as far as that reaches; answers how much was paid."""
    return postings.pay_one(uow, invoice_id)


def _left(uow: Uow, invoice: Invoice) -> list[Rest]:
    """Raises AlreadyCredited when its credit notes left nothing."""
    notes = queries.corrections_of(uow, invoice.id)
    rests = queries.rests_of(uow, invoice)
    if notes and not any(rest.gross for rest in rests):
        raise AlreadyCredited(Sentence("By %(number)s.", number=notes[-1].number))
    return rests


def _numbered(rests: list[Rest], numbers: Sequence[int] | None) -> list[Rest]:
    if numbers is None:
        return rests
    if not numbers or len(set(numbers)) < len(numbers) or not set(numbers) <= set(range(1, len(rests) + 1)):
        raise LinesNotThere(
            Sentence("The invoice has the lines 1 to %(count)s; name each once.", count=len(rests)), field="lines"
        )
    chosen = [rests[number - 1] for number in sorted(numbers)]
    if sum(rest.net for rest in chosen) < 0 or sum(rest.tax for rest in chosen) < 0:
        raise LinesNotThere("These lines sum to less than nothing; credit them together with others.", field="lines")
    return chosen


def _credit(
    uow: Uow, actor: Actor, invoice: Invoice, lines: Sequence[Line], reason: str, decision: Decision | None, *,
    after_release: bool,
) -> Invoice:  # fmt: skip
    """Issue a credit note of these lines; whoever calls has taken the turn."""
    net, tax = -sum(line.net for line in lines), -sum(line.tax for line in lines)
    number = len(queries.corrections_of(uow, invoice.id)) + 1
    note_id = new_id("crn")
    uow.emit(
        CreditNoteIssued(
            note_id,
            invoice.id,
            invoice.order_id,
            invoice.period,
            invoice.buyer_id,
            invoice.supplier_id,
            net,
            after_release,
        )
    )
    posted = postings.post_credit(uow, note_id, invoice, net, tax, number=number)
    note = freeze(
        invoice_id=note_id, series=Series.CREDIT_NOTE, serial=next_number(uow, Series.CREDIT_NOTE),
        order_id=invoice.order_id, issued_at=uow.now(), supplier=invoice.supplier, buyer=invoice.buyer,
        currency=invoice.currency, lines=tuple(lines), rounding=invoice.rounding,
        corrects={"id": invoice.id, "number": invoice.number}, reason=reason, span=invoice.span,
        taxation=invoice.taxation,
    )  # fmt: skip
    _store(uow, actor, note, posted, decision)
    return note


def _issue(
    uow: Uow, actor: Actor, invoice_id: str, order_id: str, parties: tuple[Party, Party], lines: Sequence[Line],
    rounding: str, posted: list[TransactionSnapshot], month: str, span: Span | None = None, carried: int = 0,
) -> Invoice:  # fmt: skip
    supplier, buyer = parties
    invoice = freeze(
        invoice_id=invoice_id, series=Series.INVOICE, serial=next_number(uow, Series.INVOICE), order_id=order_id,
        issued_at=uow.now(), supplier=supplier, buyer=buyer, currency=lines[0].currency, lines=tuple(lines),
        rounding=rounding, span=span, taxation=taxes.decision(uow, buyer.id).document(),
    )  # fmt: skip
    _store(uow, actor, invoice, posted, None)
    if span:
        postings.leave_open(uow, invoice, posted)
    uow.emit(
        InvoiceIssued(
            invoice.id, order_id, invoice.period, month, buyer.id, supplier.id, lines[0].listing_id, invoice.net,
            invoice.currency, carried,
        )
    )  # fmt: skip
    return invoice


def _parties(uow: Uow, *ids: str) -> list[Party]:
    found = organisations(uow, ids)
    for organisation_id in ids:
        if organisation_id not in found:
            raise Invalid(
                Sentence("%(organisation_id)s is not an organisation.", organisation_id=organisation_id),
                field="organisation_id",
            )
    return [Party(each.id, each.name, each.name_en, each.credit_code) for each in map(found.__getitem__, ids)]


def _store(
    uow: Uow, actor: Actor, invoice: Invoice, posted: list[TransactionSnapshot], decision: Decision | None
) -> None:
    period = {"period": invoice.period} if invoice.period else {}
    row = {
        "id": invoice.id, "issuer": ISSUER, "series": str(invoice.series),
        "serial": int(invoice.number.partition("-")[2]), "order_id": invoice.order_id, "period": invoice.period,
        "buyer_id": invoice.buyer.id, "supplier_id": invoice.supplier.id, "currency": invoice.currency,
        "net": invoice.net, "tax": invoice.tax, "gross": invoice.gross, "corrects_id": invoice.corrects,
        "issued_at": invoice.issued_at, "body": invoice.body, "sha256": invoice.sha256,
    }  # fmt: skip
    uow.connection.execute(_INSERT, row)
    record(
        uow, actor, action="credit_note:issue" if invoice.corrects else "invoice:issue", object_id=invoice.id,
        decision=decision,
        data={
            "number": invoice.number, "order": invoice.order_id, **period, "document_sha256": invoice.sha256,
            "currency": invoice.currency, "gross": format_amount(invoice.gross, invoice.currency),
            **{f"{transaction.kind}_sha256": transaction.sha256() for transaction in posted},
        },
        concerns=[invoice.buyer.id, invoice.supplier.id],
    )  # fmt: skip
