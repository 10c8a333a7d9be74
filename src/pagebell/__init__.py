"""Pagebell: a print server and client that always tells people what became of their document."""

__version__ = "0.1.0"
