CREATE TRIGGER audit_epoch_no_update BEFORE UPDATE ON audit_epoch
BEGIN SELECT RAISE(ABORT, 'audit_epoch: append-only'); END
--;
CREATE TRIGGER audit_epoch_no_delete BEFORE DELETE ON audit_epoch
BEGIN SELECT RAISE(ABORT, 'audit_epoch: append-only'); END
--;
