"""How notifications are taken to recipients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from pagebell.model.event import Event
from pagebell.model.names import one_line
from pagebell.model.subscription import Subscription


@dataclass(frozen=True, slots=True)
class Parcel:
    """What goes to a subscription's recipient at once."""

    subscription: Subscription
    events: tuple[tuple[int, Event], ...]
    """In order, each with its notify-sequence-number; none where there is nothing to tell but a gap."""
    after: int = 0
    """The recipient has been told of all up to this number."""
    missed: int = 0
    """So many of the next were dropped."""

    @property
    def up_to(self) -> int:
        """Up to which number the recipient knows all that can be known, once it has this."""
        return self.events[-1][0] if self.events else self.after + self.missed


_LONGEST: Final = 160
"""Signs of what goes into the log."""


class Undelivered(Exception):
    """The recipient has not taken the parcel; `str()` of it tells why, in a line, without anything secret.

    `after`: seconds that the recipient wishes to be left alone. `gone`: it never will take one, so that the
    subscription ends (RFC 3995 9).
    """

    def __init__(self, message: str, *, after: float | None = None, gone: bool = False) -> None:
        super().__init__(one_line(message)[:_LONGEST])  # a recipient may have a say in it
        self.after = after
        self.gone = gone


class Courier(Protocol):
    """Takes notifications to recipients by some push delivery method (RFC 3995 9); entry points `pagebell.couriers`."""

    @property
    def schemes(self) -> tuple[str, ...]:
        """The URI schemes of its recipients, in small letters."""
        ...

    @property
    def at_once(self) -> int:
        """How many notifications may be in one parcel."""
        ...

    def check(self, uri: str) -> str:
        """The lane to that recipient: a few parcels a lane are under way at one time. Connects to nothing.

        Raises ValueError that says why nothing is taken there.
        """
        ...

    async def deliver(self, parcel: Parcel) -> None:
        """Return when the recipient has taken it, in bounded time. Raises Undelivered."""
        ...

    async def aclose(self) -> None:
        """Let go of everything."""
        ...


class CourierFactory(Protocol):
    """Makes a courier of its table in the configuration; a plug-in offers one (entry points `pagebell.couriers`)."""

    def __call__(self, settings: Mapping[str, object], folder: Path) -> Courier:
        """Make it; in `folder`, which need not exist, it may keep things. Raises ValueError that names the setting."""
        ...
