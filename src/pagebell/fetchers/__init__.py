"""Adapters that fetch documents which clients name instead of sending them."""
