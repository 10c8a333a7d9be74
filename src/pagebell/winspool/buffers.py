"""Custom-marshalled INFO structures: class bodies, compiled once to a layout ([MS-RPRN] 2.2.2).

    class PRINTER_INFO_1(Info):
        Flags: DWORD
        pDescription: text = None

    octets = pack(PRINTER_INFO_1, [value, ...])

    +---------+---------+-------------------------------------------------+
    | fixed 1 | fixed 2 |  ... variable data 2   ... variable data 1      |   `len(octets)` is pcbNeeded
    +---------+---------+-------------------------------------------------+
      offset fields count from the start of their own fixed part; 0 is absent

Variable data fill the buffer from its end, as Windows and Samba lay them out: text at even addresses, everything
else at multiples of four, and so is the whole.
"""

from __future__ import annotations

import dataclasses
import struct
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, dataclass_transform

I = TypeVar("I", bound="Info")  # noqa: E741 - an Info


class InfoError(ValueError):
    """The octets are no such structures."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number or several, by `struct` code."""

    code: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Offset:
    """An offset to data: how they are made octets, how octets are read, and their alignment."""

    write: Callable[[Any], bytes]
    read: Callable[[bytes, int], Any]
    align: int = 2


def _write_text(value: str) -> bytes:
    return value.encode("utf-16-le", "surrogatepass") + b"\0\0"


def _read_text(data: bytes, start: int) -> str:
    end = data.find(b"\0\0", start)
    while end >= 0 and (end - start) & 1:
        end = data.find(b"\0\0", end + 1)
    if end < 0:
        raise InfoError("text without an end")
    return data[start:end].decode("utf-16-le", "surrogatepass")


def _write_texts(value: Sequence[str]) -> bytes:
    return b"".join(map(_write_text, value)) + b"\0\0"


def _read_texts(data: bytes, start: int) -> tuple[str, ...]:
    found = []
    while text := _read_text(data, start):
        found.append(text)
        start += len(_write_text(text))
    return tuple(found)


def _read_ascii(data: bytes, start: int) -> str:
    return data[start : data.index(b"\0", start)].decode("latin-1")


_ACL = 8
"""The octets of an access control list without entries, [MS-DTYP] 2.4.5; whoever reads it says no to fewer."""
_SIZES = 68
"""Where a DEVMODE has dmSize and dmDriverExtra."""


def _read_devmode(data: bytes, start: int) -> bytes:
    """As much as it says that it has: dmSize and dmDriverExtra. [MS-RPRN] 2.2.2.1"""
    size, extra = struct.unpack_from("<HH", data, start + _SIZES)
    if size < _SIZES + 4:
        raise InfoError("a DEVMODE without its sizes")
    return _cut(data, start, start + size + extra)


def _read_descriptor(data: bytes, start: int) -> bytes:
    """As much as its parts take: two SIDs and two ACLs, in any order. [MS-DTYP] 2.4.6"""
    owner, group, *lists = (at and start + at for at in struct.unpack_from("<4I", data, start + 4))
    ends = [start + 20]
    ends += [at + 8 + 4 * data[at + 1] for at in (owner, group) if at]
    ends += [at + max(_ACL, *struct.unpack_from("<H", data, at + 2)) for at in lists if at]
    return _cut(data, start, max(ends))


def _cut(data: bytes, start: int, end: int) -> bytes:
    if end > len(data):
        raise InfoError("data are cut off")
    return data[start:end]


DWORD = Annotated[int, Number("I")]
LONG = Annotated[int, Number("i")]
WORD = Annotated[int, Number("H")]
DWORDLONG = Annotated[int, Number("Q")]
SYSTEMTIME = Annotated[tuple[int, ...], Number("H", 8)]
"""Year, month, day of the week, day, hour, minute, second, milliseconds; in UTC."""
RECTANGLE = Annotated[tuple[int, ...], Number("i", 4)]
"""Left, top, right, bottom."""
EXTENT = Annotated[tuple[int, ...], Number("i", 2)]
"""Width and height."""
text = Annotated[str | None, Offset(_write_text, _read_text)]
texts = Annotated[tuple[str, ...] | None, Offset(_write_texts, _read_texts)]
"""A multisz."""
narrow = Annotated[str | None, Offset(lambda v: v.encode("latin-1", "replace") + b"\0", _read_ascii, 1)]
"""A string of octets."""
devmode = Annotated[bytes | None, Offset(bytes, _read_devmode, 4)]
"""A DEVMODE."""
descriptor = Annotated[bytes | None, Offset(bytes, _read_descriptor, 4)]
"""A self-relative security descriptor."""
block = Annotated[bytes | None, Offset(bytes, lambda data, start: data[start:], 4)]
"""Octets of which nothing here tells the end; reading gives all that follows."""
NO_TIME = (0,) * 8


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Info:
    """Base of every such structure."""

    def __init_subclass__(cls) -> None:
        dataclass(frozen=True, kw_only=True)(cls)


@dataclass(frozen=True, slots=True)
class Layout:
    """What the compiler makes of a class body: its fixed part, and which values of it are offsets."""

    fixed: struct.Struct
    fields: tuple[tuple[str, Number | Offset], ...]


_layouts: dict[type[Info], Layout] = {}


def layout(cls: type[Info]) -> Layout:
    """Compile a class body, once; raise TypeError where it says nothing about octets."""
    if cls not in _layouts:
        _layouts[cls] = _compile(cls)
    return _layouts[cls]


def _compile(cls: type[Info]) -> Layout:
    hints = typing.get_type_hints(cls, include_extras=True)
    fields: list[tuple[str, Number | Offset]] = []
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]  # every Info is a dataclass
        (mark,) = getattr(hints[field.name], "__metadata__", (None,))
        if not isinstance(mark, Number | Offset):
            raise TypeError(f"{cls.__name__}.{field.name} has no layout")
        fields.append((field.name, mark))
    codes = "".join("I" if isinstance(m, Offset) else m.code * m.count for _, m in fields)
    return Layout(struct.Struct("<" + codes), tuple(fields))


def _up(size: int, to: int) -> int:
    return -(-size // to) * to


def pack(cls: type[I], values: Sequence[I]) -> bytes:
    """Return the octets of these structures; as many as a buffer must have to take them."""
    plan = layout(cls)
    size, behind = plan.fixed.size, 0
    rows: list[list[Any]] = []
    places: list[tuple[int, int, int]] = []
    data: list[tuple[int, bytes]] = []
    for number, value in enumerate(values):
        row: list[Any] = []
        for name, mark in plan.fields:
            found = getattr(value, name)
            if isinstance(mark, Number):
                row.extend(found) if mark.count > 1 else row.append(found)
                continue
            if found is not None:
                octets = mark.write(found)
                behind = _up(behind + len(octets), mark.align)
                data.append((behind, octets))
                places.append((number, len(row), behind))
            row.append(0)
        rows.append(row)
    total = _up(size * len(rows) + behind, 4)
    buffer = bytearray(total)
    for number, column, back in places:
        rows[number][column] = total - back - number * size
    for number, row in enumerate(rows):
        plan.fixed.pack_into(buffer, number * size, *row)
    for back, octets in data:
        buffer[total - back : total - back + len(octets)] = octets
    return bytes(buffer)


@dataclass(slots=True)
class Buffer:
    """The octets of structures, and what was read of them: offsets may all lead to one text, or into each other's."""

    octets: bytes
    read: dict[tuple[int, Offset], Any] = dataclasses.field(default_factory=dict)
    taken: int = 0

    def at(self, place: int, mark: Offset) -> Any:
        """Return what an offset leads to; the same place is read once, and places that overlap are limited."""
        key = place, mark
        if key not in self.read:
            if place >= len(self.octets):
                raise InfoError("data lie outside")
            self.read[key] = value = mark.read(self.octets, place)
            self.taken += len(value) + (sum(map(len, value)) if isinstance(value, tuple) else 0)
            if self.taken > len(self.octets):
                raise InfoError("data overlap")
        return self.read[key]


def unpack(cls: type[I], octets: bytes, count: int = 1) -> list[I]:
    """Read so many structures from a buffer. Raises InfoError."""
    plan, buffer = layout(cls), Buffer(octets)
    if count * plan.fixed.size > len(octets):
        raise InfoError(f"{len(octets)} octets do not hold {count} of {cls.__name__}")
    try:
        return [_read(cls, plan, buffer, number * plan.fixed.size) for number in range(count)]
    except (ValueError, IndexError, struct.error) as error:
        raise InfoError(f"{cls.__name__}: {error}") from None


def _read(cls: type[I], plan: Layout, buffer: Buffer, start: int) -> I:
    row = list(plan.fixed.unpack_from(buffer.octets, start))
    values: dict[str, Any] = {}
    for name, mark in plan.fields:
        if isinstance(mark, Offset):
            offset = row.pop(0)
            values[name] = buffer.at(start + offset, mark) if offset else None
        elif mark.count > 1:
            values[name], row = tuple(row[: mark.count]), row[mark.count :]
        else:
            values[name] = row.pop(0)
    return cls(**values)
