CREATE TRIGGER closed_period_apart BEFORE INSERT ON closed_period
WHEN EXISTS (SELECT 1 FROM closed_period
  WHERE order_id = NEW.order_id AND starts_at < NEW.ends_at AND NEW.starts_at < ends_at)
BEGIN SELECT RAISE(ABORT, 'closed_period: periods of an order do not overlap'); END
--;
CREATE TRIGGER closed_period_no_update BEFORE UPDATE ON closed_period
BEGIN SELECT RAISE(ABORT, 'closed_period: what was closed stays as it was'); END
--;
CREATE TRIGGER closed_period_no_delete BEFORE DELETE ON closed_period
BEGIN SELECT RAISE(ABORT, 'closed_period: what was closed stays as it was'); END
