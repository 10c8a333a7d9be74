"""The HTTP server alone, with an application that tells what reached it; everything runs on both event loops."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import uvloop

from pagebell.http.certificates import Certificates, own_certificate
from tests.front.stage import Stage


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"asyncio": asyncio.SelectorEventLoop, "uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 and its key."""
    return own_certificate(tmp_path_factory.mktemp("tls"), "127.0.0.1")


@pytest.fixture
def certificates(certificate: tuple[Path, Path]) -> Certificates:
    return Certificates(*certificate)


@pytest.fixture
def trusting(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    """A client's context that trusts the server's certificate and checks it."""
    return ssl.create_default_context(cafile=certificate[0])


Open = Callable[..., Awaitable[Stage]]


@pytest.fixture
async def stage(certificates: Certificates) -> AsyncIterator[Open]:
    """Opens a listener with the limits that are given; after each test all connections must be gone."""
    async with AsyncExitStack() as stack:

        async def enter(**given: object) -> Stage:
            return await stack.enter_async_context(Stage(certificates, **given))

        yield enter
