"""What front ends keep for their clients: octets by owner, section and name, as durable as everything else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from pagebell.model.errors import TooLarge
from pagebell.model.event import PrinterName
from pagebell.spooler.ledger import Ledger, to_end
from pagebell.spooler.ports import Change, Setting

_NONE: Mapping[str, bytes] = MappingProxyType({})
_OVERHEAD = 64
"""What a setting costs besides its name and octets."""


class Settings:
    """Who may change what is the front ends' business: they know what it means."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._changing = asyncio.Lock()
        """One at a time, so that limits hold, and nobody's change is lost."""

    def get(self, owner: str, section: str) -> Mapping[str, bytes]:
        """All of a section, by name."""
        return self._ledger.settings.get(owner, {}).get(section, _NONE)

    async def put(self, *settings: Setting) -> None:
        """Keep these, all or none; one without octets goes. Raises NotFound, TooLarge, NoRoom."""
        await self.change(lambda: settings)

    async def change(self, choose: Callable[[], Sequence[Setting]]) -> None:
        """`put` what is chosen of what is kept by then; nobody else changes a setting meanwhile.

        Raises also what `choose` raises.
        """

        def decide() -> Change:
            settings = tuple(choose())
            for owner in {setting.owner for setting in settings}:
                self._check(owner, [setting for setting in settings if setting.owner == owner])
            return Change(settings=settings)

        async with self._changing:
            await to_end(self._ledger.update(decide))

    def _check(self, owner: str, settings: list[Setting]) -> None:
        if owner:
            self._ledger.printer(PrinterName(owner))
        changed = {(s.section, s.name): s.octets for s in settings}
        kept = {
            (section, name): octets
            for section, values in self._ledger.settings.get(owner, {}).items()
            for name, octets in values.items()
        }
        total = sum(
            _OVERHEAD + len(section) + len(name) + len(octets)
            for (section, name), octets in (kept | changed).items()
            if octets is not None
        )
        if total > self._ledger.policy.max_settings_octets:
            raise TooLarge(f"{owner or 'the server'} keeps as many settings of clients as it may")
