"""A server in this process, on a loopback port, with a printer that writes to a folder and one that holds still."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from pagebell.app import Running, serve
from pagebell.config import check
from tests.http.wire import Wire


@pytest.fixture
def settings() -> dict[str, Any]:
    """Further tables of the configuration; a test module may have its own."""
    return {}


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Where printer PDF writes."""
    return tmp_path / "state" / "output"


@pytest.fixture
async def running(tmp_path: Path, output: Path, settings: dict[str, Any]) -> AsyncIterator[Running]:
    """The server; its default printer is PDF."""
    printers = {"PDF": {"device": output.as_uri()}, "Slow": {"device": "simulated://?ppm=1"}}
    values = {
        "server": {"state": str(tmp_path / "state"), "ipp": "127.0.0.1:0"},
        "rpc": {"listen": "off"},
        "printers": printers,
        **settings,
    }
    async with serve(check(values, "test")) as server:
        yield server


@pytest.fixture
def connect(running: Running) -> Callable[[], Wire]:
    """Makes connections to the server."""
    return lambda: Wire(running.host, running.port)
