CREATE TRIGGER month_close_no_update BEFORE UPDATE ON month_close WHEN OLD.confirmed_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'month_close: what is confirmed stays as it was'); END
--;
CREATE TRIGGER month_close_no_delete BEFORE DELETE ON month_close WHEN OLD.confirmed_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'month_close: what is confirmed stays as it was'); END
--;
CREATE TRIGGER ledger_transaction_after_close BEFORE INSERT ON ledger_transaction
WHEN EXISTS (SELECT 1 FROM month_close WHERE confirmed_at IS NOT NULL AND ends_at > NEW.posted_at)
BEGIN SELECT RAISE(ABORT, 'ledger_transaction: its month is closed'); END
