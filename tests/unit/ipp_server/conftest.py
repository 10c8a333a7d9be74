from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.unit.ipp_server.door import Door, door


@pytest.fixture
async def d() -> AsyncIterator[Door]:
    async with door() as stage:
        yield stage
