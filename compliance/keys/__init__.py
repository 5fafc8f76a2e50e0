"""API keys: what an organisation's programs show at the gateway."""
