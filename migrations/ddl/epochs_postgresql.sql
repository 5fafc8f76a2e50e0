CREATE TRIGGER audit_epoch_no_change BEFORE UPDATE OR DELETE ON audit_epoch FOR EACH ROW EXECUTE FUNCTION audit_append_only()
--;
CREATE TRIGGER audit_epoch_no_truncate BEFORE TRUNCATE ON audit_epoch FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()
--;
