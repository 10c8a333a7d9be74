"""Printer data: values that clients keep at a printer or the server, under keys. [MS-RPRN] 3.1.4.2.7"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from pagebell.model.errors import NotFound, TooLarge, TooMany
from pagebell.spooler.ports import Setting
from pagebell.spooler.settings import Settings
from pagebell.winspool.constants import RegType

DRIVER_DATA = "PrinterDriverData"
"""The key of the calls that name none. [MS-RPRN] 3.1.4.2.7"""
DS_SPOOLER = "DsSpooler"
SERVER = ""
"""Owner of the server's own values."""
BUILT_IN_KEYS = (DRIVER_DATA, DS_SPOOLER, "DsDriver")
"""Keys that every printer has, even if nothing is in them."""
MOST_VALUES, LARGEST, LONGEST = 4096, 1 << 20, 1024
"""Values and keys of a printer, octets of a value, characters of a name."""
_SECTION, _COUNT = "data", "data-count"
_END = "\0"


class Value(msgspec.Struct, frozen=True, array_like=True):
    """A value: its name as it was written, its type, its octets."""

    name: str
    type: int
    data: bytes


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """A key and one of its values; without a value it tells that there is such a key."""

    key: str
    value: Value | None = None


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Kept).decode


def dword(name: str, number: int) -> Value:
    """A REG_DWORD."""
    return Value(name, RegType.DWORD, number.to_bytes(4, "little"))


def string(name: str, text: str) -> Value:
    """A REG_SZ."""
    return Value(name, RegType.SZ, text.encode("utf-16-le", "surrogatepass") + b"\0\0")


def strings(name: str, *texts: str) -> Value:
    """A REG_MULTI_SZ."""
    octets = b"".join(text.encode("utf-16-le", "surrogatepass") + b"\0\0" for text in texts)
    return Value(name, RegType.MULTI_SZ, octets + b"\0\0")


def _place(key: str, name: str = "") -> str:
    return key.casefold() + _END + name.casefold()


@dataclass(frozen=True, slots=True)
class Values:
    """What is kept, by owner (a printer's name), key and name; names do not differ by case."""

    kept: Settings

    def get(self, owner: str, key: str, name: str) -> Value | None:
        """A value, None where there is none."""
        found = self.kept.get(owner, _SECTION).get(_place(key, name))
        return None if found is None else _decode(found).value

    def all(self, owner: str, key: str) -> list[Value]:
        """The values right under a key."""
        start = _place(key)
        found = (one.value for place, one in self._rows(owner) if place.startswith(start))
        return [value for value in found if value is not None]

    async def set(self, owner: str, key: str, value: Value) -> None:
        """Keep a value; its key and all above it come into being with it. Raises TooLarge, TooMany."""
        if len(value.data) > LARGEST or len(value.name) > LONGEST or len(key) > LONGEST:
            raise TooLarge(f"{value.name[:64]!r} is too large to be kept")
        parts = key.split("\\")
        above = ["\\".join(parts[: n + 1]) for n in range(len(parts))]
        kept = Setting(owner, _SECTION, _place(key, value.name), _encode(_Kept(key, value)))

        def choose() -> list[Setting]:
            there = self.kept.get(owner, _SECTION)
            new = [one for one in above if _place(one) not in there]
            if len(there) + len(new) + 1 > MOST_VALUES:
                raise TooMany(f"there is room for {MOST_VALUES} values")
            keys = [Setting(owner, _SECTION, _place(one), _encode(_Kept(one))) for one in new]
            return [*keys, kept, self._counted(owner)]

        await self.kept.change(choose)

    async def delete(self, owner: str, key: str, name: str) -> None:
        """Forget a value. Raises NotFound."""

        def choose() -> list[Setting]:
            if not name or _place(key, name) not in self.kept.get(owner, _SECTION):
                raise NotFound(f"there is no value {name!r}")
            return [Setting(owner, _SECTION, _place(key, name), None), self._counted(owner)]

        await self.kept.change(choose)

    def changes(self, owner: str) -> int:
        """How often anything was set or forgotten."""
        return int(self.kept.get(owner, _COUNT).get("", b"0"))

    def _counted(self, owner: str) -> Setting:
        return Setting(owner, _COUNT, "", b"%d" % (self.changes(owner) + 1))

    def keys(self, owner: str, under: str) -> list[str] | None:
        """The names of the keys right under a key; None where that key does not exist."""
        there = {place.partition(_END)[0]: one.key for place, one in self._rows(owner)}
        there = {key.casefold(): key for key in BUILT_IN_KEYS} | there
        if under and under.casefold() not in there:
            return None
        start = under.casefold() + "\\" if under else ""
        below = (key[len(start) :] for folded, key in there.items() if folded.startswith(start))
        return sorted({key.casefold(): key for key in below if "\\" not in key}.values(), key=str.casefold)

    async def delete_key(self, owner: str, key: str) -> None:
        """Forget a key and all under it. Raises NotFound."""
        folded = key.casefold()

        def choose() -> list[Setting]:
            doomed = [
                place
                for place in self.kept.get(owner, _SECTION)
                if (of := place.partition(_END)[0]) == folded or of.startswith(folded + "\\")
            ]
            if not doomed and folded not in map(str.casefold, BUILT_IN_KEYS):
                raise NotFound(f"there is no key {key!r}")
            return [*(Setting(owner, _SECTION, place, None) for place in doomed), self._counted(owner)]

        await self.kept.change(choose)

    def _rows(self, owner: str) -> Iterator[tuple[str, _Kept]]:
        return ((place, _decode(octets)) for place, octets in self.kept.get(owner, _SECTION).items())
