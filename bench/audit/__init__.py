"""The audit log at scale: killed again and again, measured, and proven offline."""
