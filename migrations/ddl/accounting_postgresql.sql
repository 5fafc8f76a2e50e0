CREATE FUNCTION month_close_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.confirmed_at IS NOT NULL THEN
    RAISE EXCEPTION 'month_close: what is confirmed stays as it was' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF TG_OP = 'DELETE' THEN
    RETURN OLD;
  END IF;
  RETURN NEW;
END $$
--;
CREATE TRIGGER month_close_stays BEFORE UPDATE OR DELETE ON month_close
FOR EACH ROW EXECUTE FUNCTION month_close_stays()
--;
CREATE FUNCTION ledger_transaction_month_open() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM month_close WHERE confirmed_at IS NOT NULL AND ends_at > NEW.posted_at) THEN
    RAISE EXCEPTION 'ledger_transaction: its month is closed' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$
--;
CREATE TRIGGER ledger_transaction_after_close BEFORE INSERT ON ledger_transaction
FOR EACH ROW EXECUTE FUNCTION ledger_transaction_month_open()
