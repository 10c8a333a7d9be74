"""A resource as IPP attributes (PWG 5100.22 7.8, 7.9)."""

from __future__ import annotations

from pagebell.ipp import registry as r
from pagebell.ipp.asking import cut
from pagebell.ipp.attributes import Attr
from pagebell.ipp.registry import ResourceState
from pagebell.ipp.server.call import Origin
from pagebell.ipp.server.describe_job import time_attribute, up_time
from pagebell.ipp.values import Attribute, Collection
from pagebell.model.event import ResourceId
from pagebell.model.resource import Data, Release, Resource
from pagebell.spooler.spooler import Spooler


def resource_attributes(resource: Resource, origin: Origin, spooler: Spooler) -> list[Attribute]:
    """All that there is to tell of a resource."""
    data = resource.data
    canceled = resource.ended_at if resource.doomed_at is None else resource.doomed_at
    return [
        r.resource_id(resource.id),
        r.resource_uuid(f"urn:uuid:{resource.uuid}"),
        r.resource_name(resource.name),
        r.resource_info(resource.info),
        r.resource_type(resource.type),
        r.resource_state(ResourceState(resource.state)),
        r.resource_state_reasons(*reasons_of(resource, spooler)),
        r.resource_state_message(resource.message),
        r.resource_use_count(spooler.resources.uses(resource.id)),
        r.resource_k_octets(0 if data is None else (data.octets + 1023) // 1024),
        r.resource_data_uri(data_uri(resource.id, origin))
        if resource.has_octets
        else r.resource_data_uri.no_value(),
        *_described(resource.release if data is None else data),
        *(() if data is None else _of_data(data)),
        *((r.resource_natural_language(resource.language),) if resource.language else ()),
        r.time_at_creation(up_time(spooler, resource.created)),
        time_attribute(r.date_time_at_creation, resource.created),
        _tick(r.time_at_installed, spooler, resource.installed_at),
        time_attribute(r.date_time_at_installed, resource.installed_at),
        _tick(r.time_at_canceled, spooler, canceled),  # asked for or aborted (PWG 5100.22 7.9.19)
        time_attribute(r.date_time_at_canceled, canceled),
    ]


def _described(said: Data | Release) -> list[Attribute]:
    """What the resource's maker calls its data."""
    version, text, patches = said.version, said.string_version, said.patches
    return [
        r.resource_version(version) if version else r.resource_version.no_value(),
        r.resource_string_version(text) if text else r.resource_string_version.no_value(),
        r.resource_patches(patches) if patches else r.resource_patches.no_value(),
    ]


def _of_data(data: Data) -> list[Attribute]:
    signature = (r.resource_signature(*data.signature),) if data.signature else ()
    return [r.resource_format(data.format), *signature]


def _tick(attr: Attr[int], spooler: Spooler, at: float | None) -> Attribute:
    return attr.no_value() if at is None else attr(up_time(spooler, at))


def reasons_of(resource: Resource, spooler: Spooler) -> tuple[str, ...]:
    """resource-state-reasons"""
    coming = {"resource-incoming"} if spooler.resources.is_incoming(resource.id) else set()
    return tuple(sorted(resource.reasons | coming)) or ("none",)


def data_uri(number: ResourceId, origin: Origin) -> str:
    """Where a resource's octets are found."""
    return origin.page(f"/resources/{number}")


def configured(resource: Resource, spooler: Spooler) -> Collection:
    """A resource in system-configured-resources."""
    return Collection.of(
        *((r.resource_format(resource.data.format),) if resource.data is not None else ()),
        r.resource_id(resource.id),
        r.resource_info(cut(resource.info, _MOST)),
        r.resource_name(cut(resource.name, _MOST)),
        r.resource_state(ResourceState(resource.state)),
        r.resource_state_reasons(*reasons_of(resource, spooler)),
        r.resource_type(resource.type),
    )


_MOST = 127
"""Octets of a text in a collection."""
