"""Tests of what people must do next."""
