"""What a printer can do for a job: xxx-supported, xxx-default and xxx-ready (RFC 8011 5.2, PWG 5100.7)."""

from __future__ import annotations

from pagebell.ipp import registry as r
from pagebell.ipp.registry import Finishings, Orientation, PrintQuality
from pagebell.ipp.server.ticket import (
    HANDLINGS,
    HOLD_HORIZON,
    MEDIA_MEMBERS,
    OVERRIDE_RANGES,
    TEMPLATE_MEMBERS,
    finishing_templates,
    media_to,
    template_to,
    write_ticket,
)
from pagebell.ipp.values import Attribute, Collection, IntRange, Resolution
from pagebell.model.document import Media, MediaSize
from pagebell.model.printer import Capabilities, Printer, media_size
from pagebell.spooler.holding import HOLDS

DPI = 3


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
        r.media_col_default(media_entry(default, capabilities, source)),
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


def finishing_attributes(capabilities: Capabilities) -> list[Attribute]:
    """finishings and finishings-col with all that belongs to them (PWG 5100.1)."""
    templates = finishing_templates(capabilities)
    known = [template_to(name) for name in templates]
    return [
        r.finishings_default(Finishings(capabilities.finishings[0])),
        r.finishings_supported(*map(Finishings, capabilities.finishings)),
        r.finishings_ready(*map(Finishings, capabilities.finishings)),
        r.finishing_template_supported(*templates),
        r.finishings_col_database(*known),
        r.finishings_col_default(known[0]),
        r.finishings_col_ready(*known),
        r.finishings_col_supported(*TEMPLATE_MEMBERS),
    ]


def template_attributes(printer: Printer, capabilities: Capabilities) -> list[Attribute]:
    """xxx-supported and xxx-default of the Job Template (RFC 8011 5.2)."""
    best = capabilities.resolutions[-1]
    attributes = [
        r.copies_default(1),
        r.copies_supported(IntRange(1, capabilities.max_copies)),
        *finishing_attributes(capabilities),
        r.job_hold_until_default("no-hold"),
        r.job_hold_until_supported(*HOLDS),
        r.job_hold_until_time_supported(IntRange(0, HOLD_HORIZON)),
        r.job_priority_default(50),
        r.job_priority_supported(100),
        r.job_sheets_default("none"),
        r.job_sheets_supported("none"),
        r.multiple_document_handling_default(HANDLINGS[0]),
        r.multiple_document_handling_supported(*HANDLINGS),
        r.number_up_default(1),
        r.number_up_supported(*capabilities.number_up),
        r.orientation_requested_default.no_value(),
        r.orientation_requested_supported(*map(Orientation, (3, 4, 5, 6))),
        r.output_bin_default(capabilities.output_bins[0]),
        r.output_bin_supported(*capabilities.output_bins),
        r.page_ranges_supported(bool(capabilities.page_ranges)),
        r.print_color_mode_default("auto"),
        r.print_color_mode_supported("auto", "monochrome", *(("color",) if capabilities.color else ())),
        r.print_content_optimize_default("auto"),
        r.print_content_optimize_supported("auto"),
        r.print_quality_default(PrintQuality.NORMAL),
        r.print_quality_supported(*map(PrintQuality, capabilities.qualities)),
        r.print_rendering_intent_default("auto"),
        r.print_rendering_intent_supported("auto"),
        r.print_scaling_default("auto"),
        r.print_scaling_supported("auto"),
        r.proof_print_default.no_value(),
        r.proof_print_supported("media", "media-col", "proof-print-copies"),
        r.proof_print_copies_supported(IntRange(0, capabilities.max_copies)),
        r.printer_resolution_default(Resolution(best, best, DPI)),
        r.printer_resolution_supported(*(Resolution(dpi, dpi, DPI) for dpi in capabilities.resolutions)),
        r.sides_default(capabilities.sides[0]),
        r.sides_supported(*capabilities.sides),
        *media_attributes(capabilities),
    ]
    if capabilities.overrides:
        attributes.append(r.overrides_supported(*OVERRIDE_RANGES, *capabilities.overrides))
    defaults = {a.name + "-default": a for a in write_ticket(printer.defaults)}
    return [Attribute(a.name, defaults[a.name].values) if a.name in defaults else a for a in attributes]
