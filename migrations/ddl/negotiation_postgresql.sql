CREATE TRIGGER order_message_no_change BEFORE UPDATE OR DELETE ON order_message FOR EACH ROW EXECUTE FUNCTION audit_append_only()
--;
CREATE TRIGGER contract_no_change BEFORE UPDATE OR DELETE ON contract FOR EACH ROW EXECUTE FUNCTION audit_append_only()
--;
CREATE TRIGGER contract_signature_no_change BEFORE UPDATE OR DELETE ON contract_signature FOR EACH ROW EXECUTE FUNCTION audit_append_only()
--;
