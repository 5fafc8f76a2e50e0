CREATE TRIGGER order_message_no_update BEFORE UPDATE ON order_message
BEGIN SELECT RAISE(ABORT, 'order_message: append-only'); END
--;
CREATE TRIGGER order_message_no_delete BEFORE DELETE ON order_message
BEGIN SELECT RAISE(ABORT, 'order_message: append-only'); END
--;
CREATE TRIGGER contract_no_update BEFORE UPDATE ON contract
BEGIN SELECT RAISE(ABORT, 'contract: append-only'); END
--;
CREATE TRIGGER contract_no_delete BEFORE DELETE ON contract
BEGIN SELECT RAISE(ABORT, 'contract: append-only'); END
--;
CREATE TRIGGER contract_signature_no_update BEFORE UPDATE ON contract_signature
BEGIN SELECT RAISE(ABORT, 'contract_signature: append-only'); END
--;
CREATE TRIGGER contract_signature_no_delete BEFORE DELETE ON contract_signature
BEGIN SELECT RAISE(ABORT, 'contract_signature: append-only'); END
--;
