"""Tests of operating the exchange."""
