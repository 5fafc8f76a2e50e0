"""What invoices, their payment and their correction move in the ledger."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select, update

from billing.invoices.models import OpenInvoice
from billing.invoices.types import Invoice
from billing.ledger.service import available, post
from billing.ledger.types import Account, AccountKind, Draft, TransactionKind, TransactionSnapshot, credit, debit
from core.db import Uow


def post_sale(uow: Uow, invoice_id: str, order_id: str, *, buyer_id: str, supplier_id: str, net: int, tax: int,
              currency: str) -> list[TransactionSnapshot]:  # fmt: skip
    """An order paid at once by a new invoice: owed and paid in the same unit. Raises BalanceTooLow."""
    if net + tax == 0:
        return []
    sale = _sale(invoice_id, order_id, buyer_id, supplier_id, net, tax, currency)
    payment = _payment(f"payment:{invoice_id}", invoice_id, order_id, buyer_id, net + tax, currency)
    return post(uow, [sale, payment], new=True)


def post_usage(uow: Uow, invoice_id: str, order_id: str, *, buyer_id: str, supplier_id: str, net: int, tax: int,
               currency: str) -> list[TransactionSnapshot]:  # fmt: skip
    """Usage is owed; the prepaid balance pays as much of it as it can, the rest stays receivable and is collected."""
    if net + tax == 0:
        return []
    paid = min(net + tax, available(uow, Account(AccountKind.BUYER_PREPAID, buyer_id, currency)))
    drafts = [_sale(invoice_id, order_id, buyer_id, supplier_id, net, tax, currency)]
    if paid > 0:
        drafts.append(_payment(f"payment:{invoice_id}", invoice_id, order_id, buyer_id, paid, currency))
    return post(uow, drafts)


def leave_open(uow: Uow, invoice: Invoice, posted: Sequence[TransactionSnapshot]) -> None:
    """Remember what was posted as owed and not as paid."""
    paid = [entry.amount for each in posted if each.kind is TransactionKind.PAYMENT for entry in each.entries]
    left = invoice.gross - sum(amount for amount in paid if amount > 0)
    if left > 0:
        uow.session.add(
            OpenInvoice(
                invoice_id=invoice.id, order_id=invoice.order_id, buyer_id=invoice.buyer_id,
                currency=invoice.currency, outstanding=left, payments=len(posted) - 1, since=uow.now(),
            )
        )  # fmt: skip
        uow.session.flush()


def collect(uow: Uow, buyer_id: str, currency: str) -> int:
    """Pay what is open, the oldest first, as far as the prepaid balance reaches; answers the amount."""
    left = available(uow, Account(AccountKind.BUYER_PREPAID, buyer_id, currency))
    collected = 0
    for open_invoice in _open_invoices(uow, buyer_id, currency):
        amount = min(left - collected, open_invoice.outstanding)
        if amount <= 0:
            break
        _pay_off(uow, open_invoice, amount)
        collected += amount
    return collected


def pay_one(uow: Uow, invoice_id: str) -> int:
    """Pay one open invoice before all others, as far as the prepaid balance reaches; answers the amount."""
    found = uow.session.get(OpenInvoice, invoice_id)
    if found is None:
        return 0
    left = available(uow, Account(AccountKind.BUYER_PREPAID, found.buyer_id, found.currency))
    mine = uow.session.get(OpenInvoice, invoice_id, with_for_update=True, populate_existing=True)
    amount = min(left, mine.outstanding) if mine is not None else 0
    if mine is None or amount <= 0:
        return 0
    _pay_off(uow, mine, amount)
    return amount


def take_turn(uow: Uow, invoice: Invoice) -> None:
    """Lock the buyer's balance before anything else of a correction, as all other units do."""
    available(uow, Account(AccountKind.BUYER_PREPAID, invoice.buyer_id, invoice.currency))


def post_credit(
    uow: Uow, note_id: str, invoice: Invoice, net: int, tax: int, *, number: int
) -> list[TransactionSnapshot]:
    """Take back so much of an invoice by its note of that number: what was not paid yet is no longer owed, what was
    paid returns.
    """
    gross = net + tax
    if gross == 0:
        return []
    unpaid = _write_off(uow, invoice.id, gross)
    subject = invoice.id + (f":{number}" if number > 1 else "")
    drafts = [_undone(f"credit_note:{subject}", note_id, invoice, net, tax)]
    if gross > unpaid:
        drafts.insert(0, _refund(f"refund:{subject}", note_id, invoice, gross - unpaid))
    return post(uow, drafts)


def _sale(invoice_id: str, order_id: str, buyer_id: str, supplier_id: str, net: int, tax: int, currency: str) -> Draft:
    receivable = Account(AccountKind.BUYER_RECEIVABLE, buyer_id, currency)
    entries = [
        debit(receivable, net + tax),
        *(credit(a, amount) for a, amount in _owed(supplier_id, net, tax, currency)),
    ]
    return Draft(f"invoice:{invoice_id}", TransactionKind.INVOICE, invoice_id, entries, order_id)


def _payment(key: str, invoice_id: str, order_id: str, buyer_id: str, amount: int, currency: str) -> Draft:
    prepaid = Account(AccountKind.BUYER_PREPAID, buyer_id, currency)
    receivable = Account(AccountKind.BUYER_RECEIVABLE, buyer_id, currency)
    entries = [debit(prepaid, amount), credit(receivable, amount)]
    return Draft(key, TransactionKind.PAYMENT, invoice_id, entries, order_id)


def _refund(key: str, note_id: str, invoice: Invoice, amount: int) -> Draft:
    receivable = Account(AccountKind.BUYER_RECEIVABLE, invoice.buyer_id, invoice.currency)
    prepaid = Account(AccountKind.BUYER_PREPAID, invoice.buyer_id, invoice.currency)
    entries = [debit(receivable, amount), credit(prepaid, amount)]
    return Draft(key, TransactionKind.REFUND, note_id, entries, invoice.order_id)


def _undone(key: str, note_id: str, invoice: Invoice, net: int, tax: int) -> Draft:
    receivable = Account(AccountKind.BUYER_RECEIVABLE, invoice.buyer_id, invoice.currency)
    owed = _owed(invoice.supplier_id, net, tax, invoice.currency)
    entries = [credit(receivable, net + tax), *(debit(account, amount) for account, amount in owed)]
    return Draft(key, TransactionKind.CREDIT_NOTE, note_id, entries, invoice.order_id)


def _owed(supplier_id: str, net: int, tax: int, currency: str) -> list[tuple[Account, int]]:
    owed = [
        (Account(AccountKind.SUPPLIER_ON_HOLD, supplier_id, currency), net),
        (Account(AccountKind.TAX_PAYABLE, None, currency), tax),
    ]
    return [(account, amount) for account, amount in owed if amount]


def _open_invoices(uow: Uow, buyer_id: str, currency: str) -> list[OpenInvoice]:
    chosen = (
        select(OpenInvoice)
        .where(OpenInvoice.buyer_id == buyer_id, OpenInvoice.currency == currency)
        .order_by(OpenInvoice.since, OpenInvoice.invoice_id)
        .with_for_update()
    )
    return list(uow.session.execute(chosen.execution_options(populate_existing=True)).scalars())


def _pay_off(uow: Uow, open_invoice: OpenInvoice, amount: int) -> None:
    number = open_invoice.payments + 1
    key = f"payment:{open_invoice.invoice_id}" + (f":{number}" if number > 1 else "")
    post(
        uow,
        [
            _payment(
                key, open_invoice.invoice_id, open_invoice.order_id, open_invoice.buyer_id, amount,
                open_invoice.currency,
            )
        ],
    )  # fmt: skip
    _lessen(uow, open_invoice.invoice_id, amount, payments=number)


def _write_off(uow: Uow, invoice_id: str, gross: int) -> int:
    """How much of ``gross`` was not paid yet; it is not open any more."""
    row = uow.session.get(OpenInvoice, invoice_id, with_for_update=True, populate_existing=True)
    unpaid = min(row.outstanding, gross) if row else 0
    if row is not None:
        _lessen(uow, invoice_id, unpaid, payments=row.payments)
    return unpaid


def _lessen(uow: Uow, invoice_id: str, amount: int, *, payments: int) -> None:
    mine = OpenInvoice.invoice_id == invoice_id
    quietly = {"synchronize_session": False}
    changed = update(OpenInvoice).where(mine, OpenInvoice.outstanding > amount)
    left = changed.values(outstanding=OpenInvoice.outstanding - amount, payments=payments).returning(
        OpenInvoice.invoice_id
    )
    if uow.session.execute(left.execution_options(**quietly)).first() is None:
        uow.session.execute(delete(OpenInvoice).where(mine).execution_options(**quietly))
