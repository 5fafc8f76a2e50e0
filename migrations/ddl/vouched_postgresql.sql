CREATE TRIGGER audit_cosignature_no_change BEFORE UPDATE OR DELETE ON audit_cosignature FOR EACH ROW EXECUTE FUNCTION audit_append_only()
--;
CREATE TRIGGER audit_cosignature_no_truncate BEFORE TRUNCATE ON audit_cosignature FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()
--;
CREATE TRIGGER audit_stamp_no_change BEFORE UPDATE OR DELETE ON audit_stamp FOR EACH ROW EXECUTE FUNCTION audit_append_only()
--;
CREATE TRIGGER audit_stamp_no_truncate BEFORE TRUNCATE ON audit_stamp FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()
