CREATE TRIGGER ledger_entry_open BEFORE INSERT ON ledger_entry
WHEN EXISTS (SELECT 1 FROM ledger_transaction WHERE id = NEW.transaction_id)
BEGIN SELECT RAISE(ABORT, 'ledger: the transaction is closed'); END
--;
CREATE TRIGGER ledger_entry_counted BEFORE INSERT ON ledger_entry
WHEN (NEW.sequence IS NULL) = EXISTS (SELECT 1 FROM ledger_balance WHERE account = NEW.account)
BEGIN SELECT RAISE(ABORT, 'ledger: an entry of an owned account is counted, others are not'); END
--;
CREATE TRIGGER ledger_entry_follows BEFORE INSERT ON ledger_entry
WHEN NEW.sequence IS NOT NULL AND (
  NOT EXISTS (SELECT 1 FROM ledger_balance
    WHERE account = NEW.account AND entries = NEW.sequence AND balance = NEW.balance_after)
  OR NEW.balance_after IS NOT (
    (SELECT side FROM ledger_account WHERE key = NEW.account) * NEW.amount
    + CASE WHEN NEW.sequence = 1 THEN 0
      ELSE (SELECT balance_after FROM ledger_entry WHERE account = NEW.account AND sequence = NEW.sequence - 1) END))
BEGIN SELECT RAISE(ABORT, 'ledger: the running balance does not follow'); END
--;
CREATE TRIGGER ledger_transaction_balanced BEFORE INSERT ON ledger_transaction
WHEN (SELECT COUNT(*) FROM ledger_entry WHERE transaction_id = NEW.id) < 2
  OR EXISTS (SELECT 1 FROM ledger_entry WHERE transaction_id = NEW.id GROUP BY currency HAVING SUM(amount) <> 0)
BEGIN SELECT RAISE(ABORT, 'ledger: the entries do not sum to zero'); END
--;
CREATE TRIGGER ledger_balance_begins BEFORE INSERT ON ledger_balance
WHEN NEW.balance <> 0 OR NEW.held <> 0 OR NEW.entries IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'ledger: a balance begins at zero'); END
--;
CREATE TRIGGER ledger_balance_stepwise BEFORE UPDATE ON ledger_balance
WHEN NEW.account <> OLD.account OR NEW.may_overdraw <> OLD.may_overdraw OR NOT (
  (NEW.balance = OLD.balance AND NEW.entries IS OLD.entries) OR NEW.entries IS COALESCE(OLD.entries, 0) + 1)
BEGIN SELECT RAISE(ABORT, 'ledger: a balance changes by one entry at a time'); END
--;
CREATE TRIGGER ledger_balance_stays BEFORE DELETE ON ledger_balance
BEGIN SELECT RAISE(ABORT, 'ledger: append-only'); END
--;
CREATE TRIGGER ledger_entry_no_update BEFORE UPDATE ON ledger_entry
BEGIN SELECT RAISE(ABORT, 'ledger: append-only'); END
--;
CREATE TRIGGER ledger_entry_no_delete BEFORE DELETE ON ledger_entry
BEGIN SELECT RAISE(ABORT, 'ledger: append-only'); END
--;
CREATE TRIGGER ledger_transaction_no_update BEFORE UPDATE ON ledger_transaction
BEGIN SELECT RAISE(ABORT, 'ledger: append-only'); END
--;
CREATE TRIGGER ledger_transaction_no_delete BEFORE DELETE ON ledger_transaction
BEGIN SELECT RAISE(ABORT, 'ledger: append-only'); END
--;
CREATE TRIGGER ledger_account_no_update BEFORE UPDATE ON ledger_account
BEGIN SELECT RAISE(ABORT, 'ledger: append-only'); END
--;
CREATE TRIGGER ledger_account_no_delete BEFORE DELETE ON ledger_account
BEGIN SELECT RAISE(ABORT, 'ledger: append-only'); END
--;
CREATE TRIGGER invoice_no_update BEFORE UPDATE ON invoice
BEGIN SELECT RAISE(ABORT, 'invoice: frozen, correct it by a credit note'); END
--;
CREATE TRIGGER invoice_no_delete BEFORE DELETE ON invoice
BEGIN SELECT RAISE(ABORT, 'invoice: frozen, correct it by a credit note'); END
--;
CREATE TRIGGER invoice_numbered BEFORE INSERT ON invoice
WHEN NOT EXISTS (SELECT 1 FROM invoice_series
    WHERE issuer = NEW.issuer AND series = NEW.series AND last_number = NEW.serial)
  OR (NEW.serial > 1 AND NOT EXISTS (SELECT 1 FROM invoice
    WHERE issuer = NEW.issuer AND series = NEW.series AND serial = NEW.serial - 1))
BEGIN SELECT RAISE(ABORT, 'invoice: numbers have no gaps'); END
--;
CREATE TRIGGER invoice_series_stepwise BEFORE UPDATE ON invoice_series
WHEN NEW.issuer <> OLD.issuer OR NEW.series <> OLD.series OR NEW.last_number IS NOT COALESCE(OLD.last_number, 0) + 1
BEGIN SELECT RAISE(ABORT, 'invoice: numbers have no gaps'); END
--;
CREATE TRIGGER invoice_series_stays BEFORE DELETE ON invoice_series
BEGIN SELECT RAISE(ABORT, 'invoice: numbers have no gaps'); END
--;
CREATE TRIGGER payable_frozen BEFORE UPDATE ON payable
WHEN (OLD.state <> 'on_hold'
  OR NEW.state NOT IN ('available', 'reversed') OR NEW.settled_at IS NULL
  OR NEW.release_at IS NOT OLD.release_at
  OR (NEW.id, NEW.order_id, NEW.supplier_id, NEW.buyer_id, NEW.listing_id, NEW.invoice_id, NEW.period, NEW.month,
    NEW.currency, NEW.net, NEW.commission_bp, NEW.commission, NEW.share, NEW.created_at)
  IS NOT (OLD.id, OLD.order_id, OLD.supplier_id, OLD.buyer_id, OLD.listing_id, OLD.invoice_id, OLD.period, OLD.month,
    OLD.currency, OLD.net, OLD.commission_bp, OLD.commission, OLD.share, OLD.created_at))
BEGIN SELECT RAISE(ABORT, 'payable: only its state changes, once'); END
--;
CREATE TRIGGER payable_stays BEFORE DELETE ON payable
BEGIN SELECT RAISE(ABORT, 'payable: only its state changes, once'); END
--;
CREATE TRIGGER top_up_frozen BEFORE UPDATE ON top_up
WHEN OLD.state <> 'recorded' OR NEW.state NOT IN ('confirmed', 'rejected', 'cancelled') OR NEW.decided_by IS NULL
  OR (NEW.id, NEW.organisation_id, NEW.amount, NEW.currency, NEW.bank_reference, NEW.recorded_by, NEW.recorded_at)
  IS NOT (OLD.id, OLD.organisation_id, OLD.amount, OLD.currency, OLD.bank_reference, OLD.recorded_by, OLD.recorded_at)
BEGIN SELECT RAISE(ABORT, 'top_up: it is decided once, and nothing else of it changes'); END
--;
CREATE TRIGGER top_up_stays BEFORE DELETE ON top_up
BEGIN SELECT RAISE(ABORT, 'top_up: it is decided once, and nothing else of it changes'); END
