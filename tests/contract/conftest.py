"""The stores, one after the other."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from pagebell.spooler.ports import Store
from tests.contract.stores import STORES, Opened, open_


@pytest.fixture(params=STORES, ids=lambda make: make.__name__.strip("_"))
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Store]:
    return lambda: request.param(tmp_path)


@pytest.fixture
async def opened(make: Callable[[], Store]) -> AsyncIterator[Opened]:
    found = await open_(make())
    yield found
    await found.store.close()
