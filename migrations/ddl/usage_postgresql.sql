CREATE FUNCTION usage_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'integrity_constraint_violation'; END $$
--;
CREATE TRIGGER usage_plan_frozen BEFORE UPDATE OR DELETE ON usage_plan
FOR EACH ROW EXECUTE FUNCTION usage_refuse('usage: append-only')
--;
CREATE TRIGGER usage_plan_whole BEFORE TRUNCATE ON usage_plan
FOR EACH STATEMENT EXECUTE FUNCTION usage_refuse('usage: append-only')
--;
CREATE TRIGGER usage_batch_frozen BEFORE UPDATE OR DELETE ON usage_batch
FOR EACH ROW EXECUTE FUNCTION usage_refuse('usage: append-only')
--;
CREATE TRIGGER usage_batch_whole BEFORE TRUNCATE ON usage_batch
FOR EACH STATEMENT EXECUTE FUNCTION usage_refuse('usage: append-only')
--;
CREATE TRIGGER usage_record_frozen BEFORE UPDATE OR DELETE ON usage_record
FOR EACH ROW EXECUTE FUNCTION usage_refuse('usage: append-only')
--;
CREATE TRIGGER usage_record_whole BEFORE TRUNCATE ON usage_record
FOR EACH STATEMENT EXECUTE FUNCTION usage_refuse('usage: append-only')
--;
CREATE TRIGGER usage_credit_frozen BEFORE UPDATE OR DELETE ON usage_credit
FOR EACH ROW EXECUTE FUNCTION usage_refuse('usage: append-only')
--;
CREATE TRIGGER usage_credit_whole BEFORE TRUNCATE ON usage_credit
FOR EACH STATEMENT EXECUTE FUNCTION usage_refuse('usage: append-only')
--;
CREATE TRIGGER usage_conflict_frozen BEFORE UPDATE OR DELETE ON usage_conflict
FOR EACH ROW EXECUTE FUNCTION usage_refuse('usage: append-only')
--;
CREATE TRIGGER usage_conflict_whole BEFORE TRUNCATE ON usage_conflict
FOR EACH STATEMENT EXECUTE FUNCTION usage_refuse('usage: append-only')
--;
CREATE TRIGGER usage_rollup_stays BEFORE DELETE ON usage_rollup
FOR EACH ROW EXECUTE FUNCTION usage_refuse('usage: a sum does not go away')
--;
CREATE TRIGGER usage_rollup_whole BEFORE TRUNCATE ON usage_rollup
FOR EACH STATEMENT EXECUTE FUNCTION usage_refuse('usage: a sum does not go away')
--;
CREATE TRIGGER usage_window_stays BEFORE DELETE ON usage_window
FOR EACH ROW EXECUTE FUNCTION usage_refuse('usage: a sum does not go away')
--;
CREATE TRIGGER usage_window_whole BEFORE TRUNCATE ON usage_window
FOR EACH STATEMENT EXECUTE FUNCTION usage_refuse('usage: a sum does not go away')
--;
CREATE TRIGGER usage_quota_stays BEFORE DELETE ON usage_quota
FOR EACH ROW EXECUTE FUNCTION usage_refuse('usage: a sum does not go away')
--;
CREATE TRIGGER usage_quota_whole BEFORE TRUNCATE ON usage_quota
FOR EACH STATEMENT EXECUTE FUNCTION usage_refuse('usage: a sum does not go away')
--;
CREATE TRIGGER usage_hold_stays BEFORE DELETE ON usage_hold
FOR EACH ROW EXECUTE FUNCTION usage_refuse('usage: a sum does not go away')
--;
CREATE TRIGGER usage_hold_whole BEFORE TRUNCATE ON usage_hold
FOR EACH STATEMENT EXECUTE FUNCTION usage_refuse('usage: a sum does not go away')
--;
CREATE TRIGGER usage_hold_parties BEFORE UPDATE ON usage_hold FOR EACH ROW
WHEN (NEW.order_id <> OLD.order_id OR NEW.organisation_id <> OLD.organisation_id OR NEW.supplier_id <> OLD.supplier_id
  OR NEW.listing_id <> OLD.listing_id OR NEW.entitlement_id <> OLD.entitlement_id)
EXECUTE FUNCTION usage_refuse('usage: a meter keeps its parties')
