CREATE TRIGGER revision_no_change BEFORE UPDATE OR DELETE ON revision FOR EACH ROW EXECUTE FUNCTION audit_append_only()
--;
CREATE TRIGGER revision_file_no_change BEFORE UPDATE OR DELETE ON revision_file FOR EACH ROW EXECUTE FUNCTION audit_append_only()
--;
CREATE TRIGGER offer_no_change BEFORE UPDATE OR DELETE ON offer FOR EACH ROW EXECUTE FUNCTION audit_append_only()
--;
CREATE TRIGGER stored_file_no_change BEFORE UPDATE OR DELETE ON stored_file FOR EACH ROW EXECUTE FUNCTION audit_append_only()
--;
