"""A million listings searched, beside SQLite's FTS5 and Xapian on the same terms."""
