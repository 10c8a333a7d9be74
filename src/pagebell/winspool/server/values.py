"""Printer data: values that clients keep at a printer or the server, under keys. [MS-RPRN] 3.1.4.2.7"""

from __future__ import annotations

from dataclasses import dataclass, field

from pagebell.model.errors import NotFound, TooLarge, TooMany
from pagebell.winspool.constants import RegType

DRIVER_DATA = "PrinterDriverData"
"""The key of the calls that name none. [MS-RPRN] 3.1.4.2.7"""
SERVER = "\\"
"""Owner of the server's own values; no printer has such a name."""
BUILT_IN_KEYS = (DRIVER_DATA, "DsSpooler", "DsDriver")
"""Keys that every printer has, even if nothing is in them."""
MOST_VALUES, MOST_KEYS, LARGEST = 512, 256, 1 << 16


@dataclass(frozen=True, slots=True)
class Value:
    """A value: its name as it was written, its type, its octets."""

    name: str
    type: int
    data: bytes


def dword(name: str, number: int) -> Value:
    """A REG_DWORD."""
    return Value(name, RegType.DWORD, number.to_bytes(4, "little"))


def string(name: str, text: str) -> Value:
    """A REG_SZ."""
    return Value(name, RegType.SZ, text.encode("utf-16-le") + b"\0\0")


@dataclass(slots=True)
class Values:
    """What is kept, by owner (a printer's name), key and name; names do not differ by case. In memory alone."""

    _kept: dict[str, dict[str, tuple[str, dict[str, Value]]]] = field(default_factory=dict)

    def get(self, owner: str, key: str, name: str) -> Value | None:
        """A value, None where there is none."""
        return self._key(owner, key).get(name.casefold())

    def all(self, owner: str, key: str) -> list[Value]:
        """The values right under a key."""
        return list(self._key(owner, key).values())

    def set(self, owner: str, key: str, value: Value) -> None:
        """Keep a value. Raises TooLarge, TooMany."""
        if len(value.data) > LARGEST or len(value.name) > 1024 or len(key) > 1024:
            raise TooLarge(f"{value.name[:64]!r} is too large to be kept")
        keys = self._kept.setdefault(owner, {})
        if key.casefold() not in keys and len(keys) >= MOST_KEYS:
            raise TooMany(f"{owner} has {MOST_KEYS} keys")
        _, values = keys.setdefault(key.casefold(), (key, {}))
        if value.name.casefold() not in values and len(values) >= MOST_VALUES:
            raise TooMany(f"{key} has {MOST_VALUES} values")
        values[value.name.casefold()] = value

    def delete(self, owner: str, key: str, name: str) -> None:
        """Forget a value. Raises NotFound."""
        if self._key(owner, key).pop(name.casefold(), None) is None:
            raise NotFound(f"there is no value {name!r}")

    def keys(self, owner: str, under: str) -> list[str] | None:
        """The names of the keys right under a key; None where that key does not exist."""
        start = under.casefold() + "\\" if under else ""
        kept = self._kept.get(owner, {})
        found = set() if under else set(BUILT_IN_KEYS)
        found |= {
            spelt[len(start) :].partition("\\")[0]
            for folded, (spelt, _) in kept.items()
            if folded.startswith(start)
        }
        there = {*kept, *map(str.casefold, BUILT_IN_KEYS)}
        if not found and under and under.casefold() not in there:
            return None
        return sorted(found)

    def delete_key(self, owner: str, key: str) -> None:
        """Forget a key and all under it. Raises NotFound."""
        kept, folded = self._kept.get(owner, {}), key.casefold()
        doomed = [one for one in kept if one == folded or one.startswith(folded + "\\")]
        if not doomed:
            raise NotFound(f"there is no key {key!r}")
        for one in doomed:
            del kept[one]

    def forget(self, owner: str) -> None:
        """A printer is gone, and its values with it."""
        self._kept.pop(owner, None)

    def _key(self, owner: str, key: str) -> dict[str, Value]:
        return self._kept.get(owner, {}).get(key.casefold(), (key, {}))[1]
