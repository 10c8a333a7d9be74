"""A virtual printer that behaves as real ones do: it takes its time, runs out of paper, jams, goes offline.

For testing software against. What happens to it comes from its settings (the URI), from a seeded chance, and
from commands:

    printer = SimulatedDevice("simulated://lab?ppm=30&media=250&seed=7&jam=0.01")
    printer.jam()                       # or, in words: printer.command("jam")
    printer.status.message              # 'Paper is jammed: open the cover and take it out.'
    printer.clear()

A sheet that jams is lost, and its page is printed once more after `clear`. Paper or toner that is used up
stops the printer when the next page needs it, not before.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass

from pagebell.clock import SystemClock
from pagebell.devices.simulated_settings import Settings, fault_at, parse
from pagebell.devices.status import StatusBoard
from pagebell.model.job import Job
from pagebell.model.printer import Capabilities, Supply
from pagebell.spooler.ports import Clock, DeviceStatus, Report, Work

log = logging.getLogger(__name__)

OCTETS_A_PAGE = 50_000
"""What a page is taken for where nobody has counted them."""


@dataclass(slots=True)
class _Machine:
    """What is the matter with the machine now."""

    media: int
    toner: int
    jammed: bool = False
    offline: bool = False
    cover_open: bool = False
    warming: bool = False
    starved: str = ""
    """What a page waits for: `media` or `toner`."""


class SimulatedDevice:
    """One virtual printer (`ports.Device`). Its methods are called in the event loop's thread."""

    def __init__(self, uri: str, *, clock: Clock | None = None) -> None:
        self.settings: Settings = parse(uri)
        self._clock = clock or SystemClock()
        self._board = StatusBoard()
        self._machine = _Machine(self.settings.media, self.settings.toner)
        self._pages = 0
        self._struck = 0
        self._mend_at: float | None = None
        self._warm_until = float("-inf")

    @property
    def capabilities(self) -> Capabilities:
        """What its URI says it can do."""
        return self.settings.capabilities

    # --- what a person in front of it sees and does ---

    @property
    def status(self) -> DeviceStatus:
        """What it says of itself now."""
        return self._board.status

    @property
    def media(self) -> int:
        """Sheets in the tray."""
        return self._machine.media

    @property
    def toner(self) -> int:
        """Pages that the cartridge still lasts."""
        return self._machine.toner

    @property
    def pages(self) -> int:
        """Pages printed in its life."""
        return self._pages

    def refill(self, sheets: int | None = None) -> None:
        """Put in so many sheets; without a number, as many as the tray holds. Raises ValueError."""
        free = self.settings.media - self._machine.media
        added = free if sheets is None else sheets
        if added < 0:
            raise ValueError("paper can be put in, not taken out: give a number above 0")
        self._machine.media += min(free, added)
        if self._machine.media and self._machine.starved == "media":
            self._machine.starved = ""
        self._renew()

    def empty(self) -> None:
        """Take all paper out."""
        self._machine.media = 0
        self._renew()

    def change_toner(self) -> None:
        """Put in a new cartridge."""
        self._machine.toner = self.settings.toner
        if self._machine.starved == "toner":
            self._machine.starved = ""
        self._renew()

    def jam(self) -> None:
        """Let the sheet under way, or the next, be jammed."""
        self._machine.jammed = True
        self._renew()

    def clear(self) -> None:
        """Take out the jammed paper."""
        self._machine.jammed = False
        self._mend_at = None
        self._renew()

    def offline(self) -> None:
        """Pull the plug of its network."""
        self._machine.offline = True
        self._renew()

    def online(self) -> None:
        """Put it back."""
        self._machine.offline = False
        self._mend_at = None
        self._renew()

    def open_cover(self) -> None:
        """Open the front cover."""
        self._machine.cover_open = True
        self._renew()

    def close_cover(self) -> None:
        """Close it."""
        self._machine.cover_open = False
        self._renew()

    def command(self, text: str) -> str:
        """Do what the words say, e.g. `refill 250`; returns its state in words. Raises ValueError."""
        word, *rest = text.split() or [""]
        known = self._orders()
        action = known.get(word)
        if action is None:
            raise ValueError(
                f"a simulated printer knows no command {word!r}; it knows {', '.join(sorted(known))}"
            )
        if not rest:
            action()
        elif word == "refill" and len(rest) == 1 and rest[0].isdecimal() and len(rest[0]) < 10:
            self.refill(int(rest[0]))
        else:
            raise ValueError(
                "refill takes a number of sheets" if word == "refill" else f"{word} stands alone"
            )
        return self.describe()

    def describe(self) -> str:
        """Its state in one line."""
        state = self.status.message or "Ready."
        return f"{state} Paper: {self.media} of {self.settings.media} sheets. Toner: {self.toner} pages."

    def _orders(self) -> dict[str, Callable[[], None]]:
        return {
            "status": lambda: None,
            "refill": self.refill,
            "empty": self.empty,
            "toner": self.change_toner,
            "jam": self.jam,
            "clear": self.clear,
            "offline": self.offline,
            "online": self.online,
            "open": self.open_cover,
            "close": self.close_cover,
        }

    # --- the port ---

    async def watch(self, report: Report) -> None:
        """Report its status at each change; faults that came by chance go away again meanwhile."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._mend(), name="repairs")
            await self._board.watch(report)

    async def print(self, work: Work) -> None:
        """Print page by page, each in its time, waiting while something is the matter."""
        octets = 0
        for document in work.documents:
            async for chunk in work.read(document):
                octets += len(chunk)
        job = work.job
        pages = job.impressions
        if pages is None:
            pages = -(-octets // OCTETS_A_PAGE) * (job.ticket.copies or 1)
        per_copy = max(1, pages // (job.ticket.copies or 1))
        try:
            for done in range(
                job.impressions_completed, pages
            ):  # those before are out since it was suspended
                await self._page(new_sheet=done % per_copy % self._pages_a_sheet(job) == 0)
                await work.printed(done + 1)
        finally:
            self._machine.starved = ""
            self._machine.warming = False
            self._renew()

    async def identify(self, actions: Collection[str], message: str) -> None:
        """Say so in the log."""
        name = self.capabilities.make_and_model
        log.info("identify %s (%s): %s", name, ", ".join(sorted(actions)) or "anyhow", message)

    # --- how it works ---

    def _pages_a_sheet(self, job: Job) -> int:
        two_sided = (job.ticket.sides or "").startswith("two-sided") and len(self.capabilities.sides) > 1
        return 2 if two_sided else 1

    async def _page(self, *, new_sheet: bool) -> None:
        machine = self._machine
        while True:
            await self._ready(new_sheet)
            await self._warm_up()
            await self._clock.sleep(self.settings.page_time)
            self._strike()
            if not machine.jammed:
                break
            if new_sheet:
                machine.media -= 1  # the jammed sheet is lost
            new_sheet = True
        while machine.offline or machine.cover_open:
            await self._board.change()
        machine.media -= new_sheet
        machine.toner -= 1
        self._pages += 1
        self._warm_until = self._clock.now() + self.settings.cools
        self._renew()

    async def _ready(self, new_sheet: bool) -> None:
        """Wait until nothing is the matter and there is what the page needs."""
        machine = self._machine
        while True:
            if new_sheet and machine.media <= 0:
                machine.starved = "media"
            elif machine.toner <= 0:
                machine.starved = "toner"
            else:
                machine.starved = ""
            self._renew()
            if not self.status.stopped:
                return
            await self._board.change()

    async def _warm_up(self) -> None:
        if self._clock.now() < self._warm_until or not self.settings.warmup:
            return
        self._machine.warming = True
        self._renew()
        await self._clock.sleep(self.settings.warmup)
        self._machine.warming = False
        self._renew()

    def _strike(self) -> None:
        """Let chance have its fault for the page under way, once."""
        page = self._pages + 1
        fault = None if page <= self._struck else fault_at(self.settings, page)
        if fault is None:
            return
        self._struck = page
        log.info("simulated printer: %s at page %d, by chance", fault, page)
        if self.settings.repair:
            self._mend_at = self._clock.now() + self.settings.repair
        (self.jam if fault == "jam" else self.offline)()

    async def _mend(self) -> None:
        """Undo what chance did when its time is over."""
        while True:
            mend_at = self._mend_at
            if mend_at is None:
                await self._board.change()
                continue
            await self._clock.sleep(max(0.0, mend_at - self._clock.now()))
            if self._mend_at == mend_at:
                self._machine.jammed = self._machine.offline = False
                self._mend_at = None
                self._renew()

    def _renew(self) -> None:
        """Let the board say what is the case, and who waits look again."""
        self._board.set(_status(self._machine, self.settings))
        self._board.wake()


_FAULTS: tuple[tuple[str, Callable[[_Machine], bool], str], ...] = (
    ("timed-out-error", lambda m: m.offline, "The printer is offline: check its network and power."),
    ("cover-open-error", lambda m: m.cover_open, "The cover is open: close it."),
    ("media-jam-error", lambda m: m.jammed, "Paper is jammed: open the cover and take it out."),
    ("media-empty-error", lambda m: m.starved == "media", "Tray 1 is out of paper: refill it."),
    ("media-needed-error", lambda m: m.starved == "media", "Tray 1 is out of paper: refill it."),
    ("toner-empty-error", lambda m: m.starved == "toner", "The toner is used up: change the cartridge."),
)
"""What stops it, the most pressing first (RFC 8011 5.4.12, IANA's registry)."""


def _status(machine: _Machine, settings: Settings) -> DeviceStatus:
    errors = [(reason, message) for reason, holds, message in _FAULTS if holds(machine)]
    warnings = []
    if machine.media <= 0 and machine.starved != "media":
        warnings.append(("media-empty-warning", "Tray 1 is out of paper: refill it before the next job."))
    elif 0 < machine.media <= settings.low:
        warnings.append(("media-low-warning", "Tray 1 is low on paper."))
    if machine.toner <= 0 and machine.starved != "toner":
        warnings.append(("toner-empty-warning", "The toner is used up: change the cartridge."))
    elif 0 < machine.toner <= settings.toner // 20:
        warnings.append(("toner-low-warning", "The toner is low."))
    if machine.warming:
        warnings.append(("marker-warming-up-report", "Warming up."))
    told = errors + warnings
    return DeviceStatus(
        stopped=bool(errors),
        reasons=frozenset(reason for reason, _ in told),
        message=told[0][1] if told else "",
        supplies=(Supply("toner", "black", 100 * machine.toner // settings.toner, "Black toner"),),
    )
