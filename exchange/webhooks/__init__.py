"""Webhooks: what happens to an organisation's orders, sent to its own servers by the Standard Webhooks convention."""
