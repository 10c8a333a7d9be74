"""Where pages go: devices, found by the scheme of their URI among the entry points `pagebell.devices`.

A plug-in offers its own under `[project.entry-points."pagebell.devices"]`: the scheme, and something that
makes a `ports.Device` of the URI.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from urllib.parse import urlsplit

from pagebell.spooler.ports import Device, DeviceFactory

GROUP = "pagebell.devices"


def schemes() -> list[str]:
    """The URI schemes for which there is a device."""
    return sorted({point.name for point in entry_points(group=GROUP)})


def make_device(uri: str) -> Device:
    """Make the device that `uri` names. Raises ValueError that says what is wrong."""
    try:
        scheme = urlsplit(uri).scheme
    except ValueError as error:
        raise ValueError(f"{uri!r} is no device URI: {error}") from None
    found = entry_points(group=GROUP, name=scheme) if scheme else ()
    for point in found:
        return _factory(point)(uri)
    known = ", ".join(f"{name}:" for name in schemes())
    told = f"there is no device for {scheme}:" if scheme else f"{uri!r} is no device URI"
    raise ValueError(f"{told}; known are {known}")


def _factory(point: EntryPoint) -> DeviceFactory:
    try:
        factory: DeviceFactory = point.load()
    except Exception as error:
        raise ValueError(
            f"the plug-in for {point.name}: ({point.value}) can't be loaded: {error!r}"
        ) from error
    return factory
