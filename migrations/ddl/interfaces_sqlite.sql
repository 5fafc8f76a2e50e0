CREATE TRIGGER interface_no_update BEFORE UPDATE ON interface
BEGIN SELECT RAISE(ABORT, 'interface: immutable'); END
--;
CREATE TRIGGER interface_no_delete BEFORE DELETE ON interface
BEGIN SELECT RAISE(ABORT, 'interface: immutable'); END
--;
CREATE TRIGGER interface_trial_no_update BEFORE UPDATE ON interface_trial
BEGIN SELECT RAISE(ABORT, 'interface_trial: immutable'); END
--;
CREATE TRIGGER interface_trial_no_delete BEFORE DELETE ON interface_trial
BEGIN SELECT RAISE(ABORT, 'interface_trial: immutable'); END
--;
