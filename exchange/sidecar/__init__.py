"""The sidecar: keeps a machine's gateways fresh, leases them quota and money, loads what they metered."""
