"""The machinery under the exchange: nothing in here knows what is traded."""
