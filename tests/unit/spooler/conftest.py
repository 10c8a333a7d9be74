from collections.abc import AsyncIterator

import pytest

from tests.unit.spooler.post import Post
from tests.unit.spooler.stage import Stage


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with Stage() as found:
        yield found


@pytest.fixture
def post() -> Post:
    return Post()
