CREATE FUNCTION billing_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'integrity_constraint_violation'; END $$
--;
CREATE FUNCTION ledger_entry_check() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  owned boolean := EXISTS (SELECT 1 FROM ledger_balance WHERE account = NEW.account);
  before bigint := 0;
BEGIN
  IF EXISTS (SELECT 1 FROM ledger_transaction WHERE id = NEW.transaction_id) THEN
    RAISE EXCEPTION 'ledger: the transaction is closed' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF (NEW.sequence IS NULL) = owned THEN
    RAISE EXCEPTION 'ledger: an entry of an owned account is counted, others are not'
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF NOT owned THEN RETURN NEW; END IF;
  IF NEW.sequence > 1 THEN
    before := (SELECT balance_after FROM ledger_entry WHERE account = NEW.account AND sequence = NEW.sequence - 1);
  END IF;
  IF NEW.balance_after IS DISTINCT FROM
      before + (SELECT side FROM ledger_account WHERE key = NEW.account) * NEW.amount
    OR NOT EXISTS (SELECT 1 FROM ledger_balance
      WHERE account = NEW.account AND entries = NEW.sequence AND balance = NEW.balance_after) THEN
    RAISE EXCEPTION 'ledger: the running balance does not follow' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$
--;
CREATE TRIGGER ledger_entry_checked BEFORE INSERT ON ledger_entry
FOR EACH ROW EXECUTE FUNCTION ledger_entry_check()
--;
CREATE FUNCTION ledger_transaction_sum(wanted text) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT (SELECT COUNT(*) FROM ledger_entry WHERE transaction_id = wanted) >= 2
    AND NOT EXISTS (SELECT 1 FROM ledger_entry WHERE transaction_id = wanted GROUP BY currency HAVING SUM(amount) <> 0)
$$
--;
CREATE FUNCTION ledger_transaction_check() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT ledger_transaction_sum(NEW.id) THEN
    RAISE EXCEPTION 'ledger: the entries do not sum to zero' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$
--;
CREATE TRIGGER ledger_transaction_balanced BEFORE INSERT ON ledger_transaction
FOR EACH ROW EXECUTE FUNCTION ledger_transaction_check()
--;
CREATE FUNCTION ledger_entry_check_at_commit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT ledger_transaction_sum(NEW.transaction_id) THEN
    RAISE EXCEPTION 'ledger: the entries do not sum to zero' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$
--;
CREATE CONSTRAINT TRIGGER ledger_entry_balanced AFTER INSERT ON ledger_entry
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_entry_check_at_commit()
--;
CREATE TRIGGER ledger_balance_begins BEFORE INSERT ON ledger_balance FOR EACH ROW
WHEN (NEW.balance <> 0 OR NEW.held <> 0 OR NEW.entries IS NOT NULL)
EXECUTE FUNCTION billing_refuse('ledger: a balance begins at zero')
--;
CREATE TRIGGER ledger_balance_stepwise BEFORE UPDATE ON ledger_balance FOR EACH ROW
WHEN (NEW.account <> OLD.account OR NEW.may_overdraw <> OLD.may_overdraw OR NOT (
  (NEW.balance = OLD.balance AND NEW.entries IS NOT DISTINCT FROM OLD.entries)
  OR NEW.entries IS NOT DISTINCT FROM COALESCE(OLD.entries, 0) + 1))
EXECUTE FUNCTION billing_refuse('ledger: a balance changes by one entry at a time')
--;
CREATE TRIGGER ledger_balance_stays BEFORE DELETE ON ledger_balance
FOR EACH ROW EXECUTE FUNCTION billing_refuse('ledger: append-only')
--;
CREATE TRIGGER ledger_entry_frozen BEFORE UPDATE OR DELETE ON ledger_entry
FOR EACH ROW EXECUTE FUNCTION billing_refuse('ledger: append-only')
--;
CREATE TRIGGER ledger_transaction_frozen BEFORE UPDATE OR DELETE ON ledger_transaction
FOR EACH ROW EXECUTE FUNCTION billing_refuse('ledger: append-only')
--;
CREATE TRIGGER ledger_account_frozen BEFORE UPDATE OR DELETE ON ledger_account
FOR EACH ROW EXECUTE FUNCTION billing_refuse('ledger: append-only')
--;
CREATE TRIGGER ledger_entry_whole BEFORE TRUNCATE ON ledger_entry
FOR EACH STATEMENT EXECUTE FUNCTION billing_refuse('ledger: append-only')
--;
CREATE TRIGGER ledger_transaction_whole BEFORE TRUNCATE ON ledger_transaction
FOR EACH STATEMENT EXECUTE FUNCTION billing_refuse('ledger: append-only')
--;
CREATE TRIGGER ledger_balance_whole BEFORE TRUNCATE ON ledger_balance
FOR EACH STATEMENT EXECUTE FUNCTION billing_refuse('ledger: append-only')
--;
CREATE TRIGGER invoice_frozen BEFORE UPDATE OR DELETE ON invoice
FOR EACH ROW EXECUTE FUNCTION billing_refuse('invoice: frozen, correct it by a credit note')
--;
CREATE TRIGGER invoice_whole BEFORE TRUNCATE ON invoice
FOR EACH STATEMENT EXECUTE FUNCTION billing_refuse('invoice: frozen, correct it by a credit note')
--;
CREATE FUNCTION invoice_check() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM invoice_series
      WHERE issuer = NEW.issuer AND series = NEW.series AND last_number = NEW.serial)
    OR (NEW.serial > 1 AND NOT EXISTS (SELECT 1 FROM invoice
      WHERE issuer = NEW.issuer AND series = NEW.series AND serial = NEW.serial - 1)) THEN
    RAISE EXCEPTION 'invoice: numbers have no gaps' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$
--;
CREATE TRIGGER invoice_numbered BEFORE INSERT ON invoice FOR EACH ROW EXECUTE FUNCTION invoice_check()
--;
CREATE TRIGGER invoice_series_stepwise BEFORE UPDATE ON invoice_series FOR EACH ROW
WHEN (NEW.issuer <> OLD.issuer OR NEW.series <> OLD.series OR NEW.last_number IS DISTINCT FROM COALESCE(OLD.last_number, 0) + 1)
EXECUTE FUNCTION billing_refuse('invoice: numbers have no gaps')
--;
CREATE TRIGGER invoice_series_stays BEFORE DELETE ON invoice_series
FOR EACH ROW EXECUTE FUNCTION billing_refuse('invoice: numbers have no gaps')
--;
CREATE TRIGGER payable_frozen BEFORE UPDATE ON payable FOR EACH ROW
WHEN (OLD.state <> 'on_hold'
  OR NEW.state NOT IN ('available', 'reversed') OR NEW.settled_at IS NULL
  OR NEW.release_at IS DISTINCT FROM OLD.release_at
  OR (NEW.id, NEW.order_id, NEW.supplier_id, NEW.buyer_id, NEW.listing_id, NEW.invoice_id, NEW.period, NEW.month,
    NEW.currency, NEW.net, NEW.commission_bp, NEW.commission, NEW.share, NEW.created_at)
  IS DISTINCT FROM (OLD.id, OLD.order_id, OLD.supplier_id, OLD.buyer_id, OLD.listing_id, OLD.invoice_id, OLD.period, OLD.month,
    OLD.currency, OLD.net, OLD.commission_bp, OLD.commission, OLD.share, OLD.created_at))
EXECUTE FUNCTION billing_refuse('payable: only its state changes, once')
--;
CREATE TRIGGER payable_stays BEFORE DELETE ON payable
FOR EACH ROW EXECUTE FUNCTION billing_refuse('payable: only its state changes, once')
--;
CREATE TRIGGER top_up_frozen BEFORE UPDATE ON top_up FOR EACH ROW
WHEN (OLD.state <> 'recorded' OR NEW.state NOT IN ('confirmed', 'rejected', 'cancelled') OR NEW.decided_by IS NULL
  OR (NEW.id, NEW.organisation_id, NEW.amount, NEW.currency, NEW.bank_reference, NEW.recorded_by, NEW.recorded_at)
  IS DISTINCT FROM (OLD.id, OLD.organisation_id, OLD.amount, OLD.currency, OLD.bank_reference, OLD.recorded_by,
    OLD.recorded_at))
EXECUTE FUNCTION billing_refuse('top_up: it is decided once, and nothing else of it changes')
--;
CREATE TRIGGER top_up_stays BEFORE DELETE ON top_up
FOR EACH ROW EXECUTE FUNCTION billing_refuse('top_up: it is decided once, and nothing else of it changes')
