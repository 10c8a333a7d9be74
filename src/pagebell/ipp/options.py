"""Options as people write them, ``NAME=VALUE``, into typed attributes by the registry (RFC 8011 5.1, 5.2).

::

    copies=2   sides=two-sided-long-edge   page-ranges=1-3,5   print-quality=high   printer-resolution=600dpi
    media-col={media-size={x-dimension=21000 y-dimension=29700} media-type=stationery}

Commas part the values of a set, blanks the members of a collection; quotation marks keep either.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Final

from pagebell.ipp import registry as r
from pagebell.ipp.asking import is_job_option
from pagebell.ipp.attributes import Attr
from pagebell.ipp.errors import OptionError
from pagebell.ipp.values import Attribute, Collection, IntRange, Resolution, Tag

Options = Mapping[str, object] | Iterable[Attribute | str]
"""A job's options: ``{"copies": 2}``, ``["sides=two-sided-long-edge"]``, or finished attributes."""

MAX_DEPTH: Final = 8
_TRUTH: Final = {**dict.fromkeys(("true", "yes", "on"), True), **dict.fromkeys(("false", "no", "off"), False)}
_RESOLUTION: Final = re.compile(r"(\d+)(?:x(\d+))?(dpi|dpcm|dpc)", re.IGNORECASE)
_RANGE: Final = re.compile(r"(-?\d+)(?:-(-?\d+))?")
_CLOSED: Final = 64
"""A vocabulary of at most so many keywords is taken for all there is when a word looks like a slip of one."""


def read_options(options: Options) -> list[Attribute]:
    """Options in any of their forms as attributes. Raises OptionError."""
    if isinstance(options, Mapping):
        options = [f"{name}={_written(value)}" for name, value in options.items()]
    found: list[Attribute] = []
    for option in options:
        found += [option] if isinstance(option, Attribute) else parse_options([option])
    return found


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple | set | frozenset):
        return ",".join(map(_written, value))
    return str(value)


def parse_options(texts: Iterable[str]) -> list[Attribute]:
    """Read ``NAME=VALUE`` texts. Raises OptionError, a sentence that names what would be right."""
    found: dict[str, Attribute] = {}
    for text in texts:
        attribute = parse_option(text)
        found[attribute.name] = attribute
    return list(found.values())


def parse_option(text: str) -> Attribute:
    """Read one option of a job. Raises OptionError."""
    name, equals, value = text.strip().partition("=")
    if not equals or not name:
        raise OptionError(f"'{text}' is not an option: write NAME=VALUE, for instance copies=2.")
    attr = r.ATTRIBUTES.get(name)
    if attr is None or not is_job_option(name):
        raise OptionError(f"There is no option '{name}'.{_near(name, filter(is_job_option, r.ATTRIBUTES))}")
    return _attribute(attr, value, 0)


def _attribute(attr: Attr[Any], text: str, depth: int) -> Attribute:
    texts = _split(text, ",", attr.name) if attr.multiple else [text]
    try:
        return attr(*(_value(attr, one, depth) for one in texts))
    except OptionError:
        raise
    except ValueError as error:
        raise OptionError(f"{str(error)[:1].upper()}{str(error)[1:]}.") from None


def _value(attr: Attr[Any], text: str, depth: int) -> object:
    """One value in the first of the attribute's syntaxes that can hold it."""
    text = text.strip()
    tags = [syntax.tag for syntax in attr.syntaxes]
    if Tag.BEGIN_COLLECTION in tags and text.startswith("{"):
        return _collection(attr, text, depth + 1)
    bare = _unquoted(text)
    for tag in tags:
        value = _READERS[tag](attr, bare) if tag in _READERS else None
        if value is not None:
            return value
    if any(tag in _STRINGS for tag in tags):
        return _word(attr, bare)
    raise OptionError(f"'{attr.name}' cannot be '{bare}': {_expected(attr)}")


def _integer(attr: Attr[Any], text: str) -> int | None:
    return int(text) if re.fullmatch(r"-?\d{1,10}", text) else None


def _enum(attr: Attr[Any], text: str) -> int | None:
    """By its number, or by its registered name."""
    member = None if attr.enum is None else attr.enum.__members__.get(text.upper().replace("-", "_"))
    return _integer(attr, text) if member is None else member


def _boolean(attr: Attr[Any], text: str) -> bool | None:
    return _TRUTH.get(text.lower())


def _range(attr: Attr[Any], text: str) -> IntRange | None:
    match = _RANGE.fullmatch(text)
    if match is None:
        return None
    return IntRange(int(match[1]), int(match[2] or match[1]))


def _resolution(attr: Attr[Any], text: str) -> Resolution | None:
    match = _RESOLUTION.fullmatch(text)
    if match is None:
        return None
    return Resolution(int(match[1]), int(match[2] or match[1]), 3 if match[3].lower() == "dpi" else 4)


_READERS: Final[dict[Tag, Callable[[Attr[Any], str], object | None]]] = {
    Tag.INTEGER: _integer,
    Tag.ENUM: _enum,
    Tag.BOOLEAN: _boolean,
    Tag.RANGE: _range,
    Tag.RESOLUTION: _resolution,
    Tag.OCTET_STRING: lambda attr, text: text.encode(),
}
_STRINGS: Final = (
    Tag.KEYWORD,
    Tag.NAME,
    Tag.TEXT,
    Tag.URI,
    Tag.MIME,
    Tag.LANGUAGE,
    Tag.CHARSET,
    Tag.URI_SCHEME,
)


def _word(attr: Attr[Any], text: str) -> str:
    """A string; printers may have keywords of their own, but a slip of a registered one is caught."""
    if attr.keywords and len(attr.keywords) <= _CLOSED and text not in attr.keywords:
        near = get_close_matches(text, attr.keywords, 3, 0.7)
        if near:
            raise OptionError(f"'{attr.name}' has no value '{text}'. Did you mean {_either(near)}?")
    return text


def _collection(attr: Attr[Any], text: str, depth: int) -> Collection:
    if depth > MAX_DEPTH:
        raise OptionError(f"'{attr.name}' has collections within collections without end.")
    if not text.endswith("}"):
        raise OptionError(f"'{attr.name}' lacks a closing brace in '{text}'.")
    known = {member.name: member for member in attr.members or ()}
    members = []
    for part in _split(text[1:-1], " ", attr.name):
        name, equals, value = part.partition("=")
        member = known.get(name) or (r.ATTRIBUTES.get(name) if attr.members is None else None)
        if not equals:
            raise OptionError(f"'{attr.name}' has '{part}' in it, which is not NAME=VALUE.")
        if member is None:
            raise OptionError(f"'{attr.name}' has no member '{name}'.{_near(name, known)}")
        members.append(_attribute(member, value, depth))
    return Collection.of(*members)


def _split(text: str, at: str, name: str) -> list[str]:
    """Part a text at a sign outside of braces and quotation marks; blanks part by any number of them."""
    parts, start, depth, quote = [], 0, 0, ""
    for position, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign in "{}":
            depth += 1 if sign == "{" else -1
            if depth < 0:
                raise OptionError(f"'{name}' has a closing brace too many.")
        elif depth == 0 and (sign == at or (at == " " and sign.isspace())):
            parts.append(text[start:position])
            start = position + 1
    if quote or depth:
        raise OptionError(f"'{name}' lacks a closing {'quotation mark' if quote else 'brace'}.")
    parts.append(text[start:])
    return [part for part in parts if part.strip()] if at == " " else parts


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'" else text


def _expected(attr: Attr[Any]) -> str:
    if attr.enum is not None:
        names = [name.lower().replace("_", "-") for name in attr.enum.__members__]
        return f"it is one of {', '.join(names[:8])}{', …' if len(names) > 8 else ''}."
    kinds = {
        Tag.INTEGER: "a whole number",
        Tag.BOOLEAN: "true or false",
        Tag.RANGE: "a range such as 1-3",
        Tag.RESOLUTION: "a resolution such as 600dpi",
        Tag.BEGIN_COLLECTION: "a collection such as {name=value name=value}",
        Tag.DATE_TIME: "a date, which cannot be written as an option",
    }
    return f"it is {' or '.join(kinds.get(syntax.tag, 'a text') for syntax in attr.syntaxes)}."


def _near(name: str, names: Iterable[str]) -> str:
    near = get_close_matches(name, list(names), 3, 0.6)
    return f" Did you mean {_either(near)}?" if near else ""


def _either(words: list[str]) -> str:
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
