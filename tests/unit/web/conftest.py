"""The server that the tests of the JSON API ask."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from pagebell.spooler.policy import Policy
from tests.unit.spooler.post import Post
from tests.unit.web.api import Web


@pytest.fixture
async def w() -> AsyncIterator[Web]:
    async with Web(couriers=(Post(),), policy=Policy(housekeeping=1e9)) as web:
        yield web
