from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.winspool.listening import WAYS
from tests.winspool.stand import Stand, stand


@pytest.fixture
async def here() -> AsyncIterator[Stand]:
    async with stand() as found:
        yield found


@pytest.fixture(params=sorted(WAYS))
def way(request: pytest.FixtureRequest) -> Any:
    """By which protocol somebody listens."""
    return WAYS[request.param]
