"""Files: uploads in parts, and the content-addressed store that keeps their bytes."""
