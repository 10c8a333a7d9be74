"""The middle: use cases over the model, the event log, and the ports that adapters fill.

Imports `pagebell.model` only.
"""
