"""Measurements of the server on the machine at hand."""
