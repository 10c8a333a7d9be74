"""Single values out of their octets, syntax by syntax (RFC 8010 3.9); what they raise has no place yet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from struct import Struct
from typing import Final

from pagebell.ipp.values import (
    OUT_OF_BAND,
    Data,
    IntRange,
    LangString,
    Resolution,
    Tag,
    Value,
)

_RANGE: Final = Struct(">ii")
_RESOLUTION: Final = Struct(">iib")
_DATE_TIME: Final = Struct(">HBBBBBBcBB")

_new_value: Final = tuple.__new__


def _exactly(length: int, raw: bytes) -> None:
    if len(raw) != length:
        raise ValueError(f"value has {len(raw)} octets instead of {length}")


def _integer(raw: bytes) -> int:
    _exactly(4, raw)
    return int.from_bytes(raw, "big", signed=True)


def _boolean(raw: bytes) -> bool:
    _exactly(1, raw)
    if raw[0] > 1:
        raise ValueError(f"boolean is {raw[0]:#04x}")
    return raw[0] == 1


def _date_time(raw: bytes) -> datetime:
    """DateAndTime, RFC 2579; a leap second becomes the second before it, for Python has none."""
    _exactly(11, raw)
    year, month, day, hour, minute, second, tenth, sign, zone_hours, zone_minutes = _DATE_TIME.unpack(raw)
    if sign not in (b"+", b"-") or zone_hours > 14 or zone_minutes > 59 or tenth > 9 or second > 60:
        raise ValueError("dateTime out of range")
    offset = timedelta(hours=zone_hours, minutes=zone_minutes)
    zone = timezone(offset if sign == b"+" else -offset)
    return datetime(year, month, day, hour, minute, min(second, 59), tenth * 100_000, zone)


def _resolution(raw: bytes) -> Resolution:
    _exactly(9, raw)
    return Resolution(*_RESOLUTION.unpack(raw))


def _range(raw: bytes) -> IntRange:
    _exactly(8, raw)
    return IntRange(*_RANGE.unpack(raw))


def _with_language(raw: bytes) -> LangString:
    """2 length | natural language | 2 length | text, RFC 8010 3.9."""
    size = int.from_bytes(raw[:2], "big")
    if len(raw) < 4 + size or len(raw) != 4 + size + int.from_bytes(raw[2 + size : 4 + size], "big"):
        raise ValueError("lengths within a value with language do not add up")
    return LangString(raw[4 + size :].decode(), raw[2 : 2 + size].decode("ascii"))


def _extension(raw: bytes) -> bytes:
    if len(raw) < 4:
        raise ValueError("extended tag needs four octets")
    return raw


def _out_of_band(raw: bytes) -> None:
    _exactly(0, raw)


def _octets(raw: bytes) -> bytes:
    return raw


_SYNTAX: Final[dict[int, Callable[[bytes], Data]]] = {
    **dict.fromkeys(OUT_OF_BAND, _out_of_band),
    Tag.INTEGER: _integer,
    Tag.ENUM: _integer,
    Tag.BOOLEAN: _boolean,
    Tag.OCTET_STRING: _octets,
    Tag.DATE_TIME: _date_time,
    Tag.RESOLUTION: _resolution,
    Tag.RANGE: _range,
    Tag.TEXT_LANG: _with_language,
    Tag.NAME_LANG: _with_language,
    Tag.EXTENSION: _extension,
    **dict.fromkeys(
        (Tag.TEXT, Tag.NAME, Tag.KEYWORD, Tag.URI, Tag.URI_SCHEME, Tag.CHARSET, Tag.LANGUAGE, Tag.MIME),
        bytes.decode,
    ),
}
_TAGS: Final[tuple[Tag | int, ...]] = tuple(
    Tag(number) if number in Tag._value2member_map_ else number for number in range(256)
)


def decode_value(tag: int, raw: bytes) -> Value:
    """Decode one value; ValueError or OverflowError says what is wrong with it."""
    if tag == Tag.BEGIN_COLLECTION:
        _exactly(0, raw)
        return Value(Tag.BEGIN_COLLECTION, None)  # its members are the records that follow
    if tag == Tag.MEMBER_NAME:
        if not raw:
            raise ValueError("empty member name")
        return Value(Tag.MEMBER_NAME, raw.decode())
    if tag == Tag.END_COLLECTION:
        raise ValueError("end of a collection that was not begun")
    return _new_value(Value, (_TAGS[tag], _SYNTAX.get(tag, _octets)(raw)))
