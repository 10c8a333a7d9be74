from collections.abc import AsyncIterator

import pytest

from tests.unit.spooler.stage import Stage


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with Stage() as found:
        yield found
