from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.winspool.stand import Stand, stand


@pytest.fixture
async def here() -> AsyncIterator[Stand]:
    async with stand() as found:
        yield found
