"""What IPP/2.x and IPP Everywhere want to know of a printer beside the basics.

PWG 5100.7, 5100.9 (alerts), 5100.11, 5100.12 (IPP/2.2), 5100.13 (supplies, icons, strings), 5100.14.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import quote

from pagebell.ipp import registry as r
from pagebell.ipp.server.call import Origin
from pagebell.ipp.server.clients import CLIENT_MEMBERS, MOST_CLIENTS
from pagebell.ipp.server.contacts import contact_attribute
from pagebell.ipp.server.describe_job import time_attribute
from pagebell.ipp.server.describe_resource import data_uri
from pagebell.ipp.server.ticket import BY_NAME
from pagebell.ipp.values import Attribute, IntRange, Resolution
from pagebell.model.document import MediaSize
from pagebell.model.printer import Capabilities, Printer, Supply, media_size
from pagebell.model.resource import Resource

ICON_SIZES: Final = (48, 128, 512)
"""Pixels a side; PWG 5100.13 6.5.18 asks for these."""
SETTABLE_DEFAULTS: Final = tuple(
    sorted(
        f"{name}-default"
        for name in BY_NAME
        if name not in ("job-hold-until-time", "page-ranges", "proof-print", "overrides")
    )
)
PRINTER_SETTABLE: Final = (
    *SETTABLE_DEFAULTS,
    *("printer-contact-col", "printer-geo-location", "printer-info", "printer-location"),
    "printer-message-from-operator",
    *("printer-organization", "printer-organizational-unit"),
)
"""RFC 3380 6.2"""
JOB_SETTABLE: Final = tuple(sorted((*BY_NAME, "overrides", "job-message-from-operator", "job-name")))
"""RFC 3380 6.1"""


def settable_attributes() -> list[Attribute]:
    """What Set-Job-Attributes and Set-Printer-Attributes may set."""
    return [
        r.job_settable_attributes_supported(*JOB_SETTABLE),
        r.printer_settable_attributes_supported(*PRINTER_SETTABLE),
    ]


def place_attributes(printer: Printer, origin: Origin, resources: Sequence[Resource] = ()) -> list[Attribute]:
    """Where the printer is, and where more is told of it; its resources stand in for the icons and words of ours."""
    page = origin.page(f"/printers/{quote(printer.name)}")
    return [
        r.printer_organization(printer.organization),
        r.printer_organizational_unit(printer.organizational_unit),
        r.printer_geo_location(printer.geo_location)
        if printer.geo_location
        else r.printer_geo_location.unknown(),
        r.printer_more_info(page),
        r.printer_supply_info_uri(f"{page}#supplies"),
        r.printer_icons(*_icons(origin, resources)),
        resource_ids(printer),
        contact_attribute(r.printer_contact_col, printer.contact),
        *_strings(origin, resources),
        *_message(printer),
    ]


def resource_ids(printer: Printer) -> Attribute:
    """What it has been given of the installed resources (PWG 5100.22 6.1.1.2, table 7)."""
    ids = printer.resources
    return r.printer_resource_ids(*ids) if ids else r.printer_resource_ids.no_value()


def _icons(origin: Origin, resources: Iterable[Resource]) -> list[str]:
    """printer-icons are PNG images (PWG 5100.13 6.5.18)."""
    own = [one for one in resources if one.data is not None and one.data.format == "image/png"]
    return [data_uri(one.id, origin) for one in own] or [
        origin.page(f"/icon-{size}.png") for size in ICON_SIZES
    ]


def _strings(origin: Origin, resources: Iterable[Resource]) -> list[Attribute]:
    """Words for the printer's own values: what was given last (PWG 5100.13 6.5.36, 6.5.37)."""
    own = [one for one in resources if one.type == "static-strings"]
    uri = data_uri(own[-1].id, origin) if own else origin.page("/strings/en.strings")
    return [
        r.printer_strings_uri(uri),
        r.printer_strings_languages_supported((own[-1].language if own else "") or "en"),
    ]


def _message(printer: Printer) -> list[Attribute]:
    """What an operator last said, and when (RFC 3380 6.4 and 6.5)."""
    said = [r.printer_message_from_operator(printer.operator_message)]
    if printer.operator_message_at:
        said.append(r.printer_message_time(int(printer.operator_message_at)))
        said.append(time_attribute(r.printer_message_date_time, printer.operator_message_at))
    return said


PROCESSING: Final = (
    *("print-color-mode", "print-content-optimize", "print-quality", "print-rendering-intent"),
    *("print-scaling", "printer-resolution"),
)
"""What has a say in how pages become dots (PWG 5100.13 print-processing-attributes-supported)."""


def format_attributes(capabilities: Capabilities, most: int) -> list[Attribute]:
    """How documents of some formats may be, and at most how many octets they may have (PWG 5100.13)."""
    limit = IntRange(0, min(most // 1024, 2**31 - 1))
    found = [r.print_processing_attributes_supported(*PROCESSING)]
    if "application/pdf" in capabilities.formats:
        found.append(r.pdf_k_octets_supported(limit))
        if capabilities.pdf_versions:
            found.append(r.pdf_versions_supported(*capabilities.pdf_versions))
    if "image/jpeg" in capabilities.formats:
        found += [
            r.jpeg_features_supported("none"),  # beyond the baseline nothing is promised
            r.jpeg_k_octets_supported(limit),
            r.jpeg_x_dimension_supported(IntRange(0, _JPEG_SIDE)),
            r.jpeg_y_dimension_supported(IntRange(1, _JPEG_SIDE)),
        ]
    return found


_JPEG_SIDE: Final = 65_535
"""Pixels: the format has no more."""


def client_attributes() -> list[Attribute]:
    """What clients may tell of themselves and their users (PWG 5100.7, PWG 5100.13)."""
    return [
        r.client_info_supported(*CLIENT_MEMBERS),
        r.max_client_info_supported(MOST_CLIENTS),
        r.requesting_user_uri_supported(True),
    ]


def tray_attributes(capabilities: Capabilities) -> list[Attribute]:
    """A line for each tray and each bin; how full they are is not known (PWG 5100.13)."""
    size = media_size(capabilities.media[0]) or MediaSize(21000, 29700)
    sources = (
        f"type=other;mediafeed={size.y};mediaxfeed={size.x};maxcapacity=-2;level=-2;status=0;name={name};"
        for name in capabilities.media_sources
    )
    bins = (
        f"type=unRemovableBin;maxcapacity=-2;remaining=-2;status=0;name={name};stackingorder=unknown;"
        "pagedelivery=unknown;offsetstacking=notPresent;"
        for name in capabilities.output_bins
    )
    return [
        r.printer_input_tray(*(text.encode() for text in sources)),
        r.printer_output_tray(*(text.encode() for text in bins)),
    ]


def raster_attributes(capabilities: Capabilities) -> list[Attribute]:
    """How PWG Raster may come (PWG 5102.4 5)."""
    if "image/pwg-raster" not in capabilities.formats:
        return []
    types = ("black_1", "sgray_8", *(("srgb_8",) if capabilities.color else ()))
    return [
        r.pwg_raster_document_resolution_supported(
            *(Resolution(dpi, dpi, 3) for dpi in capabilities.resolutions)
        ),
        r.pwg_raster_document_sheet_back("normal"),
        r.pwg_raster_document_type_supported(*types),
    ]


# --- alerts and supplies ---

_ALERTS: Final = {
    # printer-state-reason without its severity: PrtAlertCodeTC, PrtAlertGroupTC (RFC 3805, PWG 5100.9 5)
    "cover-open": ("coverOpen", "cover"),
    "media-empty": ("inputMediaSupplyEmpty", "input"),
    "media-jam": ("jam", "mediaPath"),
    "media-needed": ("inputMediaSupplyEmpty", "input"),
    "media-low": ("inputMediaSupplyLow", "input"),
    "marker-warming-up": ("markerWarmingUp", "marker"),
    "output-area-full": ("outputMediaTrayFull", "output"),
    "toner-empty": ("markerTonerEmpty", "markerSupplies"),
    "toner-low": ("markerTonerAlmostEmpty", "markerSupplies"),
}
_SEVERITIES: Final = {"error": "critical", "warning": "warning", "report": "other"}
_READY: Final = (b"code=printerReadyToPrint;severity=other;group=generalPrinter", "Ready to print.")


def alerts(printer: Printer) -> list[tuple[bytes, str]]:
    """The device's complaints, each as an alert and in words; that all is well, if there are none."""
    found: dict[bytes, str] = {}
    for reason in sorted(printer.device_reasons):
        name, _, suffix = reason.rpartition("-")
        if suffix not in _SEVERITIES:
            name, suffix = reason, "error"
        code, group = _ALERTS.get(name, ("other", "generalPrinter"))
        text = f"code={code};severity={_SEVERITIES[suffix]};group={group}".encode()
        found.setdefault(text, f"{name.replace('-', ' ').capitalize()}.")
    return list(found.items()) or [_READY]


def supply_text(supply: Supply, index: int) -> bytes:
    """A supply in the words of RFC 3805's prtMarkerSuppliesTable (PWG 5100.13 6.5.34)."""
    return (
        f"index={index};class=supplyThatIsConsumed;type={supply.kind};unit=percent;"
        f"maxcapacity=100;level={supply.level};colorantname={supply.color};"
    ).encode()


_UNKNOWN_SUPPLY: Final = Supply("other", "none", -2, "Nothing is known of supplies.")


def _supplies(printer: Printer) -> tuple[Supply, ...]:
    return printer.supplies or (_UNKNOWN_SUPPLY,)


def _indexed(supplies: Iterable[Supply]) -> list[bytes]:
    return [supply_text(supply, index) for index, supply in enumerate(supplies, 1)]


def device_state_attributes(printer: Printer) -> list[Attribute]:
    """What changes with the device's state."""
    found, supplies = alerts(printer), _supplies(printer)
    return [
        r.printer_alert(*(octets for octets, _ in found)),
        r.printer_alert_description(*(text for _, text in found)),
        r.printer_supply(*_indexed(supplies)),
        r.printer_supply_description(*(supply.description for supply in supplies)),
    ]
