CREATE TRIGGER order_step_no_update BEFORE UPDATE ON order_step
BEGIN SELECT RAISE(ABORT, 'order_step: append-only'); END
--;
CREATE TRIGGER order_step_no_delete BEFORE DELETE ON order_step
BEGIN SELECT RAISE(ABORT, 'order_step: append-only'); END
--;
CREATE TRIGGER delivery_receipt_no_update BEFORE UPDATE ON delivery_receipt
BEGIN SELECT RAISE(ABORT, 'delivery_receipt: append-only'); END
--;
CREATE TRIGGER delivery_receipt_no_delete BEFORE DELETE ON delivery_receipt
BEGIN SELECT RAISE(ABORT, 'delivery_receipt: append-only'); END
--;
