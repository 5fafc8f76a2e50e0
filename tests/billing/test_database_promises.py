"""What the database refuses, whatever program writes to it."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from billing.ledger import queries as ledger
from core.db import Uow
from core.house import House
from core.ids import new_id
from tests import build
from tests.billing.books import Books


@pytest.fixture
def buyer(books: Books) -> str:
    buyer_id = build.organisation(books.house).organisation_id
    supplier_id = build.organisation(books.house).organisation_id
    assert buyer_id is not None
    assert supplier_id is not None
    books.fund(buyer_id, 100_000)
    books.charge(buyer_id, supplier_id, 1_000)
    return buyer_id


def run(house: House, *statements: str, **values: object) -> None:
    """Write past the ledger's service, in one unit."""

    def work(uow: Uow) -> None:
        for statement in statements:
            uow.session.execute(text(statement), values)

    house.db.write(work)


REVENUE = "INSERT INTO ledger_account (key, kind, currency, side) VALUES ('x:platform:CNY', 'rounding', 'CNY', -1)"
HEADER = (
    "INSERT INTO ledger_transaction (id, key, kind, subject_id, posted_at)"
    " VALUES (:id, :id, 'top_up', 'x', CURRENT_TIMESTAMP)"
)
BANK = "INSERT INTO ledger_entry (transaction_id, position, account, currency, amount) VALUES (:id, 1, {}, 'CNY', 5)"
OTHER = "INSERT INTO ledger_entry (transaction_id, position, account, currency, amount) VALUES (:id, 2, {}, 'CNY', {})"
BANK = BANK.format("'bank_clearing:platform:CNY'")


def test_a_balanced_transaction_of_platform_accounts_is_taken(books: Books, buyer: str) -> None:
    run(books.house, REVENUE, BANK, OTHER.format("'x:platform:CNY'", -5), HEADER, id=new_id("txn"))
    assert books.house.db.read(ledger.check) == []
    assert books.faults() == ["bank_clearing CNY: what is written down says 100000, the ledger 100005"]


@pytest.mark.parametrize(
    "statements",
    [
        [HEADER],
        [BANK],
        [BANK, HEADER],
        [REVENUE, BANK, OTHER.format("'x:platform:CNY'", -4), HEADER],
        [REVENUE, BANK, OTHER.format("'x:platform:CNY'", -5)],
        [HEADER, REVENUE, BANK, OTHER.format("'x:platform:CNY'", -5)],
        [REVENUE, BANK, OTHER.format("'x:platform:CNY'", 0), HEADER],
        [BANK, OTHER.format("'nobody:platform:CNY'", -5), HEADER],
        [REVENUE.replace("'CNY'", "'USD'"), BANK, OTHER.format("'x:platform:CNY'", -5), HEADER],
        [BANK, OTHER.format(":prepaid", -5), HEADER],
        ["UPDATE ledger_entry SET amount = amount + 1"],
        ["UPDATE ledger_entry SET account = 'bank_clearing:platform:CNY'"],
        ["DELETE FROM ledger_entry"],
        ["UPDATE ledger_transaction SET key = key || 'x'"],
        ["DELETE FROM ledger_transaction"],
        ["UPDATE ledger_account SET side = -side"],
        ["DELETE FROM ledger_account WHERE kind = 'rounding' OR kind = 'bank_clearing'"],
        ["UPDATE ledger_balance SET balance = balance + 1 WHERE account = :prepaid"],
        ["UPDATE ledger_balance SET balance = balance + 1, entries = entries + 1 WHERE account = :prepaid"],
        ["UPDATE ledger_balance SET entries = entries - 1 WHERE account = :prepaid"],
        ["UPDATE ledger_balance SET held = balance + 1 WHERE account = :prepaid"],
        ["UPDATE ledger_balance SET held = -1 WHERE account = :prepaid"],
        ["UPDATE ledger_balance SET may_overdraw = NOT may_overdraw"],
        ["DELETE FROM ledger_balance"],
        ["UPDATE invoice SET gross = gross + 1, tax = tax + 1"],
        ["UPDATE invoice SET body = '{}'"],
        ["DELETE FROM invoice"],
        ["UPDATE invoice_series SET last_number = last_number + 1"],
        ["UPDATE invoice_series SET last_number = last_number + 2"],
        ["UPDATE invoice_series SET last_number = last_number - 1"],
        ["DELETE FROM invoice_series"],
        ["UPDATE payable SET commission = commission + 1"],
        ["UPDATE payable SET commission = commission + 1, share = share - 1"],
        ["UPDATE payable SET state = 'available'"],
        ["DELETE FROM payable"],
        ["UPDATE top_up SET decided_by = recorded_by"],
        ["UPDATE top_up SET amount = 0"],
        ["UPDATE top_up SET state = 'recorded', decided_by = NULL"],
        ["DELETE FROM top_up"],
    ],
    ids=lambda statements: " / ".join(statement[:60] for statement in statements),
)
def test_refused(books: Books, buyer: str, statements: list[str]) -> None:
    before = books.balance(buyer)
    with pytest.raises(DBAPIError):
        run(books.house, *statements, id=new_id("txn"), prepaid=f"buyer_prepaid:{buyer}:CNY")
    assert books.balance(buyer) == before
    assert books.faults() == []


def test_an_entry_of_an_owned_account_must_continue_its_running_balance(books: Books, buyer: str) -> None:
    prepaid = f"buyer_prepaid:{buyer}:CNY"
    entry = (
        "INSERT INTO ledger_entry (transaction_id, position, account, currency, amount, sequence, balance_after)"
        " VALUES (:id, 2, :prepaid, 'CNY', -5, {}, {})"
    )
    grow = "UPDATE ledger_balance SET balance = balance + {}, entries = entries + 1 WHERE account = :prepaid"
    after = books.balance(buyer)
    for step, sequence, balance in ((5, 3, after + 6), (6, 3, after + 6), (5, 4, after + 5), (5, 2, after + 5)):
        with pytest.raises(DBAPIError):
            run(
                books.house, grow.format(step), BANK, entry.format(sequence, balance), HEADER,
                id=new_id("txn"), prepaid=prepaid,
            )  # fmt: skip
    run(books.house, grow.format(5), BANK, entry.format(3, after + 5), HEADER, id=new_id("txn"), prepaid=prepaid)
    assert books.balance(buyer) == after + 5
    assert books.house.db.read(ledger.check) == []
