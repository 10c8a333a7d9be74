"""What an IPP printer says of itself, mirrored: its capabilities, state and reasons, and whether it answers.

The printer is looked at when its events say that something is new (ippget, RFC 3996), or else now and then; a
look is the only thing that changes the picture, so that news never overtake one another. One that does not answer is
tried again with back-off.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing, suppress
from typing import Final

from pagebell.devices import ipp_description as description
from pagebell.devices import ipp_supplies
from pagebell.devices.status import StatusBoard, out_of_reach
from pagebell.devices.waiting import within
from pagebell.ipp import registry as r
from pagebell.ipp.client import Client
from pagebell.ipp.errors import BadAnswer, ClientError, ConnectionFailed, HttpError, IppError, Silent
from pagebell.ipp.message import Group
from pagebell.ipp.registry import Op
from pagebell.ipp.results import PrinterInfo, Subscription
from pagebell.ipp.values import GroupTag
from pagebell.model.printer import Capabilities
from pagebell.spooler.backoff import Backoff
from pagebell.spooler.ports import Clock, DeviceStatus, Report

log = logging.getLogger(__name__)

POLL: Final = 10.0
"""Seconds between looks at a printer without events."""
LOOK: Final = 120.0
"""Seconds between looks at a printer with events."""
PAUSE: Final = 1.0
"""Seconds before a printer is asked for events again that does not say when."""
LEASE: Final = 3600
FAREWELL: Final = 3.0
"""Seconds for the printer to take leave."""
_CONFIG: Final = "printer-config-changed"
_EVENTS: Final = ("printer-state-changed", _CONFIG)
_ALL: Final = ("all", r.media_col_supported)
_STATE: Final = (
    *(r.printer_state, r.printer_state_reasons, r.printer_state_message, r.printer_is_accepting_jobs),
    *(r.printer_up_time, r.printer_config_change_time),
    *ipp_supplies.ATTRIBUTES,
)


class Mirror:
    """The picture of one printer."""

    def __init__(self, client: Client, clock: Clock, chance: Callable[[], float]) -> None:
        self.capabilities: Capabilities = description.UNKNOWN
        self.told = Group(GroupTag.PRINTER)
        """The printer's own description, as it came."""
        self.info = PrinterInfo(client.uri)
        self.online = asyncio.Event()
        """The printer answered when it was looked at last."""
        self.unwanted: set[int] = set()
        """Jobs there that are to be cancelled as soon as it answers."""
        self._client = client
        self._clock = clock
        self._backoff = Backoff(chance=chance)
        self._board = StatusBoard()
        self._doubt = asyncio.Event()
        self._subscription: Subscription | None = None
        self._renew_at = 0.0
        self._seen = 0
        self._events = True
        self._config: tuple[int | None, int] | None = None
        self._stale = True
        """All is to be read anew, and not the state alone."""
        connecting = DeviceStatus(False, frozenset({"connecting-to-device"}), f"Connecting to {client.uri}.")
        self._board.set(connecting)

    def doubt(self) -> None:
        """Something may have changed: look again soon."""
        self._doubt.set()

    async def watch(self, report: Report) -> None:
        """Report the printer's status, and have it reported again when its capabilities change."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._look_on(), name=f"look at {self._client.uri}")
            await self._board.watch(report)

    async def _look_on(self) -> None:
        try:
            while True:
                try:
                    await self._subscribe()
                    self._doubt.clear()
                    await self._look()
                    await self._cancel_unwanted()
                    self._backoff.reset()
                    await self._news()
                    continue
                except ClientError as error:
                    self._lost(error)
                except Exception:
                    log.exception("%s tells what can't be understood", self._client.uri)
                    self._lost(
                        BadAnswer(self._client.uri, "what it tells can't be understood; see the server's log")
                    )
                await self._clock.sleep(self._backoff.next())
        finally:
            self.online.clear()
            try:
                await self._leave()
            finally:
                await self._client.close()

    # --- looking ---

    async def _look(self) -> None:
        stale, self._stale = self._stale, False
        info = await self._client.printer(*(_ALL if stale else _STATE))
        config = self._edition(info)
        if not stale and config != self._config:
            info = await self._client.printer(*_ALL)
            config = self._edition(info)
        if "document-format-supported" in info.raw:
            self.told = info.raw
            self._config = config
            self._learn(description.capabilities(info.raw))
        self.info = info
        self._board.set(description.status(info))
        self.online.set()

    def _edition(self, info: PrinterInfo) -> tuple[int | None, int]:
        """Changes when the printer's configuration does, or when it was started anew."""
        changed, up = info.raw.get(r.printer_config_change_time), info.raw.get(r.printer_up_time) or 0
        started = int(self._clock.now()) - up if up < 1_000_000_000 else 0
        return changed, started // 60

    def _learn(self, capabilities: Capabilities) -> None:
        if capabilities != self.capabilities:
            self.capabilities = capabilities
            self._board.renew()

    def _lost(self, error: ClientError) -> None:
        self.online.clear()
        self._stale = True
        self._subscription = None
        uri = self._client.uri
        if isinstance(error, ConnectionFailed):
            self._board.set(out_of_reach(uri, error.reason))
            return
        told = f"it refuses to describe itself: {error}"
        if isinstance(error, HttpError | BadAnswer):
            told = error.reason
        message = description.sentence(f"{uri} can't be used: {told}. Trying again.")
        self._board.set(DeviceStatus(True, frozenset({"connecting-to-device", "other-error"}), message))

    async def _cancel_unwanted(self) -> None:
        for number in sorted(self.unwanted):
            with suppress(IppError):  # it is final, or forgotten
                await self._client.cancel(number)
            self.unwanted.discard(number)

    # --- events ---

    async def _subscribe(self) -> None:
        """Have the printer tell of changes; one that can't is looked at now and then."""
        if not self._events or (self._config is None and not await self._has_events()):
            return
        try:
            if self._subscription is None:
                self._subscription = await self._client.create_subscription(*_EVENTS, lease=LEASE)
                self._seen = 0
            elif self._clock.now() >= self._renew_at:
                self._subscription = await self._client.renew_subscription(self._subscription, LEASE)
            else:
                return
        except IppError as error:
            log.info("%s grants no subscription: %s", self._client.uri, error)
            self._subscription, self._events = None, False
            return
        self._renew_at = self._clock.now() + (self._subscription.lease or LEASE) / 2

    async def _has_events(self) -> bool:
        info = await self._client.printer(
            r.notify_pull_method_supported, r.notify_events_supported, r.operations_supported
        )
        wanted = info.offers(Op.CREATE_PRINTER_SUBSCRIPTIONS, Op.GET_NOTIFICATIONS)
        self._events = info.ippget and wanted and info.events.issuperset(_EVENTS)
        return self._events

    async def _news(self) -> None:
        """Return when the printer should be looked at again."""
        listening = asyncio.ensure_future(self._listen() if self._subscription else self._clock.sleep(POLL))
        doubting = asyncio.ensure_future(self._doubt.wait())
        try:
            await asyncio.wait({listening, doubting}, return_when=asyncio.FIRST_COMPLETED)
            if listening.done():
                listening.result()
        finally:
            listening.cancel()
            doubting.cancel()
            await asyncio.wait({listening, doubting})
            if not listening.cancelled():
                listening.exception()

    async def _listen(self) -> None:
        assert self._subscription is not None
        try:
            await within(self._clock, LOOK, self._first_event(self._subscription))
        except (TimeoutError, Silent):
            return
        except IppError:
            self._subscription = None  # it knows it no longer: subscribe anew
            await self._clock.sleep(PAUSE)

    async def _first_event(self, subscription: Subscription) -> None:
        while True:
            async with aclosing(self._client.wait_notifications(subscription, self._seen)) as answers:
                pause = PAUSE
                async for events in answers:
                    if events.notifications:
                        self._seen = max(event.sequence for event in events.notifications)
                        self._stale = any(event.event == _CONFIG for event in events.notifications)
                        return
                    pause = float(events.interval or pause)
            await self._clock.sleep(pause)

    async def _leave(self) -> None:
        if self._subscription is None:
            return
        with suppress(ClientError, TimeoutError):
            await within(self._clock, FAREWELL, self._client.cancel_subscription(self._subscription))
        self._subscription = None
