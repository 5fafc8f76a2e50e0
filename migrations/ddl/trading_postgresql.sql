CREATE TRIGGER order_step_no_change BEFORE UPDATE OR DELETE ON order_step FOR EACH ROW EXECUTE FUNCTION audit_append_only()
--;
CREATE TRIGGER delivery_receipt_no_change BEFORE UPDATE OR DELETE ON delivery_receipt FOR EACH ROW EXECUTE FUNCTION audit_append_only()
--;
