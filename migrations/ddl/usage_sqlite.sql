CREATE TRIGGER usage_plan_no_update BEFORE UPDATE ON usage_plan
BEGIN SELECT RAISE(ABORT, 'usage: append-only'); END
--;
CREATE TRIGGER usage_plan_no_delete BEFORE DELETE ON usage_plan
BEGIN SELECT RAISE(ABORT, 'usage: append-only'); END
--;
CREATE TRIGGER usage_batch_no_update BEFORE UPDATE ON usage_batch
BEGIN SELECT RAISE(ABORT, 'usage: append-only'); END
--;
CREATE TRIGGER usage_batch_no_delete BEFORE DELETE ON usage_batch
BEGIN SELECT RAISE(ABORT, 'usage: append-only'); END
--;
CREATE TRIGGER usage_record_no_update BEFORE UPDATE ON usage_record
BEGIN SELECT RAISE(ABORT, 'usage: append-only'); END
--;
CREATE TRIGGER usage_record_no_delete BEFORE DELETE ON usage_record
BEGIN SELECT RAISE(ABORT, 'usage: append-only'); END
--;
CREATE TRIGGER usage_credit_no_update BEFORE UPDATE ON usage_credit
BEGIN SELECT RAISE(ABORT, 'usage: append-only'); END
--;
CREATE TRIGGER usage_credit_no_delete BEFORE DELETE ON usage_credit
BEGIN SELECT RAISE(ABORT, 'usage: append-only'); END
--;
CREATE TRIGGER usage_conflict_no_update BEFORE UPDATE ON usage_conflict
BEGIN SELECT RAISE(ABORT, 'usage: append-only'); END
--;
CREATE TRIGGER usage_conflict_no_delete BEFORE DELETE ON usage_conflict
BEGIN SELECT RAISE(ABORT, 'usage: append-only'); END
--;
CREATE TRIGGER usage_rollup_stays BEFORE DELETE ON usage_rollup
BEGIN SELECT RAISE(ABORT, 'usage: a sum does not go away'); END
--;
CREATE TRIGGER usage_window_stays BEFORE DELETE ON usage_window
BEGIN SELECT RAISE(ABORT, 'usage: a sum does not go away'); END
--;
CREATE TRIGGER usage_quota_stays BEFORE DELETE ON usage_quota
BEGIN SELECT RAISE(ABORT, 'usage: a sum does not go away'); END
--;
CREATE TRIGGER usage_hold_stays BEFORE DELETE ON usage_hold
BEGIN SELECT RAISE(ABORT, 'usage: a sum does not go away'); END
--;
CREATE TRIGGER usage_hold_parties BEFORE UPDATE ON usage_hold
WHEN NEW.order_id <> OLD.order_id OR NEW.organisation_id <> OLD.organisation_id OR NEW.supplier_id <> OLD.supplier_id
  OR NEW.listing_id <> OLD.listing_id OR NEW.entitlement_id <> OLD.entitlement_id
BEGIN SELECT RAISE(ABORT, 'usage: a meter keeps its parties'); END
