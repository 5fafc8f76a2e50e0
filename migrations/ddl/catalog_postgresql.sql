CREATE TRIGGER revision_no_change BEFORE UPDATE OR DELETE ON revision FOR EACH ROW EXECUTE FUNCTION audit_append_only()
--;
CREATE TRIGGER revision_file_no_change BEFORE UPDATE OR DELETE ON revision_file FOR EACH ROW EXECUTE FUNCTION audit_append_only()
--;
CREATE TRIGGER offer_no_change BEFORE UPDATE OR DELETE ON offer FOR EACH ROW EXECUTE FUNCTION audit_append_only()
--;
CREATE TRIGGER stored_file_no_change BEFORE UPDATE ON stored_file FOR EACH ROW
WHEN (OLD.scan_state = 'done' OR (OLD.id, OLD.owner_id, OLD.name, OLD.size, OLD.sha256, OLD.media_type, OLD.created_at)
    IS DISTINCT FROM (NEW.id, NEW.owner_id, NEW.name, NEW.size, NEW.sha256, NEW.media_type, NEW.created_at))
EXECUTE FUNCTION audit_append_only()
--;
CREATE TRIGGER stored_file_no_delete BEFORE DELETE ON stored_file FOR EACH ROW EXECUTE FUNCTION audit_append_only()
--;
