"""Places by `geo:` URIs (RFC 5870), and the printers near one (PWG 5100.22 6.1.4.1, printer-geo-location)."""

from __future__ import annotations

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.codec import GroupTag
from pagebell.ipp.registry import Op
from pagebell.model.access import SYSTEM
from pagebell.model.geo import Spot, is_near, spot
from pagebell.spooler.printers import PrinterWish
from tests.unit.ipp_server.door import door


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("geo:46.4,-80.9", Spot(46.4, -80.9)),
        ("geo:46.4,-80.9,120", Spot(46.4, -80.9, altitude=120)),
        ("geo:46.4,-80.9,high", None),
        ("geo:46.4,-80.9,inf", None),
        ("geo:-90,180;u=35", Spot(-90, 180, 35)),
        ("GEO:1,2;crs=WGS84;U=0", Spot(1, 2, 0)),
        ("geo:1", None),
        ("geo:north,south", None),
        ("geo:91,0", None),
        ("geo:0,181", None),
        ("geo:nan,0", None),
        ("geo:1,2;u=-1", None),
        ("geo:1,2;crs=moon-2011", None),
        ("http:1,2", None),
        ("", None),
    ],
)
def test_place_is_read(uri: str, expected: Spot | None) -> None:
    assert spot(uri) == expected


@pytest.mark.parametrize(
    ("place", "uri", "expected"),
    [
        (Spot(48.20, 16.36), "geo:48.2089,16.36", True),  # a degree of latitude has 111 km: 990 m
        (Spot(48.20, 16.36), "geo:48.2091,16.36", False),
        (Spot(48.20, 16.36, 5000), "geo:48.2091,16.36", True),
        (Spot(48.20, 16.36), "geo:48.2091,16.36;u=50", True),
        (Spot(0, 179.999), "geo:0,-179.999", True),
        (Spot(0, 0, 20_100_000), "geo:0,180", True),  # half the way around
        (Spot(0, 0, 19_900_000), "geo:0,180", False),
        (Spot(0, 0), "", False),
    ],
)
def test_near_is_within_reach(place: Spot, uri: str, expected: bool) -> None:
    assert is_near(place, uri) is expected


async def test_printers_are_found_by_where_they_are() -> None:
    async with door() as d:
        for name, place in (("here", "geo:48.2,16.36"), ("there", "geo:52.5,13.4")):
            wish = PrinterWish(device=f"scripted:{name}", geo_location=place)
            await d.spooler.printers.add(name, wish, SYSTEM)
        asked = r.printer_geo_location("geo:48.201,16.361")
        answer = await d.ask(Op.GET_PRINTERS, asked, path="/ipp/system")
        assert [g.get(r.printer_name) for g in answer.groups_of(GroupTag.PRINTER)] == ["here"]
