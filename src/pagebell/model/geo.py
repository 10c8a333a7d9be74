"""How far apart two places are that are told by `geo:` URIs (RFC 5870)."""

from __future__ import annotations

from math import asin, cos, isfinite, radians, sin, sqrt
from typing import Final, NamedTuple

NEAR: Final = 1000.0
"""Metres that are near where the client does not say how exact its place is: some minutes to walk."""
_EARTH: Final = 6_371_000.0
"""Metres from its middle."""


class Spot(NamedTuple):
    """A place in degrees (WGS 84), and how exact that is in metres, if that was said."""

    latitude: float
    longitude: float
    uncertainty: float | None = None
    altitude: float | None = None
    """In metres, if that was said."""


def spot(uri: str) -> Spot | None:
    """Read a `geo:` URI; None for one that tells no place on earth."""
    scheme, _, rest = uri.partition(":")
    coordinates, *parameters = rest.split(";")
    said = dict(parameter.lower().partition("=")[::2] for parameter in parameters)
    try:
        latitude, longitude, *heights = map(float, coordinates.split(","))
        uncertainty = float(said["u"]) if "u" in said else None
    except ValueError:
        return None
    on_earth = (
        all(map(isfinite, heights))
        and abs(latitude) <= 90
        and abs(longitude) <= 180
        and (uncertainty is None or uncertainty >= 0)
    )
    if scheme.lower() != "geo" or said.get("crs", "wgs84") != "wgs84" or not on_earth:
        return None
    return Spot(latitude, longitude, uncertainty, heights[0] if heights else None)


def is_near(place: Spot, uri: str) -> bool:
    """Whether what is at `uri` is no farther from the place than that is exact."""
    other = spot(uri)
    if other is None:
        return False
    reach = NEAR if place.uncertainty is None else place.uncertainty
    return _metres(place, other) <= reach + (other.uncertainty or 0)


def _metres(one: Spot, other: Spot) -> float:
    """Along a great circle, by haversines."""
    up, down = radians(one.latitude), radians(other.latitude)
    along, across = (down - up) / 2, radians(other.longitude - one.longitude) / 2
    return 2 * _EARTH * asin(min(1.0, sqrt(sin(along) ** 2 + cos(up) * cos(down) * sin(across) ** 2)))
