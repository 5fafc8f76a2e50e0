"""The trade: orders, licences and entitlements, as one explicit state machine."""
