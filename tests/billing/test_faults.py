"""Somebody with the database file in hand changes something: the books say so."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, text

from billing.invoices import service as invoices
from billing.settlement import service as settlement
from tests import build
from tests.billing.books import Books


@pytest.fixture
def kept(books: Books) -> Books:
    """Books with a sale that was released, one that was refunded, and one still on hold."""
    buyer, supplier = (str(build.organisation(books.house).organisation_id) for _ in range(2))
    books.fund(buyer, 100_000)
    sales = [books.charge(buyer, supplier, net) for net in (10_000, 20_000, 30_000)]
    books.house.db.write(lambda uow: settlement.release(uow, order_id=sales[0].order_id))
    books.house.db.write(lambda uow: invoices.refund(uow, order_id=sales[1].order_id, reason="failed"))
    assert books.faults() == []
    return books


def force(connection: Connection, statement: str) -> int:
    """Change the database as its owner can, past triggers, foreign keys and checks."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET session_replication_role = replica"))
    else:
        triggers = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
        for name in triggers:
            connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql("PRAGMA ignore_check_constraints=ON")
    return connection.execute(text(statement)).rowcount


PREPAID = "(SELECT key FROM ledger_account WHERE kind = 'buyer_prepaid')"


@pytest.mark.parametrize(
    ("statement", "where"),
    [
        ("UPDATE ledger_entry SET amount = amount + 1 WHERE account LIKE 'bank%'", "sums to"),
        ("UPDATE ledger_entry SET amount = 2 * amount", "the row says"),
        (f"UPDATE ledger_balance SET balance = balance + 1 WHERE account IN {PREPAID}", "the row says"),
        (f"UPDATE ledger_balance SET entries = entries + 1 WHERE account IN {PREPAID}", "the row says"),
        (f"UPDATE ledger_entry SET balance_after = 5 WHERE sequence = 2 AND account IN {PREPAID}", "does not follow"),
        ("DELETE FROM ledger_entry WHERE transaction_id = (SELECT MIN(id) FROM ledger_transaction)", "without entries"),
        ("DELETE FROM ledger_transaction WHERE kind = 'release'", "without a transaction"),
        ("UPDATE invoice SET gross = gross + 1, tax = tax + 1 WHERE serial = 2", "differs from its row"),
        ("UPDATE invoice SET body = REPLACE(body, '100.00', '900.00') WHERE serial = 1", "differs from its hash"),
        ("DELETE FROM invoice WHERE serial = 2", "a number before it is missing"),
        ("DELETE FROM invoice WHERE serial = 3", "the last number has no document"),
        ("UPDATE payable SET state = 'available' WHERE state = 'on_hold'", "the lines say"),
        ("UPDATE payable SET share = share + 9, commission = commission - 9 WHERE state LIKE 'a%'", "the lines say"),
        ("UPDATE top_up SET amount = amount + 1", "what is written down says"),
        ("UPDATE top_up SET state = 'rejected'", "what is written down says"),
    ],
)
def test_found(kept: Books, statement: str, where: str) -> None:
    with kept.house.db.engine.connect() as connection, connection.begin():
        changed = force(connection, statement)
    kept.house.db.engine.dispose()
    assert changed > 0
    assert any(where in fault for fault in kept.faults()), kept.faults()
