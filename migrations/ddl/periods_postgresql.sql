CREATE FUNCTION closed_period_apart() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM closed_period
      WHERE order_id = NEW.order_id AND starts_at < NEW.ends_at AND NEW.starts_at < ends_at) THEN
    RAISE EXCEPTION 'closed_period: periods of an order do not overlap' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$
--;
CREATE TRIGGER closed_period_apart BEFORE INSERT ON closed_period
FOR EACH ROW EXECUTE FUNCTION closed_period_apart()
--;
CREATE TRIGGER closed_period_no_update BEFORE UPDATE ON closed_period
FOR EACH ROW EXECUTE FUNCTION billing_refuse('closed_period: what was closed stays as it was')
--;
CREATE TRIGGER closed_period_no_delete BEFORE DELETE ON closed_period
FOR EACH ROW EXECUTE FUNCTION billing_refuse('closed_period: what was closed stays as it was')
