"""What an HTTP request tells of its sender."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, Final

from pagebell.model.access import Credentials, Visitor

Scope = MutableMapping[str, Any]
_PROXIES: Final = frozenset({b"via", b"forwarded", b"x-forwarded-for"})


def visitor_of(scope: Scope) -> Visitor:
    """Who sent this HTTP request, as far as it tells."""
    peer = scope.get("client") or ("", 0)
    credentials = None
    from_page = forwarded = False
    for name, value in scope["headers"]:
        from_page = from_page or name == b"origin"
        forwarded = forwarded or name in _PROXIES
        if name == b"authorization":
            scheme, _, secret = value.decode("latin-1").partition(" ")
            credentials = Credentials(scheme.lower(), secret.strip())
    return Visitor(
        peer[0], scope.get("scheme") == "https", credentials, from_page=from_page, forwarded=forwarded
    )
