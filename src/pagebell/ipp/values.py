"""The values of IPP: tags, syntaxes as Python types, and attributes (RFC 8010 3.5, RFC 8011 5.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from pagebell.ipp.attributes import Attr

T = TypeVar("T")


class GroupTag(IntEnum):
    """Delimiter tags, RFC 8010 3.5.1; DOCUMENT is PWG 5100.5, SYSTEM is PWG 5100.22.

    Tags up to 0x0f that nobody has defined yet are members without a registered name, so that a message with
    a group from the future still decodes (RFC 8010 3.5.1 reserves them for delimiters).
    """

    OPERATION = 1
    JOB = 2
    END = 3
    PRINTER = 4
    UNSUPPORTED = 5
    SUBSCRIPTION = 6
    EVENT_NOTIFICATION = 7
    RESOURCE = 8
    DOCUMENT = 9
    SYSTEM = 10

    @classmethod
    def _missing_(cls, value: object) -> GroupTag | None:
        if not isinstance(value, int) or not 0x0A < value <= 0x0F:
            return None
        member = int.__new__(cls, value)
        member._name_ = f"FUTURE_{value:02X}"
        member._value_ = value
        return cls._value2member_map_.setdefault(value, member)  # type: ignore[return-value]


class Tag(IntEnum):
    """Value tags, RFC 8010 3.5.2 and, for the later out-of-band ones, RFC 3380 8."""

    UNSUPPORTED = 0x10
    UNKNOWN = 0x12
    NO_VALUE = 0x13
    NOT_SETTABLE = 0x15
    DELETE_ATTRIBUTE = 0x16
    ADMIN_DEFINE = 0x17
    INTEGER = 0x21
    BOOLEAN = 0x22
    ENUM = 0x23
    OCTET_STRING = 0x30
    DATE_TIME = 0x31
    RESOLUTION = 0x32
    RANGE = 0x33
    BEGIN_COLLECTION = 0x34
    TEXT_LANG = 0x35
    NAME_LANG = 0x36
    END_COLLECTION = 0x37
    TEXT = 0x41
    NAME = 0x42
    KEYWORD = 0x44
    URI = 0x45
    URI_SCHEME = 0x46
    CHARSET = 0x47
    LANGUAGE = 0x48
    MIME = 0x49
    MEMBER_NAME = 0x4A
    EXTENSION = 0x7F


OUT_OF_BAND = frozenset(
    {Tag.UNSUPPORTED, Tag.UNKNOWN, Tag.NO_VALUE, Tag.NOT_SETTABLE, Tag.DELETE_ATTRIBUTE, Tag.ADMIN_DEFINE}
)


class LangString(str):
    """Text or a name together with its own natural language, RFC 8011 5.1.2.2 and 5.1.3.2.

    Equal to another LangString when both text and language are; equal to a plain str when the text is.
    """

    __slots__ = ("language",)
    language: str

    def __new__(cls, text: str, language: str) -> LangString:
        """Join ``text`` and its ``language``, such as ``fr-ca``."""
        self = super().__new__(cls, text)
        self.language = language
        return self

    def __eq__(self, other: object) -> bool:
        if isinstance(other, LangString) and self.language != other.language:
            return False
        return str.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__

    def __repr__(self) -> str:
        return f"LangString({str.__repr__(self)}, {self.language!r})"

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]
        return str(self), self.language


class Resolution(NamedTuple):
    """Dots by unit in both directions, RFC 8011 5.1.16; ``units`` is 3 for an inch, 4 for a centimetre."""

    cross_feed: int
    feed: int
    units: int = 3


class IntRange(NamedTuple):
    """A range that includes both of its ends, RFC 8011 5.1.14."""

    lower: int
    upper: int


class Value(NamedTuple):
    """One value and the tag it was, or will be, sent with.

    ``data`` is an int (integer, enum), bool, bytes (octetString and tags that nobody knows), str, LangString,
    aware datetime, Resolution, IntRange, Collection, or None for an out-of-band value. A value of the tag
    EXTENSION keeps its four octets of extended tag in front (RFC 8010 3.5.2).
    """

    tag: Tag | int
    data: Data


@dataclass(frozen=True, slots=True)
class Attribute:
    """A name and its values, at least one; the values of a 1setOf may differ in syntax (RFC 8010 3.1.3)."""

    name: str
    values: tuple[Value, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise ValueError(f"attribute '{self.name}' needs at least one value")


class Collection(dict[str, Attribute]):
    """The members of one collection value, in order, by name (RFC 8010 3.1.6)."""

    __slots__ = ()

    @classmethod
    def of(cls, *members: Attribute) -> Collection:
        """Make a collection of attributes as its members."""
        return cls((member.name, member) for member in members)

    def first(self, attr: Attr[T]) -> T | None:
        """The first value of a member; None when the member is absent or out-of-band."""
        return attr.first(self[attr.name]) if attr.name in self else None

    def all(self, attr: Attr[T]) -> list[T]:
        """All values of a member."""
        return attr.all(self[attr.name]) if attr.name in self else []


Data = int | bool | bytes | str | LangString | datetime | Resolution | IntRange | Collection | None
