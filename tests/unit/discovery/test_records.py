"""What DNS-SD tells of a printer: PWG 5100.14 4.2 and RFC 6763, without a network."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pagebell.discovery.records import (
    Place,
    ServiceRecord,
    host_name,
    instance_name,
    location,
    printer_presence,
    service_records,
    system_presence,
)
from pagebell.http.settings import TlsMode
from pagebell.model.event import PrinterName
from pagebell.model.printer import Capabilities, Printer
from pagebell.model.system import SystemDescription

UUID = "347fcf0d-e93a-49f9-9350-624cfa90221a"
LAB = Printer(PrinterName("Lab"), UUID, "null:", 0.0, info="Printer in the Lab", location="Room 5")
HERE = Place("here.local", 8631, ("192.0.2.1",), TlsMode.ALLOW)
CAN = Capabilities(
    make_and_model="Acme Laser",
    formats=("application/octet-stream", "application/pdf", "image/urf"),
    sides=("one-sided", "two-sided-long-edge"),
    resolutions=(600, 300),
    color=True,
)


def services(
    can: Capabilities = CAN, place: Place = HERE, printer: Printer = LAB
) -> dict[str, ServiceRecord]:
    return {record.type: record for record in service_records(printer, can, place)}


def text(can: Capabilities = CAN, printer: Printer = LAB, kind: str = "_ipp._tcp") -> dict[str, str]:
    return dict(services(can, printer=printer)[kind].text)


def test_printer_has_a_service_for_each_way_and_one_that_keeps_its_name() -> None:
    found = services()
    assert {kind: (one.port, one.subtypes) for kind, one in found.items()} == {
        "_printer._tcp": (0, ()),
        "_ipp._tcp": (8631, ("_print", "_universal")),
        "_ipps._tcp": (8631, ("_print", "_universal")),
    }
    assert found["_printer._tcp"].text == ()


def test_without_tls_nothing_is_said_of_it() -> None:
    found = services(place=replace(HERE, tls=TlsMode.OFF))
    assert list(found) == ["_printer._tcp", "_ipp._tcp"] and "TLS" not in dict(found["_ipp._tcp"].text)


def test_universal_is_what_takes_apple_raster() -> None:
    can = replace(CAN, formats=("application/pdf",))
    assert services(can)["_ipp._tcp"].subtypes == ("_print",) and "URF" not in text(can)


def test_text_tells_what_the_printer_is() -> None:
    assert services()["_ipp._tcp"].text[0] == ("txtvers", "1")  # first (RFC 6763 6.7)
    assert text() == {
        "txtvers": "1",
        "qtotal": "1",
        "rp": "ipp/print/Lab",
        "ty": "Acme Laser",
        "adminurl": "http://here.local:8631/printers/Lab",
        "note": "Room 5",
        "priority": "50",
        "product": "(Acme Laser)",
        "kind": "document",
        "pdl": "application/pdf,image/urf",
        "UUID": UUID,
        "TLS": "1.3",
        "Color": "T",
        "Duplex": "T",
        "Copies": "T",
        "Collate": "T",
        "Scan": "F",
        "Fax": "F",
        "PaperMax": "legal-A4",
        "URF": "V1.4,CP999,W8,SRGB24,RS300-600,DM1",
    }


@pytest.mark.parametrize(
    ("mode", "kind", "scheme"),
    [
        (TlsMode.OFF, "_ipp._tcp", "http"),
        (TlsMode.ALLOW, "_ipp._tcp", "http"),
        (TlsMode.ALLOW, "_ipps._tcp", "https"),
        (TlsMode.REQUIRE, "_ipp._tcp", "https"),
        (TlsMode.REQUIRE, "_ipps._tcp", "https"),
    ],
)
def test_page_is_the_one_that_ipp_tells_by_the_same_way(mode: TlsMode, kind: str, scheme: str) -> None:
    found = dict(services(place=replace(HERE, tls=mode))[kind].text)
    assert found["adminurl"] == f"{scheme}://here.local:8631/printers/Lab"


def test_clients_that_must_log_in_are_told() -> None:
    assert dict(services(place=replace(HERE, login=True))["_ipp._tcp"].text)["air"] == "username,password"


def test_finishers_are_told_where_there_are_some() -> None:
    found = text(replace(CAN, finishings=(3, 20, 7)))
    assert found["Staple"] == found["Bind"] == "T" and "Punch" not in found


@pytest.mark.parametrize(
    ("media", "word"),
    [
        (("iso_a5_148x210mm",), "<legal-A4"),
        (("iso_a5_148x210mm", "iso_a4_210x297mm"), "legal-A4"),
        (("na_legal_8.5x14in",), "legal-A4"),
        (("iso_a3_297x420mm",), "tabloid-A3"),
        (("na_ledger_11x17in",), "tabloid-A3"),
        (("iso_a2_420x594mm",), "isoC-A2"),
        (("iso_a0_841x1189mm",), ">isoC-A2"),
    ],
)
def test_largest_paper_has_its_word(media: tuple[str, ...], word: str) -> None:
    assert text(replace(CAN, media=media))["PaperMax"] == word


def test_values_fit_and_formats_are_not_halved() -> None:
    formats = tuple(f"application/x-{'y' * 20}{number}" for number in range(30))
    found = text(replace(CAN, formats=formats), replace(LAB, location="ü" * 300))
    assert all(len(f"{key}={value}".encode()) <= 255 for key, value in found.items())
    assert set(found["pdl"].split(",")) < set(formats)
    assert found["note"] == "ü" * 125


def test_printer_of_anything_says_so() -> None:
    assert text(Capabilities())["pdl"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("info", "taken", "name"),
    [
        ("Printer in the Lab", set(), "Printer in the Lab"),
        ("Printer in the Lab", {"printer in the lab"}, "Printer in the Lab (2)"),
        ("Printer in the Lab", {"printer in the lab", "printer in the lab (2)"}, "Printer in the Lab (3)"),
        ("", set(), "Lab"),
        ("Floor 2.1\n east", set(), "Floor 2 1 east"),
        ("ü" * 40, set(), "ü" * 31),
        ("ü" * 40, {"ü" * 31}, "ü" * 29 + " (2)"),
    ],
)
def test_name_is_what_people_call_it_and_nobody_else_has(info: str, taken: set[str], name: str) -> None:
    found = instance_name(printer_presence(replace(LAB, info=info), CAN, HERE).wish, taken)
    assert found == name and len(found.encode()) <= 63


@pytest.mark.parametrize(
    ("machine", "name"),
    [
        ("office", "office-347fcf0d.local"),
        ("office.example.org", "office-347fcf0d.local"),
        ("x" * 63, f"{'x' * 54}-347fcf0d.local"),
        ("", "pagebell-347fcf0d.local"),
    ],
)
def test_servers_addresses_go_by_a_name_that_no_other_program_announces(machine: str, name: str) -> None:
    assert host_name(machine, UUID) == name


NEEDED = SystemDescription(name="Example System")


def test_system_is_one_service_that_tells_no_more_than_is_needed() -> None:
    """PWG 5100.22 11.1.1, 11.1.4: pairs with the default value are left out; UUID is without urn:uuid:."""
    presence = system_presence(NEEDED, UUID, HERE)
    assert presence.wish == "Example System"
    assert presence.records == (ServiceRecord("_ipps-system._tcp", 8631, (), (("UUID", UUID),)),)


def test_system_says_where_it_is_and_that_people_must_log_in() -> None:
    """PWG 5100.22 table 16: note is system-location, air what xri-authentication means."""
    somewhere = replace(NEEDED, location="Room 5" + "ü" * 200)
    (record,) = system_presence(somewhere, UUID, replace(HERE, login=True)).records
    text = dict(record.text)
    assert text["note"].startswith("Room 5ü") and len(f"note={text['note']}".encode()) <= 255
    assert (text["air"], text["UUID"]) == ("username,password", UUID)


def test_system_is_not_announced_where_there_is_no_tls() -> None:
    """PWG 5100.22 11.1.1: there is no non-IPPS service type."""
    assert system_presence(NEEDED, UUID, replace(HERE, tls=TlsMode.OFF)).records == ()


@pytest.mark.parametrize(
    ("description", "name"),
    [
        (SystemDescription(name="Floor 2.1"), "Floor 2 1"),
        (SystemDescription(name="x", dns_sd_name="Ours"), "Ours"),
        (SystemDescription(name=""), "System"),
    ],
)
def test_system_goes_by_the_name_that_was_set_or_by_its_own(
    description: SystemDescription, name: str
) -> None:
    """PWG 5100.22 7.2.32, and 11.1.2: no unique identifier in it."""
    assert system_presence(description, UUID, HERE).wish == name


@pytest.mark.parametrize(
    ("uri", "data"),
    [
        ("geo:0,0", "00129999 80000000 80000000 00989680"),
        ("geo:46.4,-80.9", "00129999 89f4d400 6ea407c0 00989680"),
        ("geo:-90,180,-100;u=35", "00127373 6cb02700 a69fb200 00986f70"),
        ("geo:0,0,0;u=0", "00120000 80000000 80000000 00989680"),
        ("geo:0,0,9e9;u=1e30", "00129999 80000000 80000000 ffffffff"),
        ("", ""),
        ("geo:91,0", ""),
    ],
)
def test_place_is_told_as_a_loc_record(uri: str, data: str) -> None:
    """RFC 1876 2; how exact it is that nobody knows is 0x99 (PWG 5100.22 11.1.3)."""
    assert location(uri).hex() == data.replace(" ", "")
