"""A whole IPP message as a value: header, groups, and how it reads in a log (RFC 8010 3.1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from pagebell.ipp.values import OUT_OF_BAND, Attribute, Collection, GroupTag, IntRange, Resolution, Tag, Value

if TYPE_CHECKING:
    from pagebell.ipp.attributes import Attr

T = TypeVar("T")

LOG_VALUES: Final = 3
LOG_TEXT: Final = 60
LOG_ATTRIBUTES: Final = 12


@dataclass(slots=True)
class Group:
    """One attribute group: its delimiter tag and its attributes, in order, each name once."""

    tag: GroupTag
    attributes: dict[str, Attribute] = field(default_factory=dict)

    @classmethod
    def of(cls, tag: GroupTag, *attributes: Attribute) -> Group:
        """Make a group of attributes."""
        return cls(tag).add(*attributes)

    def add(self, *attributes: Attribute) -> Group:
        """Append attributes; a name that is already there is replaced in its place."""
        for attribute in attributes:
            self.attributes[attribute.name] = attribute
        return self

    def get(self, attr: Attr[T]) -> T | None:
        """The first value; None when the attribute is absent or its value out-of-band."""
        attribute = self.attributes.get(attr.name)
        return None if attribute is None else attr.first(attribute)

    def all(self, attr: Attr[T]) -> list[T]:
        """All values, none when the attribute is absent or its value out-of-band."""
        attribute = self.attributes.get(attr.name)
        return [] if attribute is None else attr.all(attribute)

    def __contains__(self, name: object) -> bool:
        return name in self.attributes

    def __str__(self) -> str:
        shown = [log_attribute(attribute) for attribute in list(self.attributes.values())[:LOG_ATTRIBUTES]]
        if (more := len(self.attributes) - LOG_ATTRIBUTES) > 0:
            shown.append(f"+{more} attributes")
        return f"[{self.tag.name.lower()}{''.join(' ' + text for text in shown)}]"


@dataclass(slots=True)
class Message:
    """A request or a response; ``code`` is the operation-id or the status-code (RFC 8010 3.4)."""

    version: tuple[int, int]
    code: int
    request_id: int
    groups: list[Group] = field(default_factory=list)

    def group(self, tag: GroupTag) -> Group | None:
        """The first group with this tag."""
        return next((group for group in self.groups if group.tag == tag), None)

    def groups_of(self, tag: GroupTag) -> list[Group]:
        """All groups with this tag, in order."""
        return [group for group in self.groups if group.tag == tag]

    def __str__(self) -> str:
        head = f"IPP/{self.version[0]}.{self.version[1]} 0x{self.code:04x} #{self.request_id}"
        return " ".join([head, *map(str, self.groups)])


def is_secret(name: str) -> bool:
    """Tell whether an attribute's values must stay out of logs (job-password, document-password, ...)."""
    return ("password" in name and not name.endswith(("-supported", "-encryption"))) or name == "auth-info"


def log_attribute(attribute: Attribute) -> str:
    """One attribute on one line, values cut short, secrets and octets not shown."""
    if is_secret(attribute.name):
        return f"{attribute.name}=***"
    shown = [log_value(value) for value in attribute.values[:LOG_VALUES]]
    if (more := len(attribute.values) - LOG_VALUES) > 0:
        shown.append(f"+{more}")
    return f"{attribute.name}={','.join(shown)}"


def log_value(value: Value) -> str:
    """One value, safe to print: no control characters and of bounded length."""
    tag, data = value
    if tag in OUT_OF_BAND:
        return f"({Tag(tag).name.lower().replace('_', '-')})"
    if isinstance(data, bytes):
        return f"<{len(data)} octets>"
    if isinstance(data, Collection):
        return log_members(data.values())
    if isinstance(data, Resolution):
        return f"{data.cross_feed}x{data.feed}{ {3: 'dpi', 4: 'dpcm'}.get(data.units, '?') }"
    if isinstance(data, IntRange):
        return f"{data.lower}-{data.upper}"
    if isinstance(data, str):
        text = data if len(data) <= LOG_TEXT else data[: LOG_TEXT - 1] + "…"
        plain = text.isprintable() and not any(sign in text for sign in " ,'[]{}=")
        return str(text) if plain else str.__repr__(text)
    return str(data)


def log_members(members: Iterable[Attribute]) -> str:
    """The first members of a collection."""
    shown = list(members)
    more = ["…"] if len(shown) > LOG_VALUES else []
    return "{" + " ".join([*map(log_attribute, shown[:LOG_VALUES]), *more]) + "}"
