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
BEGIN SELECT RAISE(ABORT, 'stored_file: immutable'); END
--;
CREATE TRIGGER stored_file_no_delete BEFORE DELETE ON stored_file
BEGIN SELECT RAISE(ABORT, 'stored_file: immutable'); END
--;
