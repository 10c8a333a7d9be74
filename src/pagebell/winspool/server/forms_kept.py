"""The forms of this server: those that are built in, and those that administrators added."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import msgspec

from pagebell.model.errors import AlreadyExists, NotFound, TooMany
from pagebell.spooler.ports import Setting
from pagebell.spooler.settings import Settings
from pagebell.winspool.constants import FormFlags
from pagebell.winspool.forms import BUILT_IN
from pagebell.winspool.infos import FORM_INFO_2

MOST = 500
_SECTION = "forms"
_ours = {
    form.name.casefold(): FORM_INFO_2(
        Flags=FormFlags.BUILTIN,
        pName=form.name,
        Size=form.size,
        ImageableArea=(0, 0, *form.size),
        pKeyword=form.name,
        pDisplayName=form.name,
    )
    for form in BUILT_IN
}


def _encode(form: FORM_INFO_2) -> bytes:
    return msgspec.msgpack.encode(dataclasses.asdict(form))


def _decode(octets: bytes) -> FORM_INFO_2:
    fields = msgspec.msgpack.decode(octets, type=dict[str, object])
    return FORM_INFO_2(**{n: tuple(v) if isinstance(v, list) else v for n, v in fields.items()})  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Forms:
    """Forms by name; names do not differ by case."""

    kept: Settings

    def all(self) -> list[FORM_INFO_2]:
        """All, the built-in ones first."""
        return [*_ours.values(), *map(_decode, self.kept.get("", _SECTION).values())]

    def get(self, name: str) -> FORM_INFO_2 | None:
        """One; None where there is none."""
        key = name.casefold()
        added = self.kept.get("", _SECTION).get(key)
        return _ours.get(key) if added is None else _decode(added)

    async def add(self, form: FORM_INFO_2) -> None:
        """Add one. Raises AlreadyExists, TooMany, TooLarge."""
        name = form.pName or ""

        def choose() -> list[Setting]:
            if self.get(name) is not None:
                raise AlreadyExists(f"there is a form {name!r} already")
            if len(self.kept.get("", _SECTION)) >= MOST:
                raise TooMany(f"there are {MOST} forms")
            return [_setting(name, _encode(form))]

        await self.kept.change(choose)

    async def change(self, form: FORM_INFO_2) -> None:
        """Change one that was added. Raises NotFound, TooLarge."""
        await self._replace(form.pName or "", _encode(form))

    async def delete(self, name: str) -> None:
        """Remove one that was added. Raises NotFound."""
        await self._replace(name, None)

    async def _replace(self, name: str, octets: bytes | None) -> None:
        def choose() -> list[Setting]:
            if name.casefold() not in self.kept.get("", _SECTION):
                raise NotFound(f"nobody has added a form {name!r}")
            return [_setting(name, octets)]

        await self.kept.change(choose)


def _setting(name: str, octets: bytes | None) -> Setting:
    return Setting("", _SECTION, name.casefold(), octets)
