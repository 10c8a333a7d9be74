"""What an attribute is: its name, syntaxes and limits, and how its values become Python's (RFC 8011 5.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any, Final, Generic, NamedTuple, Self, TypeVar

from pagebell.ipp.values import (
    OUT_OF_BAND,
    Attribute,
    Collection,
    Data,
    IntRange,
    LangString,
    Resolution,
    Tag,
    Value,
)

T = TypeVar("T")

MIN: Final = -(2**31)
MAX: Final = 2**31 - 1
KEYWORD: Final = re.compile(r"[a-z0-9][a-z0-9._-]*")
"""A legal keyword (RFC 8011 5.1.4), which tells 'type2 keyword | name' values apart."""

MAX_OCTETS: Final = {
    Tag.TEXT: 1023,
    Tag.NAME: 255,
    Tag.KEYWORD: 255,
    Tag.URI: 1023,
    Tag.URI_SCHEME: 63,
    Tag.CHARSET: 63,
    Tag.LANGUAGE: 63,
    Tag.MIME: 255,
    Tag.OCTET_STRING: 1023,
}
"""What the syntaxes allow when an attribute says 'MAX' or nothing (RFC 8011 5.1)."""

_WITH_LANGUAGE: Final[dict[int, Tag]] = {Tag.TEXT_LANG: Tag.TEXT, Tag.NAME_LANG: Tag.NAME}
_TYPES: Final[dict[int, type]] = {
    Tag.INTEGER: int,
    Tag.ENUM: int,
    Tag.BOOLEAN: bool,
    Tag.DATE_TIME: datetime,
    Tag.RESOLUTION: Resolution,
    Tag.RANGE: IntRange,
    Tag.BEGIN_COLLECTION: Collection,
    Tag.OCTET_STRING: bytes,
}


class OpenEnum(IntEnum):
    """A registered enum that peers may extend: a number without a registration is a member without a name."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if type(value) is not int or not MIN <= value <= MAX:
            return None
        member = int.__new__(cls, value)
        member._name_ = f"UNREGISTERED_{value:X}" if value >= 0 else f"UNREGISTERED_MINUS_{-value:X}"
        member._value_ = value
        return member

    @property
    def keyword(self) -> str:
        """The registered text, such as ``client-error-not-found``; it is what people and logs read."""
        return self.name.lower().replace("_", "-")

    @classmethod
    def named(cls, keyword: str) -> Self:
        """The member with that keyword. Raises KeyError."""
        return cls[keyword.upper().replace("-", "_")]


class Section(StrEnum):
    """The collections of attributes that IANA's registry has; an attribute may be in several."""

    OPERATION = "Operation"
    JOB_TEMPLATE = "Job Template"
    JOB_DESCRIPTION = "Job Description"
    JOB_STATUS = "Job Status"
    DOCUMENT_TEMPLATE = "Document Template"
    DOCUMENT_DESCRIPTION = "Document Description"
    DOCUMENT_STATUS = "Document Status"
    PRINTER_DESCRIPTION = "Printer Description"
    PRINTER_STATUS = "Printer Status"
    SUBSCRIPTION_TEMPLATE = "Subscription Template"
    SUBSCRIPTION_STATUS = "Subscription Status"
    EVENT_NOTIFICATIONS = "Event Notifications"
    SYSTEM_DESCRIPTION = "System Description"
    SYSTEM_STATUS = "System Status"
    RESOURCE_DESCRIPTION = "Resource Description"
    RESOURCE_STATUS = "Resource Status"


class Syntax(NamedTuple):
    """One syntax with its limits: octets for strings, the value itself for numbers and ends of ranges."""

    tag: Tag
    lower: int = MIN
    upper: int = MAX


class Flaw(StrEnum):
    """In which way an attribute that was received is not as it is defined."""

    SYNTAX = "wrong syntax"
    LENGTH = "too long"
    RANGE = "out of range"
    CARDINALITY = "too many values"


class Problem(NamedTuple):
    """What is wrong with an attribute that was received."""

    flaw: Flaw
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Attr(Generic[T]):
    """One registered attribute; ``T`` is the Python type of one of its values.

    ``members`` are those of a collection, None when any member may occur. ``keywords`` are the registered
    values, without a claim that there are no others.
    """

    name: str
    syntaxes: tuple[Syntax, ...]
    multiple: bool = False
    out_of_band: tuple[Tag, ...] = ()
    enum: type[IntEnum] | None = None
    keywords: frozenset[str] = frozenset()
    members: tuple[Attr[Any], ...] | None = None
    sections: tuple[Section, ...] = ()
    source: str = ""

    def __call__(self, *values: T) -> Attribute:
        """Make an attribute; ValueError names the attribute and the value that does not fit."""
        if not values or (len(values) > 1 and not self.multiple):
            raise ValueError(f"'{self.name}' takes {'at least ' * self.multiple}one value, not {len(values)}")
        return Attribute(self.name, tuple(map(self._value, values)))

    def unknown(self) -> Attribute:
        """The attribute is supported and its value not known (RFC 8011 5.1.1)."""
        return Attribute(self.name, (Value(Tag.UNKNOWN, None),))

    def no_value(self) -> Attribute:
        """The attribute is supported and has no value (RFC 8011 5.1.1)."""
        return Attribute(self.name, (Value(Tag.NO_VALUE, None),))

    def unsupported(self) -> Attribute:
        """The attribute is not supported at all (RFC 8011 4.1.7)."""
        return Attribute(self.name, (Value(Tag.UNSUPPORTED, None),))

    def first(self, attribute: Attribute) -> T | None:
        """The first value of the right Python type; a printer that calls a name a keyword is understood."""
        return next(iter(self.all(attribute)), None)

    def all(self, attribute: Attribute) -> list[T]:
        """All values of the right Python type."""
        enum = self.enum
        found: list[Any] = []
        for tag, data in attribute.values:
            if not self._readable(tag, data):
                continue
            found.append(enum(data) if enum is not None and type(data) is int else data)
        return found

    def check(self, attribute: Attribute, out_of_band: frozenset[Tag] = frozenset()) -> Problem | None:
        """Tell what is wrong with a received attribute's syntax, lengths or cardinality.

        ``out_of_band`` are the out-of-band values that this place allows beyond those the attribute declares,
        such as 'delete-attribute' in Set-Job-Attributes (RFC 3380 8).
        """
        values = attribute.values
        if len(values) > 1 and not self.multiple:
            return Problem(Flaw.CARDINALITY, f"'{self.name}' takes one value, not {len(values)}")
        if values[0].tag in OUT_OF_BAND and len(values) == 1:
            if values[0].tag in self.out_of_band or values[0].tag in out_of_band:
                return None
            return Problem(Flaw.SYNTAX, f"'{self.name}' must have a value")
        for value in values:
            problem = self._check_value(value)
            if problem is not None:
                return problem
        return None

    def _check_value(self, value: Value) -> Problem | None:
        tag, data = value
        base = _WITH_LANGUAGE.get(tag, tag)
        syntax = next((syntax for syntax in self.syntaxes if syntax.tag == base), None)
        if syntax is None:
            name = tag.name if isinstance(tag, Tag) else hex(tag)
            return Problem(Flaw.SYNTAX, f"'{self.name}' cannot be of syntax {name}")
        problem = _check_limits(self.name, syntax, data)
        if problem is None and self.members is not None and isinstance(data, Collection):
            return self._check_members(data)
        return problem

    def _check_members(self, collection: Collection) -> Problem | None:
        """Members that nobody has defined are no flaw: they are extensions to ignore (RFC 8011 5.1.15)."""
        for member in self.members or ():
            received = collection.get(member.name)
            problem = None if received is None else member.check(received)
            if problem is not None:
                return Problem(problem.flaw, f"'{self.name}' member {problem.text}")
        return None

    def _readable(self, tag: Tag | int, data: Data) -> bool:
        for syntax in self.syntaxes:
            expected = _TYPES.get(syntax.tag, str)
            if type(data) is expected or (expected is str and isinstance(data, str)):
                return tag not in OUT_OF_BAND
        return False

    def _value(self, data: T) -> Value:
        problem: Problem | None = None
        for syntax in self.syntaxes:
            tag = syntax.tag
            expected = _TYPES.get(tag, str)
            if not isinstance(data, expected) or (isinstance(data, bool) and expected is int):
                continue
            if tag is Tag.KEYWORD and len(self.syntaxes) > 1 and not KEYWORD.fullmatch(str(data)):
                continue
            problem = _check_limits(self.name, syntax, data)  # type: ignore[arg-type]
            if problem is None:
                return Value(_sent_as(tag, data), int(data) if isinstance(data, IntEnum) else data)  # type: ignore[arg-type]
        raise ValueError(problem.text if problem else f"'{self.name}' cannot be {data!r}")


def _sent_as(tag: Tag, data: object) -> Tag:
    if isinstance(data, LangString):
        return {Tag.TEXT: Tag.TEXT_LANG, Tag.NAME: Tag.NAME_LANG}.get(tag, tag)
    return tag


def _check_limits(name: str, syntax: Syntax, data: Data) -> Problem | None:
    """Check one value against the limits of its syntax."""
    tag, lower, upper = syntax
    if isinstance(data, str | bytes):
        size = len(data.encode()) if isinstance(data, str) else len(data)
        most = min(upper, MAX_OCTETS.get(tag, upper))
        if size > most:
            return Problem(Flaw.LENGTH, f"'{name}' has {size} octets, more than {most}")
        if size == 0 and tag in (Tag.KEYWORD, Tag.CHARSET, Tag.LANGUAGE, Tag.MIME, Tag.URI_SCHEME, Tag.URI):
            return Problem(Flaw.SYNTAX, f"'{name}' is empty")
    elif isinstance(data, IntRange):
        if not lower <= data.lower <= data.upper <= upper:
            return Problem(Flaw.RANGE, f"'{name}' is {data.lower}-{data.upper}, not within {lower}-{upper}")
    elif isinstance(data, int) and not isinstance(data, bool) and not lower <= data <= upper:
        return Problem(Flaw.RANGE, f"'{name}' is {data}, not within {lower}-{upper}")
    return None
