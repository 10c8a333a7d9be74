"""Sending more of an answer there and then, without waking the task that answers."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, Sequence
from typing import Any

Push = Callable[[Sequence[bytes]], bool]
"""Sends these pieces at once; tells whether it did."""
Pusher = Callable[[bytes, bytes], Push]
"""Makes a `Push` that each time sends something before the pieces, and something after them."""


def pusher_of(scope: MutableMapping[str, Any]) -> Pusher:
    """For the answer to that request, from when its body has begun; where another server runs, nothing is sent."""
    found: Pusher = scope.get("state", {}).get("pusher", _nothing)
    return found


def _nothing(_before: bytes, _after: bytes) -> Push:
    return lambda _: False
