"""The parts of the reference that are made from the code: each function gives Markdown."""

from __future__ import annotations

import ast
import asyncio
import enum
import inspect
import io
import typing
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import distribution
from typing import Any, Final

import msgspec
from cyclopts import App
from rich.console import Console
from statuses import general_statuses, operation_statuses

from pagebell.cli import app as commands
from pagebell.config import Config, PrinterTable
from pagebell.couriers.mail import MailSettings
from pagebell.couriers.webhook import WebhookSettings
from pagebell.devices import make_device, schemes
from pagebell.http.settings import HttpLimits
from pagebell.ipp.attributes import MAX, MAX_OCTETS, MIN, Attr, Syntax
from pagebell.ipp.operations import OPERATIONS, Operation
from pagebell.ipp.registry import ATTRIBUTES, Op, Status
from pagebell.ipp.server import Service
from pagebell.ipp.server.call import Origin
from pagebell.ipp.server.describe_document import document_attributes
from pagebell.ipp.server.describe_job import DESCRIPTIONS
from pagebell.ipp.server.describe_more import JOB_SETTABLE, PRINTER_SETTABLE
from pagebell.ipp.server.describe_printer import PrinterDescriber
from pagebell.ipp.server.status import STATUS
from pagebell.ipp.server.ticket import ROWS
from pagebell.ipp.values import Tag
from pagebell.model import errors
from pagebell.model.access import ADMINISTRATOR, Principal
from pagebell.model.lifecycle import STEPS
from pagebell.model.resource import STEPS as RESOURCE_STEPS
from pagebell.sources.manual_duplex import ManualDuplexSettings
from pagebell.sources.pin_release import PinReleaseSettings
from pagebell.sources.supply_alert import SupplyAlertSettings
from pagebell.spooler.policy import Policy
from pagebell.spooler.printers import PrinterWish
from pagebell.spooler.spooler import Spooler
from pagebell.testing import FakeClock, MemoryDocumentStore, MemoryStore, VirtualPrinter
from pagebell.web.api.endpoint import STATUS as HTTP_STATUS

_WIDTH: Final = 92
_DEVICES: Final = {
    "Virtual": "simulated://",
    "Raw": "socket://printer.example",
    "Forwarded": "ipp://printer.example/ipp/print",
    "Null": "null:",
}
"""A printer of each kind, for what they have in common and what not. Nothing is connected to."""


def table(*rows: Iterable[str]) -> str:
    """A Markdown table; the first row is its head."""
    lines = [
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in rows
    ]
    lines.insert(1, "|" + "---|" * lines[0].replace("\\|", "").count(" | ") + "---|")
    return "\n".join(lines) + "\n"


def code(text: str) -> str:
    """Text in the typewriter's letters."""
    return f"`{text}`" if text else ""


# --- operations ---


class _Fetcher:
    """Says that documents may be fetched, so that the operations that do it are there."""

    schemes = ("http", "https", "ipp")

    def check(self, uri: str) -> None:
        raise NotImplementedError

    def fetch(self, uri: str) -> Any:
        raise NotImplementedError


def handlers() -> dict[Op, Callable[..., Any]]:
    """The handlers of a server in which everything is switched on."""
    return dict(Service(VirtualPrinter().spooler, fetcher=_Fetcher())._handlers)


def operations() -> str:
    """All operations that the server has."""
    found = handlers()
    answers = operation_statuses(found)
    parts = []
    for op in sorted(found):
        operation = OPERATIONS[op]
        rows = [("Code", f"`0x{op:04X}`"), ("Source", operation.source), *_request(operation)]
        rows.append(("Answers besides", _statuses(answers[op])))
        lines = "\n".join(f"- {title}: {text}" for title, text in rows)
        parts.append(f"## {operation.name}\n\n{lines}\n")
    return "\n".join(parts)


def _request(operation: Operation) -> Iterator[tuple[str, str]]:
    ways = [" with ".join(code(attr.name) for attr in way) or "nothing" for way in operation.target.value]
    yield "Aimed at by", " or ".join(ways)
    for title, attributes in (("Must have", operation.required), ("May have", operation.optional)):
        if attributes:
            yield title, ", ".join(code(attr.name) for attr in attributes)
    groups = [tag.name.lower() for tag in operation.groups] + ["document data"] * operation.document
    if groups:
        yield "Further groups", ", ".join(groups)


def _statuses(found: Iterable[Status]) -> str:
    return ", ".join(code(status.keyword) for status in sorted(found)) or "nothing else"


def answers_of_all() -> str:
    """What every operation may be answered."""
    return "\n".join(f"- {code(status.keyword)}" for status in sorted(general_statuses())) + "\n"


# --- attributes ---


def syntax_of(attr: Attr[Any]) -> str:
    """As the registry writes it: `1setOf (keyword | name(255))`."""
    words = [_syntax(one) for one in attr.syntaxes] + [
        tag.name.lower().replace("_", "-") for tag in attr.out_of_band
    ]
    text = " | ".join(dict.fromkeys(words))
    if attr.multiple:
        return f"1setOf ({text})" if len(words) > 1 else f"1setOf {text}"
    return text


_SYNTAXES: Final = {
    Tag.BEGIN_COLLECTION: "collection",
    Tag.RANGE: "rangeOfInteger",
    Tag.DATE_TIME: "dateTime",
    Tag.OCTET_STRING: "octetString",
    Tag.LANGUAGE: "naturalLanguage",
    Tag.MIME: "mimeMediaType",
    Tag.URI_SCHEME: "uriScheme",
}


def _syntax(syntax: Syntax) -> str:
    name = _SYNTAXES.get(syntax.tag, syntax.tag.name.lower())
    if syntax.tag in (Tag.TEXT, Tag.NAME, Tag.OCTET_STRING):
        return f"{name}({min(syntax.upper, MAX_OCTETS[syntax.tag])})"
    if syntax.tag in (Tag.INTEGER, Tag.RANGE) and (syntax.lower, syntax.upper) != (MIN, MAX):
        lower, upper = (
            ("MIN" if syntax.lower == MIN else syntax.lower),
            ("MAX" if syntax.upper == MAX else syntax.upper),
        )
        return f"{name}({lower}:{upper})"
    return name


def _rows(names: Iterable[str], last: Callable[[str], str], title: str) -> str:
    rows = [("Attribute", "Syntax", "Source", title)]
    for name in sorted(names):
        attr = ATTRIBUTES[name]
        rows.append((code(name), code(syntax_of(attr)), attr.source, last(name)))
    return table(*rows)


async def _names_of_printers() -> dict[str, set[str]]:
    """The attributes of a printer of each kind, by its kind."""
    documents = MemoryDocumentStore()
    spooler = Spooler(MemoryStore(), documents, FakeClock(), make_device)
    by = Principal("docs", rights=ADMINISTRATOR)
    describer = PrinterDescriber(spooler, handlers, _Fetcher())
    try:
        async with spooler:
            found = {}
            for name, device in _DEVICES.items():
                printer = await spooler.printers.add(name, PrinterWish(device=device), by)
                found[name] = describer.names(printer, Origin("printer.example:631", both_schemes=True))
    finally:
        documents.close()
    return found


def printer_attributes() -> str:
    """All attributes that a printer has."""
    found = asyncio.run(_names_of_printers())
    every, common = set.union(*found.values()), set.intersection(*found.values())

    def remark(name: str) -> str:
        words = ["can be set"] if name in PRINTER_SETTABLE else []
        if name not in common:
            words.append("depends on the device")
        return ", ".join(words)

    return _rows(every, remark, "Remarks")


def job_attributes() -> str:
    """All attributes that a job may have."""
    names = {attr.name for attr in DESCRIPTIONS} | {row.attr.name for row in ROWS} | {"overrides"}
    return _rows(names, lambda name: "yes" if name in JOB_SETTABLE else "", "Can be set")


def document_attribute_names() -> set[str]:
    """The attributes that the describer of documents names."""
    tree = ast.parse(inspect.getsource(document_attributes) + "\n" + inspect.getsource(_times_of_documents()))
    own = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "r"
    }
    return {name.replace("_", "-") for name in own}


def _times_of_documents() -> Callable[..., Any]:
    found: Callable[..., Any] = document_attributes.__globals__["_times"]
    return found


def document_rows() -> str:
    """All attributes that a document may have."""
    return _rows(
        document_attribute_names(), lambda name: "yes" if name == "document-name" else "", "Can be set"
    )


# --- configuration ---


def docs_of_fields(owner: type) -> dict[str, str]:
    """A class's fields with the strings that stand after them."""
    (tree,) = ast.parse(inspect.getsource(owner)).body
    assert isinstance(tree, ast.ClassDef)
    found, last = {}, ""
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            last = node.target.id
            found[last] = ""
        elif last and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found[last] = inspect.cleandoc(str(node.value.value))
            last = ""
    return found


_FALLBACK: Final = {"spooler": Policy, "http": HttpLimits}


def settings() -> str:
    """The tables of the configuration file."""
    parts = []
    for name, owner in tables():
        docs = docs_of_fields(owner)
        more = docs_of_fields(_FALLBACK[name]) if name in _FALLBACK else {}
        heading, _, about = (inspect.getdoc(owner) or "").partition(": ")
        rows = [("Key", "Value", "Default", "Meaning")]
        for key in msgspec.structs.fields(owner):
            default = "must be given" if key.required else code(toml(default_of(key)))
            rows.append(
                (code(key.encode_name), kind_of(key.type), default, docs[key.name] or more.get(key.name, ""))
            )
        parts.append(f"## {heading}\n\n{about[0].upper()}{about[1:]}\n\n{table(*rows)}")
    return "\n".join(parts)


def tables() -> list[tuple[str, Any]]:
    """The file's tables by name, with what reads each."""
    found: list[tuple[str, Any]] = []
    for one in msgspec.structs.fields(Config):
        if one.name == "couriers":
            found += [("couriers.webhook", WebhookSettings), ("couriers.mail", MailSettings)]
        elif one.name == "sources":
            found += [
                ("sources.manual-duplex", ManualDuplexSettings),
                ("sources.pin-release", PinReleaseSettings),
                ("sources.supply-alert", SupplyAlertSettings),
            ]
        else:
            found.append((one.name, PrinterTable if one.name == "printers" else one.type))
    return found


def default_of(key: msgspec.structs.FieldInfo) -> object:
    """A setting's default, also where each configuration has its own copy of it."""
    return key.default if key.default_factory is msgspec.NODEFAULT else key.default_factory()


def toml(value: object) -> str:
    """A value as one writes it in the file."""
    if isinstance(value, enum.Enum):
        value = value.value
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(toml, value)) + "]"
    return (
        f'"{value}"'
        if isinstance(value, str)
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
    )


def kind_of(kind: Any) -> str:
    """A type in words."""
    if typing.get_origin(kind) is typing.Annotated:
        base, *notes = typing.get_args(kind)
        limits = [note for note in notes if isinstance(note, msgspec.Meta)]
        words = [f"at least {one.ge}" for one in limits if one.ge is not None]
        words += [f"more than {one.gt}" for one in limits if one.gt is not None]
        return ", ".join([kind_of(base), *words])
    if typing.get_origin(kind) is typing.Literal:
        return " or ".join(code(toml(one)) for one in typing.get_args(kind))
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return " or ".join(code(toml(one)) for one in kind)
    if typing.get_origin(kind) is typing.Union:
        return " or ".join(map(kind_of, typing.get_args(kind)))
    if typing.get_origin(kind) is tuple:
        return "list of texts"
    if typing.get_origin(kind) is dict:
        return f"table: for each key, {kind_of(typing.get_args(kind)[1])}"
    return {int: "whole number", float: "number", str: "text", bool: "true or false"}[kind]


# --- commands ---


def command_help() -> str:
    """What each command's --help says."""
    parts = [_help()]
    for path in command_names():
        parts.append(f"## pagebell {' '.join(path)}\n\n{_help(*path)}")
    return "\n".join(parts)


def command_names() -> list[tuple[str, ...]]:
    """All commands, those of groups with their group's name."""
    found: list[tuple[str, ...]] = []
    for name in _commands_of(commands):
        inner = _commands_of(commands[name])
        found += [(name, one) for one in inner] or [(name,)]
    return found


def _commands_of(app: App) -> list[str]:
    return [name for name in app if not name.startswith("-")]


def _help(*path: str) -> str:
    out = io.StringIO()
    terminal = Console(file=out, width=_WIDTH, color_system=None, force_terminal=False, legacy_windows=False)
    commands.help_print(list(path), console=terminal)
    lines = [line.rstrip() for line in out.getvalue().strip().splitlines()]
    return "```text\n" + "\n".join(lines) + "\n```\n"


# --- errors, lifecycle, plug-ins ---


def facts() -> str:
    """Why a request can't be done, and how IPP and the JSON API say it."""
    rows = [("Fact", "Meaning", "IPP status", "HTTP status of the JSON API")]
    for kind in errors.FACTS:
        meaning = inspect.getdoc(kind) or ""
        rows.append((code(kind.__name__), meaning, code(STATUS[kind].keyword), str(HTTP_STATUS[kind])))
    return table(*rows)


def lifecycle() -> str:
    """The steps of a job's life."""
    rows = [("From", "Cause", "To", "job-state-reasons there")]
    for (state, cause), step in sorted(STEPS.items(), key=lambda item: (item[0][0], item[0][1].name)):
        reasons = ", ".join(code(reason) for reason in sorted(step.reasons)) or "none"
        rows.append((_state(state), cause.value, _state(step.to), reasons))
    return table(*rows)


def resource_lifecycle() -> str:
    """The steps of a resource's life."""
    rows = [("From", "Cause", "To")]
    for (state, cause), to in sorted(RESOURCE_STEPS.items(), key=lambda item: (item[0][0], item[0][1].name)):
        rows.append((_state(state), cause.value, _state(to)))
    return table(*rows)


def _state(state: enum.Enum) -> str:
    return code(state.name.lower().replace("_", "-"))


def entry_points() -> str:
    """What Pagebell offers under each entry point, as its own package declares it."""
    rows = [("Group", "Name", "Object")]
    for point in sorted(distribution("pagebell").entry_points, key=lambda one: (one.group, one.name)):
        rows.append((code(point.group), code(point.name), code(point.value)))
    return table(*rows)


def devices() -> str:
    """The kinds of devices, by the first line of their module."""
    rows = [("Scheme", "Device")]
    points = {
        one.name: one for one in distribution("pagebell").entry_points if one.group == "pagebell.devices"
    }
    for scheme in schemes():
        if scheme in points:
            module = inspect.getmodule(points[scheme].load())
            rows.append((code(f"{scheme}:"), (inspect.getdoc(module) or "").partition("\n")[0]))
    return table(*rows)


PARTS: Final[dict[str, Callable[[], str]]] = {
    "answers-of-all": answers_of_all,
    "commands": command_help,
    "devices": devices,
    "document-attributes": document_rows,
    "entry-points": entry_points,
    "facts": facts,
    "job-attributes": job_attributes,
    "lifecycle": lifecycle,
    "operations": operations,
    "printer-attributes": printer_attributes,
    "resource-lifecycle": resource_lifecycle,
    "settings": settings,
}
"""By the name that pages call them by."""
assert {*_FALLBACK} <= {one.name for one in msgspec.structs.fields(Config)}
