"""Octets to messages: every syntax of RFC 8010, strictly, in bounded time and memory.

The layout that is read, a record at a time (RFC 8010 3.1.4, 3.1.5)::

    attribute          tag | 2 name-length | name | 2 value-length | value
    additional value   tag | 00 00                | 2 value-length | value
    collection         34 | name | 00 00,  then 4a | 00 00 | length | member name,  34-49 | 00 00 | value ...,
                       37 | 00 00 | 00 00

A record is at least five octets and costs a bounded amount of work, so the octet limit bounds everything.
Whole records of closed vocabularies (keywords, enums, ...) repeat from message to message; they are kept in a
bounded table from their octets to the finished value, which halves the time of a printer's answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from struct import Struct
from typing import Final

from pagebell.ipp.message import Group, Message
from pagebell.ipp.syntaxes import decode_value
from pagebell.ipp.values import (
    OUT_OF_BAND,
    Attribute,
    Collection,
    GroupTag,
    Tag,
    Value,
)


class Fault(StrEnum):
    """Which status answers octets that make no sense (RFC 8011 appendix B.1.4)."""

    BAD_REQUEST = "client-error-bad-request"
    TOO_LARGE = "client-error-request-entity-too-large"
    VALUE_TOO_LONG = "client-error-request-value-too-long"
    CHARSET = "client-error-charset-not-supported"


class CodecError(ValueError):
    """Octets that are no IPP message: why, where, and what of the header could still be read.

    ``version``, ``code`` and ``request_id`` are None when the octets ended before them; with them a server
    can still answer (RFC 8011 4.1.8).
    """

    def __init__(self, reason: str, offset: int, kind: Fault = Fault.BAD_REQUEST) -> None:
        super().__init__(reason, offset, kind)
        self.reason = reason
        self.offset = offset
        self.kind = kind
        self.steps: list[str] = []
        self.version: tuple[int, int] | None = None
        self.code: int | None = None
        self.request_id: int | None = None

    @property
    def path(self) -> str:
        """Where in the message: ``group 2 'media-col'[0] member 'media-size'[0]``."""
        return " ".join(reversed(self.steps))

    def __str__(self) -> str:
        return f"{self.reason} at octet {self.offset}" + (f", {self.path}" if self.steps else "")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a peer may make us hold."""

    octets: int = 1 << 20
    """Of the attributes part; document data does not count."""
    attributes: int = 20_000
    """In a message, members of collections included."""
    values: int = 10_000
    """In one set."""
    depth: int = 16
    """Of collections in collections."""
    groups: int = 10_000


DEFAULT_LIMITS: Final = Limits()

_HEADER: Final = Struct(">BBHi")

_KEPT: Final = 8192  # records in the table
_KEPT_OCTETS: Final = 128  # and the longest of them
_records: dict[bytes, tuple[str, Value, Attribute | None]] = {}

_new_object: Final = object.__new__
_set_name: Final = Attribute.__dict__["name"].__set__
_set_values: Final = Attribute.__dict__["values"].__set__


def _attribute(name: str, values: tuple[Value, ...]) -> Attribute:
    """Make an Attribute that is known to be right, at a third of the price of a frozen dataclass."""
    attribute = _new_object(Attribute)
    _set_name(attribute, name)
    _set_values(attribute, values)
    return attribute


_REPEATING: Final = frozenset(
    (
        *OUT_OF_BAND,
        *(Tag.INTEGER, Tag.ENUM, Tag.BOOLEAN, Tag.RESOLUTION, Tag.RANGE, Tag.KEYWORD, Tag.URI_SCHEME),
        *(Tag.CHARSET, Tag.LANGUAGE, Tag.MIME, Tag.MEMBER_NAME, Tag.BEGIN_COLLECTION, Tag.URI, Tag.NAME),
    )
)


class _Decoder:
    """One message being decoded: its octets and what was counted so far."""

    __slots__ = ("count", "data", "end", "limits", "partial", "too_large")

    def __init__(self, data: bytes, limits: Limits) -> None:
        self.data = data[: limits.octets]
        self.end = len(self.data)
        self.too_large = len(data) > limits.octets
        self.limits = limits
        self.count = 0
        self.partial: Message | None = None

    def message(self) -> tuple[Message, int]:
        """Read header, groups and attributes up to the end-of-attributes tag."""
        if self.end < 8:
            raise self.cut(0) if self.too_large else CodecError("message ends within its header", self.end)
        major, minor, code, request_id = _HEADER.unpack_from(self.data)
        self.partial = message = Message((major, minor), code, request_id)
        position = 8
        while True:
            if position >= self.end:
                raise self.cut(position)
            tag = self.data[position]
            if tag == 3:
                return message, position + 1
            if not 0 < tag <= 0x0F:
                what = "attribute before any group" if tag else "reserved delimiter tag 0x00"
                raise CodecError(what, position)
            group = Group(GroupTag(tag))
            message.groups.append(group)
            if len(message.groups) > self.limits.groups:
                raise CodecError("too many groups", position, Fault.TOO_LARGE)
            try:
                position = self.group(group.attributes, position + 1)
                self.counted(len(group.attributes), position)
            except CodecError as error:
                error.steps.append(f"group {len(message.groups)}")
                raise

    def group(self, attributes: dict[str, Attribute], position: int) -> int:
        """Read attributes into ``attributes`` up to the next delimiter tag; return where that is."""
        data, end, kept = self.data, self.end, _records
        room = self.limits.attributes - self.count
        while True:
            if position + 5 > end:
                if position < end and data[position] < 0x10:
                    return position
                raise self.cut(position)
            tag = data[position]
            if tag < 0x10:
                return position
            middle = position + 5 + (data[position + 1] << 8 | data[position + 2])
            if middle > end:
                raise self.cut(position)
            after = middle + (data[middle - 2] << 8 | data[middle - 1])
            found = kept.get(data[position:after])
            if found is None:
                found = self.record(position, middle, after)
            name, value, attribute = found
            if not name:
                raise CodecError("value without an attribute", position)
            if tag == 0x34:
                members = Collection()
                after = self.collection(members, after, 1, name, 0)
                value = Value(Tag.BEGIN_COLLECTION, members)
            if name in attributes:
                raise self.at(f"attribute occurs twice (RFC 8011 4.1.3): '{name}'", position, name)
            if after + 2 < end and data[after] >= 0x10 and data[after + 1] == data[after + 2] == 0:
                values, after = self.more([value], after, 1, name)
                attribute = _attribute(name, tuple(values))
            attributes[name] = attribute or _attribute(name, (value,))
            if len(attributes) > room:
                raise CodecError("too many attributes", position, Fault.TOO_LARGE)
            position = after

    def more(self, values: list[Value], position: int, depth: int, name: str) -> tuple[list[Value], int]:
        """Read the additional values of a set, if any; ``values`` holds those read before."""
        data, end, kept = self.data, self.end, _records
        while True:
            if position + 5 > end:
                return values, position
            tag = data[position]
            if tag < 0x10 or tag in (0x4A, 0x37) or data[position + 1] or data[position + 2]:
                return values, position
            middle = position + 5
            after = middle + (data[position + 3] << 8 | data[position + 4])
            found = kept.get(data[position:after])
            if found is None:
                try:
                    found = self.record(position, middle, after)
                except CodecError as error:
                    if not error.steps:
                        error.steps.append(f"'{name}'[{len(values)}]")
                    raise
            value = found[1]
            if tag == 0x34:
                members = Collection()
                after = self.collection(members, after, depth, name, len(values))
                value = Value(Tag.BEGIN_COLLECTION, members)
            values.append(value)
            if len(values) > self.limits.values:
                raise self.at("too many values", position, name, Fault.TOO_LARGE)
            position = after

    def collection(self, members: Collection, position: int, depth: int, name: str, index: int) -> int:
        """Read the members of a collection up to its end (RFC 8010 3.1.6); return where it ends."""
        if depth > self.limits.depth:
            raise self.at("collections nest too deeply", position, name, Fault.TOO_LARGE)
        try:
            while True:
                member, position = self.member_name(position)
                if not member:
                    self.counted(len(members), position)
                    return position
                if member in members:
                    raise self.at(f"member occurs twice (RFC 8010 3.1.7): '{member}'", position, member)
                start = position
                values, position = self.more([], position, depth + 1, member)
                if not values:
                    raise self.at("member without a value", start, member)
                members[member] = _attribute(member, tuple(values))
        except CodecError as error:
            if error.steps:
                error.steps[-1] = "member " + error.steps[-1]
            error.steps.append(f"'{name}'[{index}]")
            raise

    def member_name(self, position: int) -> tuple[str, int]:
        """Read a memberAttrName record, or endCollection, for which the name is empty."""
        data = self.data
        tag = data[position] if position < self.end else 0x4A
        if tag not in (0x4A, 0x37):
            raise CodecError(
                f"tag {tag:#04x} where a member's name or the collection's end belongs", position
            )
        if position + 5 > self.end:
            raise self.cut(position)
        if data[position + 1] or data[position + 2]:
            raise CodecError("member of a collection has a name of its own", position)
        middle = position + 5
        after = middle + (data[position + 3] << 8 | data[position + 4])
        found = _records.get(data[position:after])
        if found is not None:
            return str(found[1].data), after
        if after > self.end:
            raise self.cut(position)
        if tag == 0x37:
            if after > middle:
                raise CodecError("end of a collection has a value", position)
            return "", after
        return self.record(position, middle, after)[1].data, after  # type: ignore[return-value]

    def record(self, position: int, middle: int, after: int) -> tuple[str, Value, Attribute | None]:
        """Decode a record that the table does not hold: its value lies from ``middle`` to ``after``."""
        data = self.data
        tag = data[position]
        if after > self.end:
            raise self.cut(position)
        if data[position + 1] > 0x7F or data[middle - 2] > 0x7F:
            raise CodecError("negative length", position)
        name = self.name(data[position + 3 : middle - 2], position)
        if name and tag == Tag.MEMBER_NAME:
            raise self.at("member name outside a collection", position, name)
        raw = data[middle:after]
        try:
            value = decode_value(tag, raw)
        except (ValueError, OverflowError) as error:
            reason = "invalid UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
            fault = Fault.CHARSET if isinstance(error, UnicodeDecodeError) else Fault.BAD_REQUEST
            raise self.at(f"{reason} (tag {tag:#04x})", middle, name, fault) from error
        found = (name, value, _attribute(name, (value,)) if name and tag != 0x34 else None)
        if tag in _REPEATING and after - position <= _KEPT_OCTETS:
            if len(_records) >= _KEPT:
                _records.clear()
            _records[data[position:after]] = found
        return found

    def name(self, raw: bytes, position: int) -> str:
        """Decode an attribute's name, a keyword of at most 255 octets (RFC 8011 5.1.4)."""
        if len(raw) > 255:
            raise CodecError("attribute name has more than 255 octets", position, Fault.VALUE_TOO_LONG)
        try:
            return raw.decode("ascii")
        except UnicodeDecodeError as error:
            raise CodecError("attribute name is not ASCII", position) from error

    def counted(self, number: int, position: int) -> None:
        """Count a group's attributes, or a collection's members, against the limit."""
        self.count += number
        if self.count > self.limits.attributes:
            raise CodecError("too many attributes", position, Fault.TOO_LARGE)

    def cut(self, position: int) -> CodecError:
        """The message, or as much of it as is allowed, ends within the record at ``position``."""
        if self.too_large:
            return CodecError("attributes part is too large", position, Fault.TOO_LARGE)
        return CodecError("message ends before its end-of-attributes tag", position)

    def at(self, reason: str, position: int, name: str, kind: Fault = Fault.BAD_REQUEST) -> CodecError:
        """An error within the attribute or member ``name``."""
        error = CodecError(reason, position, kind)
        if name:
            error.steps.append(f"'{name}'")
        return error


def decode(data: bytes, limits: Limits = DEFAULT_LIMITS) -> tuple[Message, int]:
    """Decode a message; the int is the octets consumed, document data follows from there.

    Raises CodecError, and nothing else, for octets that are no message or are beyond the limits.
    """
    decoder = _Decoder(data, limits)
    try:
        return decoder.message()
    except CodecError as error:
        with_header(error, data)
        if error.kind is Fault.CHARSET and not _other_charset(decoder.partial):
            error.kind = Fault.BAD_REQUEST
        raise


def with_header(error: CodecError, data: bytes | bytearray) -> CodecError:
    """Note on an error what the first octets say of version, code and request-id."""
    if len(data) >= 8:
        major, minor, error.code, error.request_id = _HEADER.unpack_from(data)
        error.version = major, minor
    return error


def _other_charset(message: Message | None) -> bool:
    """Tell whether a message says of itself that it is not in UTF-8 (RFC 8011 4.1.4.1)."""
    for group in message.groups[:1] if message else ():
        if (declared := group.attributes.get("attributes-charset")) is not None:
            return str(declared.values[0].data).lower() not in ("utf-8", "us-ascii")
    return False
