"""The stores, one after the other."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from pagebell.spooler.ports import Store
from tests.contract.stores import P1, P2, STORES, Opened, open_, printer


@pytest.fixture(params=STORES, ids=lambda make: make.__name__.strip("_"))
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Store]:
    return lambda: request.param(tmp_path)


@pytest.fixture
async def opened(make: Callable[[], Store]) -> AsyncIterator[Opened]:
    found = await open_(make())
    await found.commit(printers=(printer(P1), printer(P2)))
    found.told.clear()
    yield found
    await found.store.close()
