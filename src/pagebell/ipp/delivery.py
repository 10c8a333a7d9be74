"""Attributes of subscriptions with a recipient that no standard has: how far it has been told, and why no further."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pagebell.ipp.attributes import Attr, Syntax
from pagebell.ipp.values import Tag

DELIVERED: Final[Attr[int]] = Attr("pagebell-delivered-sequence-number", (Syntax(Tag.INTEGER, 0),))
"""The recipient has had all up to this notify-sequence-number."""
TROUBLE: Final[Attr[str]] = Attr("pagebell-delivery-trouble", (Syntax(Tag.TEXT),))
"""Why it does not get the next; not there where all is well."""
TROUBLE_SINCE: Final[Attr[datetime]] = Attr("pagebell-delivery-trouble-since", (Syntax(Tag.DATE_TIME),))
ATTEMPTS: Final[Attr[int]] = Attr("pagebell-delivery-attempts", (Syntax(Tag.INTEGER, 0),))
"""How often the next has been tried."""
