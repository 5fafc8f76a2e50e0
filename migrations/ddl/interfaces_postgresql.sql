CREATE TRIGGER interface_no_change BEFORE UPDATE OR DELETE ON interface FOR EACH ROW EXECUTE FUNCTION audit_append_only()
--;
CREATE TRIGGER interface_trial_no_change BEFORE UPDATE OR DELETE ON interface_trial FOR EACH ROW EXECUTE FUNCTION audit_append_only()
--;
