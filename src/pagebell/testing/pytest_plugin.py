"""Fixtures for whoever tests software that prints. Loaded by pytest wherever Pagebell is installed.

async def test_invoice_comes_out(virtual_printer):
    async with virtual_printer as printer:
        await print_invoice_to(printer)
        await printer.clock.advance(60)
        assert printer.device.pages == 2

def test_program_that_prints_by_the_network(print_server):
    subprocess.run(["my-program", "--printer", print_server.uri], check=True)
    assert print_server.jobs()[0].impressions_completed == 2
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pagebell.testing.server import PrintServer
    from pagebell.testing.virtual import VirtualPrinter


@pytest.fixture
def virtual_printer_uri() -> str:
    """The virtual printer's settings; override it to have other ones."""
    return "simulated://?ppm=60"


@pytest.fixture
def virtual_printer(virtual_printer_uri: str) -> VirtualPrinter:
    """A virtual printer that is to be entered by `async with`; its clock stands still until it is turned."""
    from pagebell.testing.virtual import VirtualPrinter  # noqa: PLC0415 pytest must not load it for everybody

    return VirtualPrinter(virtual_printer_uri)


@pytest.fixture
def print_server_device() -> str:
    """The device behind `print_server`; override it to have other settings."""
    return "simulated://?ppm=6000"


@pytest.fixture
def print_server(print_server_device: str) -> Iterator[PrintServer]:
    """A real server on a port of its own with a virtual printer behind it; time is real."""
    from pagebell.testing.server import PrintServer  # noqa: PLC0415 pytest must not load it for everybody

    with PrintServer(print_server_device) as server:
        yield server
