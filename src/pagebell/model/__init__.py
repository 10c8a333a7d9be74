"""The domain: printers, jobs, documents, subscriptions and events as values, and the table that moves them.

Nothing here does I/O, knows a protocol, or imports another part of Pagebell.
"""
