"""Generate pagebell/ipp/registry.py from IANA's IPP registrations and our errata.

    python tools/gen_ipp.py ipp-registrations.xml > src/pagebell/ipp/registry.py

The XML, https://www.iana.org/assignments/ipp-registrations/ipp-registrations.xml, is no part of the project.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NS = "{http://www.iana.org/assignments}"
ERRATA = Path(__file__).with_name("ipp_errata.toml")
TAGS = {
    "integer": "INTEGER",
    "boolean": "BOOLEAN",
    "enum": "ENUM",
    "octetString": "OCTET_STRING",
    "dateTime": "DATE_TIME",
    "resolution": "RESOLUTION",
    "rangeOfInteger": "RANGE",
    "collection": "BEGIN_COLLECTION",
    "text": "TEXT",
    "name": "NAME",
    "keyword": "KEYWORD",
    "uri": "URI",
    "uriScheme": "URI_SCHEME",
    "charset": "CHARSET",
    "naturalLanguage": "LANGUAGE",
    "mimeMediaType": "MIME",
}
OUT_OF_BAND = {"no-value": "NO_VALUE", "unknown": "UNKNOWN", "delete": "DELETE_ATTRIBUTE"}
PYTHON = {
    "INTEGER": "int",
    "BOOLEAN": "bool",
    "OCTET_STRING": "bytes",
    "DATE_TIME": "datetime",
    "RESOLUTION": "Resolution",
    "RANGE": "IntRange",
    "BEGIN_COLLECTION": "Collection",
}
LIMITS = {"MIN": -(2**31), "MAX": 2**31 - 1}
CLASSES = {
    "operations-supported": "Op",
    "status-code": "Status",
    "orientation-requested": "Orientation",
}
SUFFIXES = ("-default", "-supported", "-ready", "-actual", "-configured", "-col", "-database")


@dataclass
class Record:
    """What all registrations of one name say together."""

    name: str
    syntaxes: dict[str, tuple[int, int]] = field(default_factory=dict)
    out_of_band: list[str] = field(default_factory=list)
    multiple: bool = False
    sections: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    open: bool = False
    like: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    keywords: list[str] = field(default_factory=list)
    keywords_of: list[str] = field(default_factory=list)
    enum: str = ""


def text(element: ET.Element, tag: str) -> str:
    child = element.find(NS + tag)
    return "" if child is None else " ".join("".join(child.itertext()).split())


def plain(name: str) -> str:
    """A name without the registry's remarks such as (deprecated) or (extension)."""
    return re.sub(r"[\[(].*$", "", name).strip()


def identifier(name: str) -> str:
    return re.sub(r"\W", "_", name)


def source_of(element: ET.Element) -> str:
    xref = element.find(NS + "xref")
    if xref is None:
        return ""
    label = "".join(xref.itertext()).strip() or xref.get("data", "")
    label = re.sub(r"^rfc", "RFC ", label)
    return re.sub(r"^PWG(?=\d)", "PWG ", label)


def number(word: str) -> int:
    return LIMITS[word] if word in LIMITS else int(word)


def read_syntax(record: Record, syntax: str) -> None:
    """Merge one syntax, such as '1setOf (type2 keyword | name(MAX))', into a record."""
    record.multiple |= "1setOf" in syntax
    syntax = re.sub(r"1setOf|type[123]|['\]]", " ", syntax).replace("integer:0:MAX", "integer(0:MAX)")
    for word, limits in re.findall(r"([A-Za-z-]+)\s*(?:\(([^()|]*)\))?", syntax):
        if word in OUT_OF_BAND:
            if OUT_OF_BAND[word] not in record.out_of_band:
                record.out_of_band.append(OUT_OF_BAND[word])
            continue
        tag = TAGS[word]
        lower, upper = LIMITS["MIN"], LIMITS["MAX"]
        if ":" in limits:
            lower, upper = (number(part.strip()) for part in limits.split(":"))
        elif limits.strip():
            upper = number(limits.strip())
        if tag in record.syntaxes:
            lower, upper = min(lower, record.syntaxes[tag][0]), max(upper, record.syntaxes[tag][1])
        record.syntaxes[tag] = lower, upper


class Registry:
    """Everything read from the XML and the errata."""

    def __init__(self, xml: Path) -> None:
        root = ET.parse(xml).getroot()
        self.date = text(root, "updated")
        self.errata: dict[str, Any] = tomllib.loads(ERRATA.read_text())
        self.tables = {
            table.get("id", "").rpartition("-")[2]: table.findall(NS + "record")
            for table in root.iter(NS + "registry")
        }
        self.records: dict[str, Record] = {}
        self.enums: dict[str, dict[str, int]] = {}
        self.enum_of: dict[str, str] = dict(self.errata["enum"])
        self.read_attributes()
        self.read_keywords()
        self.read_enums()

    def record(self, name: str) -> Record:
        return self.records.setdefault(name, Record(name))

    def read_attributes(self) -> None:
        for element in self.tables["2"]:
            path = [plain(text(element, tag)) for tag in ("name", "member_attribute", "sub-member_attribute")]
            raw = [text(element, tag) for tag in ("name", "member_attribute", "sub-member_attribute")]
            depth = sum(map(bool, raw))
            if raw[depth - 1].startswith("<"):
                self.read_any(self.record(path[depth - 2]), raw[depth - 1])
                continue
            record = self.record(path[depth - 1])
            section = text(element, "collection")
            if depth == 1 and section not in record.sections:
                record.sections.append(section)
            elif depth > 1 and record.name not in self.record(path[depth - 2]).members:
                self.record(path[depth - 2]).members.append(record.name)
            read_syntax(record, text(element, "syntax"))
            if (source := source_of(element)) and source not in record.sources:
                record.sources.append(source)
        for name, entry in self.errata["attributes"].items():
            record = self.record(name)
            record.sections += [section for section in entry["sections"] if section not in record.sections]
            read_syntax(record, entry["syntax"])
            record.keywords += entry.get("keywords", [])
            record.sources = record.sources or [entry.get("source", "CUPS")]
        for name, syntax in self.errata["syntax"].items():
            record = self.records[name]
            record.syntaxes, record.out_of_band, record.multiple = {}, [], False
            read_syntax(record, syntax)

    def read_any(self, record: Record, phrase: str) -> None:
        """'<Any "media-col" member attribute>' or '<Any Job Template attribute>'."""
        named = re.search(r'"([a-z-]+)', phrase)
        if named is None:
            record.open = True
        elif named[1] not in record.like:
            record.like.append(named[1])

    def read_keywords(self) -> None:
        for element in self.tables["4"]:
            name, value = plain(text(element, "attribute")), text(element, "value")
            if name not in self.records or not value:
                continue
            record = self.records[name]
            if value.startswith("<"):
                named = re.search(r'"([a-z0-9-]+)|all ([a-z0-9-]+) values', value)
                other = (named[1] or named[2]) if named else ""
                if other in self.records and other != name and other not in record.keywords_of:
                    record.keywords_of.append(other)
            elif (word := plain(value)) and word not in record.keywords:
                record.keywords.append(word)

    def read_enums(self) -> None:
        for element in self.tables["6"]:
            name = plain(text(element, "attribute"))
            value, label = plain(text(element, "value")), plain(text(element, "name"))
            if value.startswith("<") and (named := re.search(r'"([a-z-]+)"', value)):
                self.enum_of.setdefault(name, named[1])
            elif re.fullmatch(r"\d+|0x[0-9A-Fa-f]+", value) and not label.startswith(
                ("Reserved", "Unassigned")
            ):
                self.enums.setdefault(name, {})[label] = int(value, 0)
        self.enums["status-code"] = {
            text(element, "name"): int(text(element, "value"), 0)
            for element in self.tables["11"]
            if re.fullmatch(r"[a-z-]+", text(element, "name"))
        }
        self.enums["status-code"].update(self.errata["status-codes"])
        self.enums["operations-supported"].update(self.errata["operations"])

    def enum_class(self, name: str) -> str:
        base = self.enum_of.get(name, name)
        while base not in self.enums and (suffix := next((s for s in SUFFIXES if base.endswith(s)), None)):
            base = base.removesuffix(suffix)
        return class_name(base) if base in self.enums else ""

    def members(self, name: str, seen: tuple[str, ...] = ()) -> list[str]:
        """All members of a collection, those of the collections it refers to included."""
        record = self.records.get(name)
        if record is None or name in seen:
            return []
        found = list(record.members)
        for other in record.like:
            found += [member for member in self.members(other, (*seen, name)) if member not in found]
        return found

    def in_order(self) -> Iterator[Record]:
        """Records by name, each after the members it needs."""
        done: set[str] = set()

        def visit(name: str, above: tuple[str, ...]) -> Iterator[Record]:
            if name in done:
                return
            if name in above:
                raise SystemExit(f"collections contain one another: {(*above, name)}")
            for member in self.members(name):
                if member in self.records:
                    yield from visit(member, (*above, name))
            done.add(name)
            yield self.records[name]

        for name in sorted(self.records):
            yield from visit(name, ())


def class_name(attribute: str) -> str:
    return CLASSES.get(attribute) or "".join(part.capitalize() for part in attribute.split("-"))


def wrapped(words: Iterable[str]) -> str:
    """Keywords as adjacent string literals of at most a line each."""
    lines, line = [], ""
    for word in words:
        if len(line) + len(word) > 90:
            lines.append(line)
            line = ""
        line += word + " "
    lines.append(line.rstrip())
    return "\n".join(f'    "{line}"' for line in lines)


def enum_lines(registry: Registry) -> Iterator[str]:
    sources = {"Op": "Operation ids, RFC 8011 5.4.15", "Status": "Status codes, RFC 8011 appendix B"}
    for attribute, members in sorted(registry.enums.items()):
        name = class_name(attribute)
        yield f'\n\nclass {name}(OpenEnum):\n    """{sources.get(name, f"Values of {attribute!r}")}."""\n'
        digits = 4 if name in sources else 0
        for label, value in sorted(members.items(), key=lambda item: item[1]):
            member = re.sub(r"\W", "_", label).upper()
            member = f"N_{member}" if member[0].isdigit() else member
            yield f"    {member} = {value:#06x}" if digits else f"    {member} = {value}"


def syntax_code(tag: str, limits: tuple[int, int]) -> str:
    lower, upper = ("MIN" if limits[0] == LIMITS["MIN"] else str(limits[0])), str(limits[1])
    if limits[1] == LIMITS["MAX"]:
        return f"Syntax(Tag.{tag})" if lower == "MIN" else f"Syntax(Tag.{tag}, {lower})"
    return f"Syntax(Tag.{tag}, {lower}, {upper})"


def syntaxes_of(record: Record) -> list[tuple[str, tuple[int, int]]]:
    """A record's syntaxes; a name comes last, for it takes what is no keyword."""
    return sorted(record.syntaxes.items(), key=lambda item: item[0] == "NAME")


def syntaxes_name(record: Record) -> str:
    """A name for a set of syntaxes, which attributes share."""
    parts = []
    for tag, limits in syntaxes_of(record):
        words = [{LIMITS["MIN"]: "min", LIMITS["MAX"]: "max"}.get(end, str(end)) for end in limits]
        parts += [tag.lower(), *(words if words != ["min", "max"] else [])]
    return "_" + "_".join(parts).replace("-", "minus_")


def python_type(registry: Registry, record: Record) -> str:
    types = [
        (registry.enum_class(record.name) or "int") if tag == "ENUM" else PYTHON.get(tag, "str")
        for tag in record.syntaxes
    ]
    return " | ".join(dict.fromkeys(types))


def attribute_lines(registry: Registry) -> Iterator[str]:
    for record in registry.in_order():
        arguments = [f'"{record.name}"', syntaxes_name(record)]
        if record.multiple:
            arguments.append("multiple=True")
        if record.out_of_band:
            arguments.append(f"out_of_band=({', '.join('Tag.' + tag for tag in record.out_of_band)},)")
        if "ENUM" in record.syntaxes and (enum := registry.enum_class(record.name)):
            arguments.append(f"enum={enum}")
        sets = [
            f"_{identifier(other)}_keywords" for other in record.keywords_of if has_keywords(registry, other)
        ]
        if record.keywords:
            sets.insert(0, f"_{identifier(record.name)}_keywords")
        if sets:
            arguments.append(f"keywords={' | '.join(dict.fromkeys(sets))}")
        members = [member for member in registry.members(record.name) if member in registry.records]
        if members and not record.open:
            arguments.append(f"members=({', '.join(map(identifier, members))},)")
        if record.sections:
            sections = (section.upper().replace(" ", "_") for section in record.sections)
            arguments.append(f"sections=({', '.join('_' + section for section in sections)},)")
        if record.sources:
            arguments.append(f'source="{", ".join(record.sources)}"')
        kind = python_type(registry, record)
        yield f"{identifier(record.name)}: Final[Attr[{kind}]] = Attr({', '.join(arguments)})"


def has_keywords(registry: Registry, name: str) -> bool:
    return bool(registry.records[name].keywords)


def generate(xml: Path) -> str:
    """The text of registry.py."""
    registry = Registry(xml)
    out = [
        "# ruff: noqa: SIM905",
        '"""IPP\'s registered vocabulary: operations, status codes, enums and attributes as typed objects.',
        "",
        f"Generated by tools/gen_ipp.py from IANA's IPP registrations of {registry.date} and our errata;",
        'do not edit. It is one long file because it is one table.\n"""',
        "from __future__ import annotations\n",
        "from datetime import datetime",
        "from typing import Any, Final\n",
        "from pagebell.ipp.attributes import MIN, Attr, OpenEnum, Section, Syntax",
        "from pagebell.ipp.values import Collection, IntRange, Resolution, Tag",
        f'\nREGISTERED: Final = "{registry.date}"\n',
    ]
    sections = sorted({section for record in registry.records.values() for section in record.sections})
    out += [
        f"_{(name := section.upper().replace(' ', '_'))}: Final = (Section.{name})" for section in sections
    ]
    out += enum_lines(registry)
    out.append("\n")
    for name, record in sorted(registry.records.items()):
        if record.keywords:
            out.append(
                f"_{identifier(name)}_keywords = frozenset(\n(\n{wrapped(record.keywords)}\n).split()\n)"
            )
    sets = {
        syntaxes_name(record): ", ".join(syntax_code(*item) for item in syntaxes_of(record))
        for record in registry.records.values()
    }
    out += [f"{name} = ({code},)" for name, code in sorted(sets.items())]
    out += attribute_lines(registry)
    out.append(
        "\nATTRIBUTES: Final[dict[str, Attr[Any]]] = {value.name: value for value in list(globals().values())"
        ' if isinstance(value, Attr)}\n"""Every attribute by its name."""\n'
    )
    names = "".join(f'"{name}",' for name in registry.errata["requested"]["not-in-all"])
    out.append(f"NOT_IN_ALL: Final = frozenset(({names}))")
    out.append('"""Returned only when asked for by name (PWG 5100.7)."""\n')
    return ruff_formatted("\n".join(out))


def ruff_formatted(code: str) -> str:
    command = [
        sys.executable,
        "-m",
        "ruff",
        "format",
        "--line-length",
        "110",
        "--stdin-filename",
        "registry.py",
        "-",
    ]
    return subprocess.run(command, input=code, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    sys.stdout.write(generate(Path(sys.argv[1])))
