"""Messages to octets (RFC 8010 3.1), whole or joined from attributes that were encoded before."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from struct import Struct
from struct import error as StructError
from typing import Any, Final

from pagebell.ipp.message import Message
from pagebell.ipp.values import OUT_OF_BAND, Attribute, Collection, GroupTag, LangString, Tag

_HEADER: Final = Struct(">BBHi")
_INTEGER: Final = Struct(">hi").pack
_RANGE: Final = Struct(">hii").pack
_RESOLUTION: Final = Struct(">hiib").pack
_DATE_TIME: Final = Struct(">hHBBBBBBcBB").pack
_LENGTH: Final = Struct(">h").pack  # signed: 32,767 octets are the most (RFC 8010 3.6, 3.8)
_TAGS: Final = [bytes((number,)) for number in range(256)]
_NO_NAME: Final = b"\0\0"
_MEMBER: Final = b"\x4a\0\0"
_END_COLLECTION: Final = b"\x37\0\0\0\0"

_KEPT: Final = 8192


class _Words(dict[str, bytes]):
    """Length and octets of names and keywords; these repeat, so a bounded number is kept."""

    def __missing__(self, text: str) -> bytes:
        octets = text.encode()
        found = _LENGTH(len(octets)) + octets
        if len(self) >= _KEPT:
            self.clear()
        if len(octets) <= 128:
            self[str(text)] = found
        return found


_words: Final = _Words()
_word: Final = _words.__getitem__


def _text(text: str) -> bytes:
    octets = text.encode()
    return _LENGTH(len(octets)) + octets


def _octets(data: bytes) -> bytes:
    return _LENGTH(len(data)) + data


def _date_time(data: datetime) -> bytes:
    """DateAndTime, RFC 2579: to a tenth of a second, with the offset from UTC."""
    offset = data.utcoffset()
    if offset is None:
        raise ValueError("dateTime needs a time zone")
    minutes = abs(offset) // timedelta(minutes=1)
    return _DATE_TIME(
        *(11, data.year, data.month, data.day, data.hour, data.minute, data.second),
        *(data.microsecond // 100_000, b"-" if offset < timedelta() else b"+", *divmod(minutes, 60)),
    )


def _with_language(data: LangString) -> bytes:
    octets = _text(data.language) + _text(data)
    return _LENGTH(len(octets)) + octets


def _out_of_band(data: None) -> bytes:
    if data is not None:
        raise ValueError("an out-of-band value has no data")
    return _NO_NAME


def _collection(data: Collection) -> bytes:
    out = [_NO_NAME]
    for name, member in data.items():
        out.append(_MEMBER + _word(name))
        for tag, value in member.values:
            out.append(_TAGS[tag] + _NO_NAME + _SYNTAX.get(tag, _octets)(value))
    out.append(_END_COLLECTION)
    return b"".join(out)


_SYNTAX: Final[dict[int, Callable[[Any], bytes]]] = {
    **dict.fromkeys(OUT_OF_BAND, _out_of_band),
    Tag.INTEGER: partial(_INTEGER, 4),
    Tag.ENUM: partial(_INTEGER, 4),
    Tag.BOOLEAN: {False: b"\0\1\0", True: b"\0\1\1"}.__getitem__,
    Tag.DATE_TIME: _date_time,
    Tag.RESOLUTION: lambda data: _RESOLUTION(9, *data),
    Tag.RANGE: lambda data: _RANGE(8, *data),
    Tag.BEGIN_COLLECTION: _collection,
    Tag.TEXT_LANG: _with_language,
    Tag.NAME_LANG: _with_language,
    **dict.fromkeys((Tag.TEXT, Tag.NAME, Tag.URI), _text),
    **dict.fromkeys((Tag.KEYWORD, Tag.URI_SCHEME, Tag.CHARSET, Tag.LANGUAGE, Tag.MIME), _word),
}


def encode_attribute(attribute: Attribute) -> bytes:
    """Encode one attribute; ValueError names it when data do not fit their tag."""
    try:
        name = _word(attribute.name)
        tag, data = attribute.values[0]
        encoded = _SYNTAX.get(tag, _octets)
        out = [_TAGS[tag] + name + encoded(data)]
        last, start = tag, _TAGS[tag] + _NO_NAME
        for tag, data in attribute.values[1:]:
            if tag is not last:
                last, start, encoded = tag, _TAGS[tag] + _NO_NAME, _SYNTAX.get(tag, _octets)
            out.append(start + encoded(data))
    except (StructError, ValueError, TypeError, AttributeError, LookupError) as error:
        raise ValueError(f"attribute '{attribute.name}' cannot be encoded: {error}") from error
    return b"".join(out)


def integer_writer(name: str) -> Callable[[int], bytes]:
    """What encodes integers of one attribute that occurs so often that its checks would cost too much."""
    start = _TAGS[Tag.INTEGER] + _word(name)
    return lambda number: start + _INTEGER(4, number)


def encode(message: Message) -> bytes:
    """Encode a whole message."""
    return encode_message_parts(
        message.version,
        message.code,
        message.request_id,
        ((group.tag, map(encode_attribute, group.attributes.values())) for group in message.groups),
    )


END: Final = b"\3"
"""The last octet of a message's groups (RFC 8010 3.5.1)."""


def encode_message_parts(
    version: tuple[int, int],
    code: int,
    request_id: int,
    groups: Iterable[tuple[GroupTag, Iterable[bytes]]],
    tail: Iterable[bytes] = (),
) -> bytes:
    """Join a message from groups of attributes that ``encode_attribute`` made, now or long ago.

    `tail` are the pieces of groups that follow them, tags included.
    """
    out = [_HEADER.pack(*version, code, request_id)]
    for tag, fragments in groups:
        out.append(_TAGS[tag])
        out += fragments
    out += tail
    out.append(END)
    return b"".join(out)
