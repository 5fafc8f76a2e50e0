CREATE TRIGGER revision_no_update BEFORE UPDATE ON revision
BEGIN SELECT RAISE(ABORT, 'revision: immutable'); END
--;
CREATE TRIGGER revision_no_delete BEFORE DELETE ON revision
BEGIN SELECT RAISE(ABORT, 'revision: immutable'); END
--;
CREATE TRIGGER revision_file_no_update BEFORE UPDATE ON revision_file
BEGIN SELECT RAISE(ABORT, 'revision_file: immutable'); END
--;
CREATE TRIGGER revision_file_no_delete BEFORE DELETE ON revision_file
BEGIN SELECT RAISE(ABORT, 'revision_file: immutable'); END
--;
CREATE TRIGGER offer_no_update BEFORE UPDATE ON offer
BEGIN SELECT RAISE(ABORT, 'offer: immutable'); END
--;
CREATE TRIGGER offer_no_delete BEFORE DELETE ON offer
BEGIN SELECT RAISE(ABORT, 'offer: immutable'); END
--;
CREATE TRIGGER stored_file_no_update BEFORE UPDATE ON stored_file
WHEN OLD.scan_state = 'done' OR (OLD.id, OLD.owner_id, OLD.name, OLD.size, OLD.sha256, OLD.media_type, OLD.created_at)
    IS NOT (NEW.id, NEW.owner_id, NEW.name, NEW.size, NEW.sha256, NEW.media_type, NEW.created_at)
BEGIN SELECT RAISE(ABORT, 'stored_file: immutable'); END
--;
CREATE TRIGGER stored_file_no_delete BEFORE DELETE ON stored_file
BEGIN SELECT RAISE(ABORT, 'stored_file: immutable'); END
--;
