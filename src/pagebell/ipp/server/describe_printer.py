"""A printer as IPP attributes (RFC 8011 5.4, RFC 3995, RFC 3996, PWG 5100.7, 5100.13, 5100.14).

What follows from a printer's configuration is encoded once and kept until that changes; only its state is
encoded for each answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from pagebell import __version__
from pagebell.ipp import registry as r
from pagebell.ipp.attributes import Attr
from pagebell.ipp.encoder import encode_attribute
from pagebell.ipp.registry import Finishings, Op, Orientation, PrinterState, PrintQuality
from pagebell.ipp.selection import Selection
from pagebell.ipp.server.call import Origin
from pagebell.ipp.server.describe_job import up_time
from pagebell.ipp.server.ticket import ROWS, media_to, write_ticket
from pagebell.ipp.values import Attribute, Collection, IntRange, Resolution
from pagebell.model.document import Media, MediaSize
from pagebell.model.event import EventKind
from pagebell.model.printer import Capabilities, Printer, media_size
from pagebell.spooler.policy import Policy
from pagebell.spooler.spooler import Spooler

DPI = 3
_NOT_EMITTED = {
    *(EventKind.PRINTER_RESTARTED, EventKind.PRINTER_SHUTDOWN, EventKind.PRINTER_MEDIA_CHANGED),
    *(EventKind.PRINTER_FINISHINGS_CHANGED, EventKind.PRINTER_QUEUE_ORDER_CHANGED),
    *(EventKind.PRINTER_CREATED, EventKind.PRINTER_DELETED),
}
EVENTS: Final = ("none", *(kind.value for kind in EventKind if kind not in _NOT_EMITTED))
"""notify-events-supported: those that happen here to a printer or its jobs."""
MAX_EVENTS: Final = len(EVENTS)
SHORTEST_LIFE: Final = 15
"""Least seconds of ippget-event-life (RFC 3996 8.1)."""
OPERATION_ATTRIBUTES: Final = (
    "document-format",
    "document-name",
    "ipp-attribute-fidelity",
    "job-name",
    "notify-events",
    "notify-lease-duration",
    "notify-pull-method",
    "notify-user-data",
)
WHICH_JOBS: Final = (
    *("completed", "not-completed", "all", "aborted", "canceled", "pending", "pending-held", "processing"),
    "processing-stopped",
)
_SIZE_MEMBERS = ("media-bottom-margin", "media-left-margin", "media-right-margin", "media-size")
MEDIA_MEMBERS: Final = (*_SIZE_MEMBERS, "media-size-name", "media-source", "media-top-margin", "media-type")


def media_entry(name: str, capabilities: Capabilities, source: str | None = None) -> Collection:
    """One medium of media-col-database or media-col-ready."""
    margin = capabilities.margins[0]
    media = Media(
        size=media_size(name) or MediaSize(21000, 29700),
        source=source,
        type=capabilities.media_types[0],
        bottom_margin=margin,
        left_margin=margin,
        right_margin=margin,
        top_margin=margin,
    )
    collection = media_to(media)
    named = r.media_size_name(name)
    collection[named.name] = named
    return collection


def media_attributes(capabilities: Capabilities) -> list[Attribute]:
    """media and media-col with all that belongs to them."""
    sizes = []
    for name in capabilities.media:
        size = media_size(name)
        if size is not None:
            sizes.append(Collection.of(r.x_dimension(size.x), r.y_dimension(size.y)))
    default = capabilities.media[0]
    margins = capabilities.margins
    source = capabilities.media_sources[0]
    return [
        r.media_default(default),
        r.media_supported(*capabilities.media),
        r.media_ready(default),
        r.media_col_default(media_entry(default, capabilities)),
        r.media_col_ready(media_entry(default, capabilities, source)),
        r.media_col_supported(*MEDIA_MEMBERS),
        r.media_col_database(*(media_entry(name, capabilities) for name in capabilities.media)),
        r.media_size_supported(*sizes),
        r.media_source_supported(*capabilities.media_sources),
        r.media_type_supported(*capabilities.media_types),
        r.media_bottom_margin_supported(*margins),
        r.media_left_margin_supported(*margins),
        r.media_right_margin_supported(*margins),
        r.media_top_margin_supported(*margins),
    ]


def template_attributes(printer: Printer, capabilities: Capabilities) -> list[Attribute]:
    """xxx-supported and xxx-default of the Job Template (RFC 8011 5.2)."""
    best = capabilities.resolutions[-1]
    attributes = [
        r.copies_default(1),
        r.copies_supported(IntRange(1, capabilities.max_copies)),
        r.finishings_default(Finishings(capabilities.finishings[0])),
        r.finishings_supported(*map(Finishings, capabilities.finishings)),
        r.finishings_ready(*map(Finishings, capabilities.finishings)),
        r.job_hold_until_default("no-hold"),
        r.job_hold_until_supported("no-hold", "indefinite"),
        r.job_priority_default(50),
        r.job_priority_supported(100),
        r.job_sheets_default("none"),
        r.job_sheets_supported("none"),
        r.multiple_document_handling_default("separate-documents-uncollated-copies"),
        r.multiple_document_handling_supported(
            "separate-documents-uncollated-copies", "separate-documents-collated-copies"
        ),
        r.number_up_default(1),
        r.number_up_supported(1),
        r.orientation_requested_default.no_value(),
        r.orientation_requested_supported(*map(Orientation, (3, 4, 5, 6))),
        r.output_bin_default(capabilities.output_bins[0]),
        r.output_bin_supported(*capabilities.output_bins),
        r.page_ranges_supported(False),
        r.print_color_mode_default("auto"),
        r.print_color_mode_supported("auto", "monochrome", *(("color",) if capabilities.color else ())),
        r.print_content_optimize_default("auto"),
        r.print_content_optimize_supported("auto"),
        r.print_quality_default(PrintQuality.NORMAL),
        r.print_quality_supported(*map(PrintQuality, (3, 4, 5))),
        r.print_rendering_intent_default("auto"),
        r.print_rendering_intent_supported("auto"),
        r.print_scaling_default("auto"),
        r.print_scaling_supported("auto"),
        r.printer_resolution_default(Resolution(best, best, DPI)),
        r.printer_resolution_supported(*(Resolution(dpi, dpi, DPI) for dpi in capabilities.resolutions)),
        r.sides_default(capabilities.sides[0]),
        r.sides_supported(*capabilities.sides),
        *media_attributes(capabilities),
    ]
    defaults = {a.name + "-default": a for a in write_ticket(printer.defaults)}
    return [Attribute(a.name, defaults[a.name].values) if a.name in defaults else a for a in attributes]


def notification_attributes(policy: Policy) -> list[Attribute]:
    """What subscribers need to know (RFC 3995 5.3, 6.1; RFC 3996 8)."""
    return [
        r.ippget_event_life(max(SHORTEST_LIFE, int(policy.event_life))),
        r.notify_attributes_supported("job-id", "job-name", "job-impressions-completed", "printer-state"),
        r.notify_events_default("job-completed"),
        r.notify_events_supported(*EVENTS),
        r.notify_lease_duration_default(int(policy.default_lease)),
        r.notify_lease_duration_supported(IntRange(0, int(policy.max_lease))),
        r.notify_max_events_supported(MAX_EVENTS),
        r.notify_pull_method_supported("ippget"),
    ]


def protocol_attributes(
    capabilities: Capabilities, operations: Iterable[Op], policy: Policy
) -> list[Attribute]:
    """What the server speaks."""
    templates = [row.attr.name for row in ROWS]
    return [
        r.charset_configured("utf-8"),
        r.charset_supported("us-ascii", "utf-8"),
        r.compression_supported("none", "deflate", "gzip"),
        r.document_format_default("application/octet-stream"),
        r.document_format_supported(*dict.fromkeys(("application/octet-stream", *capabilities.formats))),
        r.generated_natural_language_supported("en"),
        r.ipp_features_supported("ipp-everywhere"),
        r.ipp_versions_supported("1.0", "1.1", "2.0"),
        r.job_creation_attributes_supported(*sorted((*templates, *OPERATION_ATTRIBUTES))),
        r.job_ids_supported(True),
        r.multiple_document_jobs_supported(True),
        r.multiple_operation_time_out(int(policy.open_job_timeout)),
        r.multiple_operation_time_out_action("abort-job"),
        r.natural_language_configured("en"),
        r.operations_supported(*sorted(operations)),
        r.pdl_override_supported("not-attempted"),
        r.preferred_attributes_supported(False),
        r.printer_get_attributes_supported("document-format"),
        r.which_jobs_supported(*WHICH_JOBS),
        *notification_attributes(policy),
    ]


def device_attributes(capabilities: Capabilities) -> list[Attribute]:
    """What the device is."""
    attributes = [
        r.color_supported(capabilities.color),
        r.pages_per_minute(capabilities.pages_per_minute),
        r.printer_make_and_model(capabilities.make_and_model),
        r.printer_firmware_name("Pagebell"),
        r.printer_firmware_patches(""),
        r.printer_firmware_string_version(__version__),
        r.printer_firmware_version(__version__.encode()),
        r.printer_device_id(device_id(capabilities)),
    ]
    if capabilities.color:
        attributes.append(r.pages_per_minute_color(capabilities.pages_per_minute))
    if capabilities.identify:
        attributes.append(r.identify_actions_default(capabilities.identify[0]))
        attributes.append(r.identify_actions_supported(*capabilities.identify))
    return attributes


_COMMANDS: Final = {
    "application/pdf": "PDF",
    "application/postscript": "PS",
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/pwg-raster": "PWGRaster",
    "image/urf": "URF",
    "text/plain": "TXT",
}


def device_id(capabilities: Capabilities) -> str:
    """An IEEE 1284 device id (PWG 5107.2)."""
    make, _, model = capabilities.make_and_model.partition(" ")
    commands = ",".join(_COMMANDS[f] for f in capabilities.formats if f in _COMMANDS)
    return f"MFG:{make};MDL:{model or make};CMD:{commands};"


def identity_attributes(printer: Printer, origin: Origin) -> list[Attribute]:
    """Which printer this is and where it is found."""
    ways = origin.ways(printer.name)  # three lists side by side (RFC 8011 5.4.1 to 5.4.3)
    return [
        r.printer_uri_supported(*(uri for uri, _ in ways)),
        r.uri_authentication_supported(*("requesting-user-name" for _ in ways)),
        r.uri_security_supported(*("tls" if secure else "none" for _, secure in ways)),
        r.printer_name(printer.name),
        r.printer_info(printer.info),
        r.printer_location(printer.location),
        r.printer_organization(""),
        r.printer_organizational_unit(""),
        r.printer_geo_location.unknown(),
        r.printer_uuid(f"urn:uuid:{printer.uuid}"),
        r.printer_more_info(origin.page()),
        r.printer_kind("document"),
        r.device_uri(printer.device),
    ]


STATE: Final[dict[Attr[Any], Callable[[Printer, Spooler], tuple[Any, ...]]]] = {
    r.printer_state: lambda p, s: (PrinterState(p.state),),
    r.printer_state_reasons: lambda p, s: tuple(sorted(p.reasons)) or ("none",),
    r.printer_state_message: lambda p, s: (p.message,),
    r.printer_is_accepting_jobs: lambda p, s: (p.accepting,),
    r.queued_job_count: lambda p, s: (s.jobs.count(p.name),),
    r.printer_up_time: lambda p, s: (up_time(s),),
    r.printer_current_time: lambda p, s: (_date(s.clock.now()),),
    r.printer_state_change_time: lambda p, s: (up_time(s, p.state_changed),),
    r.printer_state_change_date_time: lambda p, s: (_date(p.state_changed or p.created),),
    r.printer_config_change_time: lambda p, s: (up_time(s, p.changed),),
    r.printer_config_change_date_time: lambda p, s: (_date(p.changed),),
    r.printer_type: lambda p, s: (_printer_type(s, p),),
    r.printer_is_shared: lambda p, s: (True,),
}
"""What changes while it prints: the values of each attribute, made for each answer."""


def _date(at: float) -> datetime:
    return datetime.fromtimestamp(int(at), UTC)


@lru_cache(maxsize=4096)
def _encoded(attr: Attr[Any], values: tuple[Any, ...]) -> bytes:
    """The same states and seconds are told again and again."""
    return encode_attribute(attr(*values))


@lru_cache(maxsize=256)
def _wanted_state(selection: Selection) -> tuple[Attr[Any], ...]:
    return tuple(attr for attr in STATE if attr.name in selection)


_TYPE_COLOR, _TYPE_DUPLEX, _TYPE_BW, _TYPE_REMOTE, _TYPE_DEFAULT = 0x8, 0x10, 0x4, 0x2, 0x20000


def _printer_type(spooler: Spooler, printer: Printer) -> int:
    """CUPS' bits: what the printer can, and whether it is the default."""
    capabilities = spooler.printers.capabilities(printer.name)
    bits = _TYPE_BW | (_TYPE_COLOR if capabilities.color else 0)
    bits |= _TYPE_DUPLEX if len(capabilities.sides) > 1 else 0
    return bits | (_TYPE_DEFAULT if spooler.printers.default.name == printer.name else 0)


@dataclass(slots=True)
class _Fixed:
    """A printer's encoded configuration, and what clients usually want of it."""

    key: tuple[object, ...]
    fragments: dict[str, bytes]
    chosen: dict[Selection, bytes] = field(default_factory=dict)

    def of(self, selection: Selection) -> bytes:
        """The fragments that were asked for, joined."""
        joined = self.chosen.get(selection)
        if joined is None:
            joined = b"".join(octets for name, octets in self.fragments.items() if name in selection)
            if len(self.chosen) >= _CHOICES:
                self.chosen.clear()
            self.chosen[selection] = joined
        return joined


class PrinterDescriber:
    """Answers Get-Printer-Attributes from encoded fragments."""

    def __init__(self, spooler: Spooler, operations: Callable[[], Iterable[Op]]) -> None:
        self._spooler = spooler
        self._operations = operations
        self._fixed: dict[tuple[str, Origin], _Fixed] = {}

    def describe(self, printer: Printer, origin: Origin, selection: Selection) -> list[bytes]:
        """The encoded attributes that were asked for."""
        if origin.both_schemes and "uri-security-supported" not in selection:
            # Who does not ask which URI is secure gets the one of its own kind: libcups 2 makes one of several
            # by joining them with commas, and `lp` then asks for the job at that.
            origin = Origin(origin.authority, origin.secure)
        spooler = self._spooler
        found = [_encoded(attr, STATE[attr](printer, spooler)) for attr in _wanted_state(selection)]
        found.append(self._fragments(printer, origin).of(selection))
        return found

    def names(self, printer: Printer, origin: Origin) -> set[str]:
        """All attributes that the printer has."""
        return {attr.name for attr in STATE} | set(self._fragments(printer, origin).fragments)

    def _fragments(self, printer: Printer, origin: Origin) -> _Fixed:
        capabilities = self._spooler.printers.capabilities(printer.name)
        key = (printer.uuid, printer.changed, capabilities)
        kept = self._fixed.get((printer.name, origin))
        if kept is not None and kept.key == key:
            return kept
        attributes = [
            *identity_attributes(printer, origin),
            *device_attributes(capabilities),
            *protocol_attributes(capabilities, self._operations(), self._spooler.policy),
            *template_attributes(printer, capabilities),
        ]
        if len(self._fixed) >= _KEPT:
            self._fixed.clear()
        fixed = _Fixed(key, {attribute.name: encode_attribute(attribute) for attribute in attributes})
        self._fixed[printer.name, origin] = fixed
        return fixed


_CHOICES: Final = 64
"""Selections of attributes for which a printer's joined fragments are kept."""
_KEPT: Final = 256
"""Encoded printers kept, one for each name and authority that clients call us by."""
