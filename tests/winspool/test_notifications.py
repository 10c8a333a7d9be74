"""Every flag that the specification has: each is caused, and heard of through both protocols."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from pagebell.winspool.changes import ChangeFlag as F
from pagebell.winspool.constants import RegType
from pagebell.winspool.server.desk import Settings
from tests.winspool import acts
from tests.winspool.acts import Act
from tests.winspool.stand import Stand, stand


@pytest_asyncio.fixture
async def here() -> AsyncIterator[Stand]:
    async with stand() as found:
        found.desk.settings = Settings(computer="PAGEBELL", accept_driver_records=True)
        yield found


FLAGS: list[tuple[F, str | None, Act]] = [
    (F.SET_PRINTER, "p1", acts.change(location="Cellar")),
    (F.SET_PRINTER, "p1", acts.pause),
    (F.DELETE_PRINTER, "p1", acts.remove_printer),
    (F.ADD_JOB, "p1", acts.print_job),
    (F.SET_JOB, "p1", acts.rename_job),
    (F.DELETE_JOB, "p1", acts.finish),
    (F.DELETE_JOB, "p1", acts.cancel),
    (F.DELETE_JOB, "p1", acts.move_job),
    (F.WRITE_JOB, "p1", acts.spool),
    (F.SET_PRINTER_DRIVER, "p1", acts.data("Duplex", RegType.DWORD, acts.DWORD_1)),
    (F.SET_PRINTER_DRIVER, "p1", acts.set_info(pDriverName="Other")),
    (F.SET_PRINTER, "p1", acts.set_info(Priority=9)),
    (F.ADD_PRINTER, None, acts.add_printer),
    (F.FAILED_CONNECTION_PRINTER, None, acts.unreachable),
    (F.ADD_FORM, None, acts.form("add")),
    (F.SET_FORM, None, acts.form("set")),
    (F.DELETE_FORM, None, acts.form("delete")),
    (F.ADD_PORT, None, acts.add_printer),
    (F.CONFIGURE_PORT, None, acts.change(device="scripted:other")),
    (F.DELETE_PORT, None, acts.remove_printer),
    (F.ADD_PRINT_PROCESSOR, None, acts.announce("print-processor-added")),
    (F.DELETE_PRINT_PROCESSOR, None, acts.announce("print-processor-deleted")),
    (F.SERVER, None, acts.data("BeepEnabled", RegType.DWORD, acts.DWORD_1, "")),
    (F.ADD_PRINTER_DRIVER, None, acts.driver(delete=False)),
    (F.SET_PRINTER_DRIVER, None, acts.data("Duplex", RegType.DWORD, acts.DWORD_1)),
    (F.DELETE_PRINTER_DRIVER, None, acts.driver(delete=True)),
]
"""A flag, whose handle it is for, and what causes it."""


@pytest.mark.parametrize(("flag", "handle", "act"), FLAGS, ids=lambda value: getattr(value, "name", None))
async def test_every_flag_is_caused_and_heard(
    here: Stand, way: Any, flag: F, handle: str | None, act: Act
) -> None:
    async with way(here, flag, {}, handle) as listener:
        await act(here)
        assert (await listener.next()).flags & flag


def test_no_flag_is_left_out() -> None:
    assert {flag for flag, _, _ in FLAGS} == {flag for flag in F if flag is not F.TIMEOUT}
