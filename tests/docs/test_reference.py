"""The reference is made from the code, completely; and the pages build without a warning."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from pagebell.config import Config
from pagebell.devices import simulated_settings
from pagebell.devices import socket as raw
from pagebell.devices.ipp import _KEYS as IPP_KEYS
from pagebell.ipp import registry as r
from pagebell.ipp.operations import OPERATIONS
from pagebell.ipp.registry import Op, Status
from pagebell.model.lifecycle import STEPS
from pagebell.testing.pytest_plugin import print_server, virtual_printer
from tests.docs.examples import ROOT, pages
from tests.peers import absent
from tests.unit.ipp_server import test_every_status

EXTENSIONS = ROOT / "docs/_ext"


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    sys.path.insert(0, str(EXTENSIONS))
    try:
        importlib.import_module("generated")
        return importlib.import_module("reference")
    finally:
        sys.path.remove(str(EXTENSIONS))


def test_pages_build_without_a_warning(tmp_path: Path) -> None:
    for module in ("sphinx", "myst_parser", "furo"):
        if importlib.util.find_spec(module) is None:
            absent(f"{module} is missing: install the dependency group docs")
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "sphinx",
        "--quiet",
        "--fail-on-warning",
        "--fresh-env",
        ROOT / "docs",
        tmp_path,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    assert "0x0002" in (tmp_path / "reference/operations.html").read_text()


def test_mark_that_nobody_makes_is_an_error(reference: ModuleType) -> None:
    generated = sys.modules["generated"]
    with pytest.raises(generated.UnknownPart, match="nonsense"):
        generated.filled("# Title\n\n<!-- generated: nonsense -->\n")


def test_every_part_stands_in_a_page(reference: ModuleType) -> None:
    used = {name for page in pages() for name in re.findall(r"<!-- generated: (\S+) -->", page.read_text())}
    assert used == set(reference.PARTS)


# --- operations ---


def test_every_operation_of_the_server_is_told_with_its_code(reference: ModuleType) -> None:
    text, had = reference.operations(), reference.handlers()
    assert {Op.PRINT_JOB, Op.PRINT_URI, Op.CUPS_GET_PRINTERS} <= set(had)
    for op in had:
        assert (
            f"## {OPERATIONS[op].name}\n\n- Code: `0x{op:04X}`\n- Source: {OPERATIONS[op].source}\n" in text
        )
    assert text.count("## ") == len(had)


@pytest.mark.parametrize(
    ("op", "some", "none"),
    [
        (
            Op.PRINT_JOB,
            {
                Status.CLIENT_ERROR_NOT_AUTHORIZED,
                Status.CLIENT_ERROR_COMPRESSION_ERROR,
                Status.CLIENT_ERROR_DOCUMENT_FORMAT_NOT_SUPPORTED,
                Status.SERVER_ERROR_NOT_ACCEPTING_JOBS,
                Status.SERVER_ERROR_BUSY,
                Status.SERVER_ERROR_TEMPORARY_ERROR,
                Status.SERVER_ERROR_SERVICE_UNAVAILABLE,
            },
            {Status.CLIENT_ERROR_DOCUMENT_ACCESS_ERROR, Status.CLIENT_ERROR_ATTRIBUTES_NOT_SETTABLE},
        ),
        (
            Op.PRINT_URI,
            {Status.CLIENT_ERROR_URI_SCHEME_NOT_SUPPORTED, Status.CLIENT_ERROR_DOCUMENT_ACCESS_ERROR},
            set(),
        ),
        (
            Op.CANCEL_JOB,
            {
                Status.CLIENT_ERROR_NOT_FOUND,
                Status.CLIENT_ERROR_NOT_POSSIBLE,
                Status.CLIENT_ERROR_NOT_AUTHORIZED,
            },
            {Status.SERVER_ERROR_NOT_ACCEPTING_JOBS, Status.CLIENT_ERROR_COMPRESSION_ERROR},
        ),
        (
            Op.GET_PRINTER_ATTRIBUTES,
            {Status.CLIENT_ERROR_NOT_FOUND, Status.CLIENT_ERROR_DOCUMENT_FORMAT_NOT_SUPPORTED},
            {Status.CLIENT_ERROR_NOT_POSSIBLE, Status.SERVER_ERROR_SERVICE_UNAVAILABLE},
        ),
        (
            Op.PAUSE_PRINTER,
            {Status.CLIENT_ERROR_NOT_AUTHORIZED, Status.SERVER_ERROR_SERVICE_UNAVAILABLE},
            set(),
        ),
    ],
    ids=lambda value: value.keyword if isinstance(value, Op) else "",
)
def test_statuses_are_found_in_what_a_handler_leads_to(
    reference: ModuleType, op: Op, some: set[Status], none: set[Status]
) -> None:
    found = reference.operation_statuses({op: reference.handlers()[op]})[op]
    assert some <= found
    assert not none & found


def test_statuses_of_the_checks_are_told_once_for_all(reference: ModuleType) -> None:
    common = reference.general_statuses()
    assert {Status.CLIENT_ERROR_BAD_REQUEST, Status.SERVER_ERROR_VERSION_NOT_SUPPORTED} <= common
    assert not common & reference.operation_statuses(reference.handlers())[Op.GET_JOBS]


def test_every_operation_with_every_status_has_a_test(reference: ModuleType) -> None:
    claimed = {
        (op, status)
        for op, statuses in reference.operation_statuses(reference.handlers()).items()
        for status in statuses - test_every_status.OF_SUBSCRIPTIONS
        if test_every_status.is_here(op)
    }
    excused = {(op, status) for status, ops, _ in test_every_status.CAN_NOT_BE for op in ops}
    untested = claimed - test_every_status.shown()
    assert {(op.name, status.name) for op, status in untested - excused} == set()
    assert {(op.name, status.name) for op, status in excused - untested} == set(), "these can be after all"


# --- attributes ---


def test_attributes_of_printers_jobs_and_documents_are_told(reference: ModuleType) -> None:
    assert "| `printer-name` | `name(127)` | RFC 8011, PWG 5100.22 |  |" in reference.printer_attributes()
    assert "| `copies` | `integer(1:MAX)` |" in reference.job_attributes()
    assert "| `document-state` |" in reference.document_rows()
    assert "| `document-uri` |" in reference.document_rows()


def test_syntax_is_written_as_iana_writes_it(reference: ModuleType) -> None:
    wanted = {
        r.media_supported: "1setOf (keyword | name(255))",
        r.job_priority: "integer(1:100)",
        r.media_col: "collection",
        r.copies_supported: "rangeOfInteger(1:MAX)",
        r.printer_state_message: "text(1023)",
        r.date_time_at_completed: "dateTime | no-value",
    }
    assert {attr: reference.syntax_of(attr) for attr in wanted} == wanted


# --- settings, commands, lifecycle ---


def test_every_setting_is_told_with_its_default_and_meaning(reference: ModuleType) -> None:
    sections = re.split(r"^## ", reference.settings(), flags=re.MULTILINE)[1:]
    assert {name.partition(".")[0] for name, _ in reference.tables()} == set(Config.__struct_fields__)
    for section, (table, owner) in zip(sections, reference.tables(), strict=True):
        for key in msgspec.structs.fields(owner):
            (row,) = re.findall(rf"^\| `{key.encode_name}` \|.*$", section, re.MULTILINE)
            _, _, kind, default, meaning, _ = re.split(r"(?<!\\)\|", row)
            assert kind.strip() and meaning.strip(), f"{table}.{key.encode_name} says too little"
            if not key.required:
                value = tomllib.loads(f"value = {default.strip().strip('`')}")["value"]
                wanted = msgspec.to_builtins(reference.default_of(key))
                assert value == (list(wanted) if isinstance(wanted, tuple) else wanted)


def test_every_command_is_told(reference: ModuleType) -> None:
    names = reference.command_names()
    assert {("serve",), ("print",), ("printers", "add")} <= set(names)
    text = reference.command_help()
    assert text.count("Usage: pagebell") == len(names) + 1
    assert "\x1b" not in text


def test_every_step_of_a_job_is_told(reference: ModuleType) -> None:
    assert len(reference.lifecycle().splitlines()) == len(STEPS) + 2
    assert "| `pending` | arrive | `available` |" in reference.resource_lifecycle()


# --- what is written by hand ---


def settings_told(page: str) -> set[str]:
    """What the first columns of a page's tables name."""
    cells = re.findall(r"^\| (`.*?) \|", (ROOT / "docs" / page).read_text(), re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def test_how_tos_name_every_setting_of_device_addresses() -> None:
    assert set(simulated_settings._KEYS) <= settings_told("how-to/virtual-printers.md")
    assert {*raw._KEYS, *IPP_KEYS} <= settings_told("how-to/real-printers.md")


def test_how_to_names_every_command_of_virtual_printers_and_every_fixture() -> None:
    from pagebell.devices.simulated import SimulatedDevice

    told = settings_told("how-to/virtual-printers.md")
    assert set(SimulatedDevice("simulated://")._orders()) <= told
    assert {print_server.__name__, virtual_printer.__name__} <= told
    assert "def print_server_device" in inspect.getsource(sys.modules["pagebell.testing.pytest_plugin"])
