"""OAuth 2: clients of an organisation, their access tokens, and the keys that sign them."""
