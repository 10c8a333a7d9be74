"""A printer as IPP attributes (RFC 8011 5.4, RFC 3995, RFC 3996, PWG 5100.7, 5100.13, 5100.14).

What follows from a printer's configuration and state is encoded once and kept until they change; only what the
moment tells is encoded for each answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, TypeVar

from pagebell import __version__
from pagebell.ipp import registry as r
from pagebell.ipp.encoder import encode_attribute, integer_writer
from pagebell.ipp.registry import Op, PrinterState
from pagebell.ipp.selection import Selection
from pagebell.ipp.server.call import Origin
from pagebell.ipp.server.describe_job import ticks, up_time
from pagebell.ipp.server.describe_more import (
    client_attributes,
    device_state_attributes,
    format_attributes,
    place_attributes,
    raster_attributes,
    settable_attributes,
    tray_attributes,
)
from pagebell.ipp.server.describe_template import template_attributes
from pagebell.ipp.server.events import CARRIED
from pagebell.ipp.server.passwords import password_attributes
from pagebell.ipp.server.ticket import ROWS
from pagebell.ipp.values import Attribute, Collection, IntRange
from pagebell.model.event import RESOURCE_KINDS, SYSTEM_KINDS, EventKind, PrinterName
from pagebell.model.printer import Capabilities, Printer
from pagebell.model.subscription import Scope
from pagebell.model.wording import LANGUAGES
from pagebell.spooler.policy import Policy
from pagebell.spooler.ports import Fetcher
from pagebell.spooler.spooler import Spooler

K = TypeVar("K")
Announced = Callable[[PrinterName], str | None]
"""The name by which DNS-SD knows a printer at present."""
DPI = 3
SYSTEM_EVENTS: Final = ("none", *(kind.value for kind in EventKind))
"""notify-events-supported of the server itself: what happens to it, to its printers and to their jobs."""
_NOT_HEARD = SYSTEM_KINDS | RESOURCE_KINDS | {EventKind.PRINTER_CREATED, EventKind.PRINTER_DELETED}
EVENTS: Final = ("none", *(kind.value for kind in EventKind if kind not in _NOT_HEARD))
"""notify-events-supported of a printer: what can happen while it has subscriptions."""
RESOURCE_EVENTS: Final = ("none", *(kind.value for kind in EventKind if kind in RESOURCE_KINDS))
"""What can happen to a resource."""
DEFAULT_EVENTS: Final = ("job-completed",)
MAX_EVENTS: Final = len(EventKind)
"""notify-max-events-supported: as many as there are."""
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
    "resource-ids",
)
DOCUMENT_ATTRIBUTES: Final = (
    *("compression", "document-format", "document-name", "document-natural-language"),
    "resource-ids",
)
"""What is honoured of a document's own (PWG 5100.5)."""
WHICH_JOBS: Final = (
    *("completed", "not-completed", "all", "aborted", "canceled", "pending", "pending-held", "processing"),
    *("processing-stopped", "proof-print"),
)


def notification_attributes(policy: Policy, events: Iterable[str] = EVENTS) -> list[Attribute]:
    """What subscribers need to know (RFC 3995 5.3, 6.1; RFC 3996 8)."""
    return [
        r.ippget_event_life(max(SHORTEST_LIFE, int(policy.event_life))),
        r.notify_attributes_supported(*CARRIED),
        r.notify_events_default(*DEFAULT_EVENTS),
        r.notify_events_supported(*events),
        r.notify_lease_duration_default(int(policy.default_lease)),
        r.notify_lease_duration_supported(IntRange(1, int(policy.max_lease))),
        r.notify_max_events_supported(MAX_EVENTS),
        r.notify_pull_method_supported("ippget"),
    ]


def protocol_attributes(
    capabilities: Capabilities, operations: Iterable[Op], policy: Policy
) -> list[Attribute]:
    """What the server speaks."""
    templates = [row.attr.name for row in ROWS] + ["overrides"] * bool(capabilities.overrides)
    return [
        r.charset_configured("utf-8"),
        r.charset_supported("us-ascii", "utf-8"),
        r.compression_supported("none", "deflate", "gzip"),
        r.document_password_supported(0),  # octets: none can be honoured (PWG 5100.13)
        r.document_creation_attributes_supported(*DOCUMENT_ATTRIBUTES),
        r.document_format_default("application/octet-stream"),
        r.document_format_supported(*dict.fromkeys(("application/octet-stream", *capabilities.formats))),
        r.generated_natural_language_supported(*LANGUAGES),
        r.ipp_features_supported("ipp-everywhere", "resource-object"),
        r.ipp_versions_supported("1.0", "1.1", "2.0", "2.1", "2.2"),
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
    attributes += password_attributes(capabilities)
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
        r.printer_id(printer.id),
        r.printer_service_type("print"),
        r.printer_xri_supported(*(xri(uri, origin.authentication, secure) for uri, secure in ways)),
        r.printer_uri_supported(*(uri for uri, _ in ways)),
        r.uri_authentication_supported(*(origin.authentication for _ in ways)),
        r.uri_security_supported(*("tls" if secure else "none" for _, secure in ways)),
        r.printer_name(printer.name),
        r.printer_info(printer.info),
        r.printer_location(printer.location),
        r.printer_uuid(f"urn:uuid:{printer.uuid}"),
        r.device_uuid(f"urn:uuid:{printer.uuid}"),
        r.printer_kind("document"),
        *((r.device_uri(printer.device),) if printer.device else ()),
    ]


def xri(uri: str, authentication: str, secure: bool) -> Collection:
    """One way to reach a printer or the server: all of it in one value (RFC 3380 6.1, PWG 5100.22)."""
    return Collection.of(
        r.xri_uri(uri),
        r.xri_authentication(authentication),
        r.xri_security("tls" if secure else "none"),
    )


def _date(at: float) -> datetime:
    return datetime.fromtimestamp(int(at), UTC)


@lru_cache(maxsize=16)
def _current_time(at: int) -> bytes:
    return encode_attribute(r.printer_current_time(_date(at)))


def state_attributes(printer: Printer) -> list[Attribute]:
    """What changes while it prints; times are as `up_time` has them."""
    changed = printer.state_changed or printer.created
    return [
        r.printer_state(PrinterState(printer.state)),
        r.printer_state_reasons(*(sorted(printer.reasons) or ("none",))),
        r.printer_state_message(printer.message),
        r.printer_is_accepting_jobs(printer.accepting),
        r.printer_is_shared(True),
        r.printer_state_change_time(ticks(printer.state_changed)),
        r.printer_state_change_date_time(_date(changed)),
        r.printer_config_change_time(ticks(printer.changed)),
        r.printer_config_change_date_time(_date(printer.changed)),
        *device_state_attributes(printer),
    ]


_subscriptions = integer_writer(r.number_of_printer_subscriptions.name)
_queued_jobs = integer_writer(r.queued_job_count.name)
_up_time = integer_writer(r.printer_up_time.name)
_config_changes = integer_writer(r.printer_config_changes.name)
_MOMENT: Final[dict[str, Callable[[Printer, Spooler], bytes]]] = {
    r.number_of_printer_subscriptions.name: lambda p, s: _subscriptions(s.subscriptions.count(Scope(p.id))),
    r.queued_job_count.name: lambda p, s: _queued_jobs(s.jobs.count(p.name)),
    r.printer_config_changes.name: lambda p, s: _config_changes(s.system.changes_of(p.name)),
    r.printer_up_time.name: lambda p, s: _up_time(up_time(s)),
    r.printer_current_time.name: lambda p, s: _current_time(int(s.clock.now())),
}
"""What does not follow from the printer itself: encoded for each answer."""


@lru_cache(maxsize=256)
def _wanted_of_moment(selection: Selection) -> tuple[Callable[[Printer, Spooler], bytes], ...]:
    return tuple(write for name, write in _MOMENT.items() if name in selection)


_TYPE_COLOR, _TYPE_DUPLEX, _TYPE_BW, _TYPE_REMOTE, _TYPE_DEFAULT = 0x8, 0x10, 0x4, 0x2, 0x20000


def _printer_type(capabilities: Capabilities, *, is_default: bool) -> int:
    """CUPS' bits: what the printer can, and whether it is the default."""
    bits = _TYPE_BW | (_TYPE_COLOR if capabilities.color else 0)
    bits |= _TYPE_DUPLEX if len(capabilities.sides) > 1 else 0
    return bits | (_TYPE_DEFAULT if is_default else 0)


@dataclass(slots=True)
class _Fragments:
    """Encoded attributes, and what clients usually want of them; good as long as `source` is what it was."""

    source: tuple[object, ...]
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

    def __init__(
        self,
        spooler: Spooler,
        operations: Callable[[], Iterable[Op]],
        fetcher: Fetcher | None = None,
        announced: Announced | None = None,
    ) -> None:
        self._spooler = spooler
        self._announced = announced or (lambda _: None)
        self._schemes = () if fetcher is None else fetcher.schemes
        self._operations = operations
        self._fixed: dict[tuple[str, Origin, str | None], _Fragments] = {}
        self._states: dict[str, _Fragments] = {}

    def describe(
        self, printer: Printer, origin: Origin, selection: Selection, format: str | None = None
    ) -> list[bytes]:
        """The encoded attributes that were asked for, as they are for documents of a format (RFC 8011 4.2.5.1)."""
        if origin.both_schemes and "uri-security-supported" not in selection:
            # Who does not ask which URI is secure gets the one of its own kind: libcups 2 makes one of several
            # by joining them with commas, and `lp` then asks for the job at that.
            origin = origin._replace(both_schemes=False)
        found = [write(printer, self._spooler) for write in _wanted_of_moment(selection)]
        found.append(self._state(printer).of(selection))
        found.append(self._configuration(printer, origin, format).of(selection))
        return found

    def names(self, printer: Printer, origin: Origin) -> set[str]:
        """All attributes that the printer has."""
        kept = self._state(printer), self._configuration(printer, origin)
        return set(_MOMENT).union(*(one.fragments for one in kept))

    def _state(self, printer: Printer) -> _Fragments:
        kept = self._states.get(printer.name)
        if kept is None or kept.source[0] is not printer:
            kept = _Fragments((printer,), _encode(state_attributes(printer)))
            _keep(self._states, printer.name, kept)
        return kept

    def _configuration(self, printer: Printer, origin: Origin, format: str | None = None) -> _Fragments:
        printers = self._spooler.printers
        capabilities, is_default = printers.capabilities(printer.name), printers.default.name == printer.name
        announced = self._announced(printer.name)
        source = (printer.configuration, capabilities, is_default, announced)
        kept = self._fixed.get((printer.name, origin, format))
        if kept is not None and kept.source == source:
            return kept
        schemes = self._spooler.subscriptions.deliveries.schemes
        attributes = [
            *identity_attributes(printer, origin),
            r.printer_type(_printer_type(capabilities, is_default=is_default)),
            *device_attributes(capabilities),
            *protocol_attributes(capabilities, self._operations(), self._spooler.policy),
            *template_attributes(printer, _told(capabilities, format)),
            *place_attributes(printer, origin, self._spooler.resources.of_printer(printer)),
            *raster_attributes(capabilities),
            *format_attributes(capabilities, self._spooler.policy.max_document),
            *tray_attributes(capabilities),
            *client_attributes(),
            *settable_attributes(),
            *((r.printer_dns_sd_name(announced),) if announced else ()),
            *((r.notify_schemes_supported(*schemes),) if schemes else ()),
            *((r.reference_uri_schemes_supported(*self._schemes),) if self._schemes else ()),
        ]
        kept = _Fragments(source, _encode(attributes))
        _keep(self._fixed, (printer.name, origin, format), kept)
        return kept


def _told(capabilities: Capabilities, format: str | None) -> Capabilities:
    """For documents of a format; but as to several pages on one side, what holds for PDF and PostScript alike.

    More is done where it can be: ipptool's ipp-1.1.test asks about PDF, and prints PostScript by what it was told.
    """
    alike = all(
        "postscript" not in name or capabilities.of(name).number_up != (1,) for name in capabilities.formats
    )
    return replace(capabilities.of(format), number_up=capabilities.number_up if alike else (1,))


def _encode(attributes: Iterable[Attribute]) -> dict[str, bytes]:
    return {attribute.name: encode_attribute(attribute) for attribute in attributes}


def _keep(table: dict[K, _Fragments], key: K, fragments: _Fragments) -> None:
    if len(table) >= _KEPT:
        table.clear()
    table[key] = fragments


_CHOICES: Final = 64
"""Selections of attributes for which a printer's joined fragments are kept."""
_KEPT: Final = 256
"""Encoded printers kept, one for each name, authority and format that clients ask by."""
