CREATE TRIGGER audit_cosignature_no_update BEFORE UPDATE ON audit_cosignature
BEGIN SELECT RAISE(ABORT, 'audit_cosignature: append-only'); END
--;
CREATE TRIGGER audit_cosignature_no_delete BEFORE DELETE ON audit_cosignature
BEGIN SELECT RAISE(ABORT, 'audit_cosignature: append-only'); END
--;
CREATE TRIGGER audit_stamp_no_update BEFORE UPDATE ON audit_stamp
BEGIN SELECT RAISE(ABORT, 'audit_stamp: append-only'); END
--;
CREATE TRIGGER audit_stamp_no_delete BEFORE DELETE ON audit_stamp
BEGIN SELECT RAISE(ABORT, 'audit_stamp: append-only'); END
