"""The server itself as IPP attributes: the System object of PWG 5100.22."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pagebell import __version__
from pagebell.ipp import registry as r
from pagebell.ipp.registry import Op, PrinterState, SystemState
from pagebell.ipp.server.call import Origin
from pagebell.ipp.server.contacts import contact_attribute
from pagebell.ipp.server.describe_job import time_attribute, up_time
from pagebell.ipp.server.describe_printer import (
    SYSTEM_EVENTS,
    identity_attributes,
    notification_attributes,
    xri,
)
from pagebell.ipp.server.describe_resource import configured
from pagebell.ipp.server.resource_handlers import SETTABLE as RESOURCE_SETTABLE
from pagebell.ipp.server.system_setting import SETTABLE
from pagebell.ipp.values import Attribute, Collection
from pagebell.model.event import PrinterState as State
from pagebell.model.printer import Printer
from pagebell.model.resource import FORMATS
from pagebell.model.wording import LANGUAGES
from pagebell.spooler.spooler import Spooler

CREATION_ATTRIBUTES: Final = (
    *("device-uri", "printer-contact-col", "printer-geo-location", "printer-info", "printer-location"),
    "printer-name",
)
"""What Create-Printer takes; without a device-uri the printer stays stopped until it is given one."""
_STATES: Final = {
    State.IDLE: (SystemState.IDLE, "Idle."),
    State.PROCESSING: (SystemState.PROCESSING, "Printing."),
    State.STOPPED: (SystemState.STOPPED, "All printers are stopped."),
}


def system_attributes(
    origin: Origin, spooler: Spooler, operations: Iterable[Op], announced: str | None = None
) -> list[Attribute]:
    """All that there is to tell of the server, which DNS-SD knows by that name at present."""
    subscriptions = spooler.subscriptions
    schemes = subscriptions.deliveries.schemes
    return [
        *_spoken(spooler, operations),
        *notification_attributes(spooler.policy, SYSTEM_EVENTS),
        *_described(spooler, announced),
        *_identity(origin, spooler),
        *_configuration(spooler),
        *status_attributes(spooler),
        *_clock(spooler),
        *((r.notify_schemes_supported(*schemes),) if schemes else ()),  # PWG 5100.22 7.2.17
        r.number_of_system_subscriptions(sum(map(subscriptions.count, subscriptions.of_system()))),
        _configured_printers(origin, spooler),
        *_resources(spooler),
    ]


def _spoken(spooler: Spooler, operations: Iterable[Op]) -> list[Attribute]:
    formats = {"application/octet-stream"}
    for printer in spooler.printers.all():
        formats.update(spooler.printers.capabilities(printer.name).formats)
    return [
        r.charset_configured("utf-8"),
        r.charset_supported("us-ascii", "utf-8"),
        r.document_format_supported(*sorted(formats)),
        r.generated_natural_language_supported(*LANGUAGES),
        r.natural_language_configured("en"),
        r.ipp_features_supported("resource-object", "subscription-object", "system-object"),
        r.ipp_versions_supported("1.0", "1.1", "2.0", "2.1", "2.2"),
        r.multiple_document_printers_supported(True),
        r.operations_supported(*sorted(operations)),
        r.printer_creation_attributes_supported(*CREATION_ATTRIBUTES),
        r.printer_service_type_supported("print"),
    ]


def _described(spooler: Spooler, announced: str | None) -> list[Attribute]:
    """What Set-System-Attributes may set, but for the default printer."""
    said = spooler.system.description
    place = said.geo_location
    return [
        r.system_asset_tag(said.asset_tag),
        contact_attribute(r.system_contact_col, said.contact),
        r.system_dns_sd_name(announced or said.title),
        r.system_geo_location(place) if place else r.system_geo_location.unknown(),
        r.system_info(said.info),
        r.system_location(said.location),
        r.system_name(said.name),
        contact_attribute(r.system_service_contact_col, said.service_contact),
    ]


def _identity(origin: Origin, spooler: Spooler) -> list[Attribute]:
    ways = origin.system_ways()
    securities = list(dict.fromkeys("tls" if secure else "none" for _, secure in ways))
    return [
        r.system_make_and_model("Pagebell"),
        r.system_uuid(f"urn:uuid:{spooler.system.uuid}"),
        r.system_firmware_name("Pagebell"),
        r.system_firmware_patches(""),
        r.system_firmware_string_version(__version__),
        r.system_firmware_version(__version__.encode()),
        r.system_xri_supported(*(xri(uri, origin.authentication, secure) for uri, secure in ways)),
        r.xri_authentication_supported(origin.authentication),
        r.xri_security_supported(*securities),
        r.xri_uri_scheme_supported(*("ipps" if kind == "tls" else "ipp" for kind in securities)),
    ]


def _configuration(spooler: Spooler) -> list[Attribute]:
    system = spooler.system
    default = spooler.printers.default.id if any(True for _ in spooler.printers.all()) else None
    return [
        r.system_default_printer_id.no_value() if default is None else r.system_default_printer_id(default),
        r.system_config_changes(system.config_changes),
        r.system_config_change_time(up_time(spooler, system.config_changed) if system.config_changes else 0),
        time_attribute(r.system_config_change_date_time, system.config_changed),
        r.system_mandatory_printer_attributes("printer-name"),
        r.system_settable_attributes_supported(*SETTABLE),
    ]


def status_attributes(spooler: Spooler) -> list[Attribute]:
    """The server's state, which many answers tell beside a printer's."""
    status = spooler.system.status
    changed = spooler.system.state_changed
    state, message = _STATES[status.state]
    return [
        r.system_state(state),
        r.system_state_reasons(*(sorted(status.reasons) or ("none",))),
        r.system_state_message(message),
        r.system_state_change_time(0 if changed is None else up_time(spooler, changed)),
        time_attribute(r.system_state_change_date_time, spooler.started if changed is None else changed),
    ]


def _clock(spooler: Spooler) -> list[Attribute]:
    return [
        r.system_up_time(up_time(spooler)),
        time_attribute(r.system_current_time, spooler.clock.now()),
        r.system_time_source("onboard"),  # its name in PWG 5100.22 15.2 and in the registry
        r.system_time_source_configured("onboard"),  # and in 7.3.31
    ]


def _configured_printers(origin: Origin, spooler: Spooler) -> Attribute:
    printers = [_configured(printer, origin) for printer in spooler.printers.list()]
    return r.system_configured_printers(*printers) if printers else r.system_configured_printers.no_value()


def _resources(spooler: Spooler) -> list[Attribute]:
    found = [configured(resource, spooler) for resource in spooler.resources.all()]
    return [
        r.resource_format_supported(*dict.fromkeys(f for formats in FORMATS.values() for f in formats)),
        r.resource_settable_attributes_supported(*RESOURCE_SETTABLE),
        r.resource_type_supported(*FORMATS),
        r.system_configured_resources(*found) if found else r.system_configured_resources.no_value(),
    ]


def _configured(printer: Printer, origin: Origin) -> Collection:
    return Collection.of(
        r.printer_id(printer.id),
        r.printer_info(printer.info),
        r.printer_is_accepting_jobs(printer.accepting),
        r.printer_name(printer.name),
        r.printer_service_type("print"),
        r.printer_state(PrinterState(printer.state)),
        r.printer_state_reasons(*(sorted(printer.reasons) or ("none",))),
        *(a for a in identity_attributes(printer, origin) if a.name == r.printer_xri_supported.name),
    )
