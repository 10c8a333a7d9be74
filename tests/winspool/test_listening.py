"""How clients are told: waiting, colours, what was lost, who is called back, and who is not."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest

from pagebell.dcerpc.client import connect
from pagebell.dcerpc.security import Level
from pagebell.dcerpc.status import Fault
from pagebell.model.access import SYSTEM
from pagebell.model.event import JobId
from pagebell.model.subscription import Scope
from pagebell.spooler.changing import JobWish
from pagebell.spooler.printers import PrinterWish
from pagebell.winspool.changes import CATEGORY_3D, CHANGE_ALL, NotifyType
from pagebell.winspool.changes import ChangeFlag as F
from pagebell.winspool.changes import JobField as J
from pagebell.winspool.changes import PrinterField as P
from pagebell.winspool.idl import par, par_notify, rprn, rprn_notify
from pagebell.winspool.idl.notify import (
    RPC_V2_NOTIFY_OPTIONS,
    RPC_V2_NOTIFY_OPTIONS_TYPE,
    RpcPrintPropertiesCollection,
)
from pagebell.winspool.server.calling import Callbacks
from pagebell.winspool.server.notify_rprn import PATIENCE
from pagebell.winspool.server.watching import forget_watchers
from pagebell.winspool.werror import Win32, hresult_of
from tests.unit.spooler.stage import ID1, P1, P2
from tests.winspool.listening import (
    Line,
    Waiting,
    by_calls,
    by_waiting,
    filtered,
    options,
    par_call,
    par_open,
    register,
    settle,
)
from tests.winspool.stand import Stand, open_printer

PRINTER, JOB, SERVER = NotifyType.PRINTER, NotifyType.JOB, NotifyType.SERVER


async def _move(here: Stand, where: str) -> None:
    await here.spooler.printers.change(P1, PrinterWish(location=where), SYSTEM)


# ---------------------------------------------------------------- what is told


async def test_members_are_told_once_and_as_they_are_now(here: Stand) -> None:
    async with by_waiting(here, 0, {PRINTER: [P.LOCATION, P.COMMENT]}) as listener:
        for where in ("Attic", "Cellar", "Garden"):
            await _move(here, where)
        told = await listener.next()
        assert told.data == {(PRINTER, P.LOCATION, 0): "Garden"}
        assert (told.flags, told.color) == (F.SET_PRINTER, 7)


async def test_only_what_was_asked_for_is_told(here: Stand, way: Any) -> None:
    async with way(here, F.ADD_JOB, {}) as listener:
        await _move(here, "Attic")
        await here.submit()
        assert (await listener.next()).flags == F.ADD_JOB


async def test_another_printer_is_not_heard(here: Stand, way: Any) -> None:
    await here.add(P2)
    async with way(here, 0, {JOB: [J.DOCUMENT]}) as listener:
        await here.submit(printer=P2)
        number = await here.submit()
        assert set((await listener.next()).data) == {(JOB, J.DOCUMENT, number)}


async def test_the_server_is_heard_with_all_its_printers(here: Stand, way: Any) -> None:
    await here.add(P2)
    async with way(here, 0, {JOB: [J.PRINTER_NAME]}, None) as listener:
        number = await here.submit(printer=P2)
        assert (await listener.next()).data == {(JOB, J.PRINTER_NAME, number): "p2"}


async def test_places_of_jobs_that_move_up_are_told(here: Stand, way: Any) -> None:
    _, second, third = [await here.submit() for _ in range(3)]
    async with way(here, 0, {JOB: [J.POSITION]}) as listener:
        here.device.finish()
        await here.clock.settle()
        told = await listener.next()
        assert told.data[JOB, J.POSITION, second] == 1
        assert told.data[JOB, J.POSITION, third] == 2


async def test_a_notification_without_members_goes_by_the_call_that_has_none(here: Stand) -> None:
    async with by_calls(here, F.ADD_JOB, {}) as listener:
        await here.submit()
        told = await listener.next()
        assert (told.flags, told.data) == (F.ADD_JOB, {})


# ---------------------------------------------------------------- colours, and what was lost


async def test_refreshing_tells_everything_and_sets_the_colour(here: Stand, way: Any) -> None:
    number = await here.submit()
    fields = {PRINTER: [P.CJOBS], JOB: [J.DOCUMENT]}
    async with way(here, 0, fields) as listener:
        everything = await listener.refresh(fields, 11)
        assert everything.data == {(PRINTER, P.CJOBS, 0): 1, (JOB, J.DOCUMENT, number): "Untitled"}
        await here.spooler.jobs.cancel(number, SYSTEM)
        await here.submit()
        assert (await listener.next()).color == 11


async def test_events_before_a_refresh_are_not_told_again(here: Stand) -> None:
    fields = {PRINTER: [P.LOCATION]}
    async with by_waiting(here, 0, fields) as listener:
        await _move(here, "Attic")
        assert (await listener.refresh(fields, 8)).data == {(PRINTER, P.LOCATION, 0): "Attic"}
        await here.spooler.printers.change(P1, PrinterWish(location="Cellar"), SYSTEM)
        told = await listener.next()
        assert (told.data, told.color) == ({(PRINTER, P.LOCATION, 0): "Cellar"}, 8)


async def test_dropped_events_are_told_as_discarded_and_nothing_more_before_a_refresh(here: Stand) -> None:
    fields = {PRINTER: [P.LOCATION]}
    async with by_waiting(here, 0, fields) as listener:
        await _move(here, "Attic")
        await _move(here, "Cellar")
        await here.spooler.subscriptions.trim(len(here.store.history))
        told = await listener.next()
        assert (told.discarded, told.data, told.flags) == (True, {}, 0)
        await _move(here, "Garden")
        waiting = asyncio.ensure_future(listener.next())
        await settle(here)
        assert not waiting.done()
        assert (await listener.refresh(fields, 9)).data == {(PRINTER, P.LOCATION, 0): "Garden"}
        await _move(here, "Hall")
        assert (await waiting).data == {(PRINTER, P.LOCATION, 0): "Hall"}


async def test_events_dropped_behind_a_slow_client_are_told_as_discarded_by_calls_too(here: Stand) -> None:
    fields = {PRINTER: [P.LOCATION]}
    async with by_calls(here, 0, fields) as listener:
        listener.line.gate.clear()
        await _move(here, "Attic")
        await listener.line.reached.wait()
        await _move(here, "Cellar")
        await _move(here, "Garden")
        await here.spooler.subscriptions.trim(len(here.store.history))
        listener.line.gate.set()
        assert (await listener.next()).data == {(PRINTER, P.LOCATION, 0): "Attic"}
        told = await listener.next()
        assert (told.discarded, told.data, told.flags) == (True, {}, 0)
        await _move(here, "Hall")
        await settle(here)
        assert listener.line.told.empty()
        assert (await listener.refresh(fields, 9)).data == {(PRINTER, P.LOCATION, 0): "Hall"}
        await _move(here, "Yard")
        told = await listener.next()
        assert (told.data, told.color) == ({(PRINTER, P.LOCATION, 0): "Yard"}, 9)


# ---------------------------------------------------------------- waiting


async def test_a_call_that_waits_blocks_no_other_on_its_connection(here: Stand) -> None:
    async with by_waiting(here, F.ADD_JOB, {}) as listener:
        waiting = asyncio.ensure_future(listener.next())
        await par_open(listener.client, "p1")
        assert not waiting.done()
        await here.submit()
        assert (await waiting).flags == F.ADD_JOB


async def test_unregistering_ends_the_call_that_waits(here: Stand) -> None:
    async with by_waiting(here, F.ADD_JOB, {}) as listener:
        call = par_notify.RpcAsyncGetRemoteNotifications(hRpcHandle=listener.handle)
        waiting = asyncio.ensure_future(par_call(listener.client, call))
        await par_open(listener.client, "p1")
        assert await listener.close() == 0
        assert (await waiting).result == hresult_of(Win32.INVALID_HANDLE)
        with pytest.raises(Fault, match="CONTEXT_MISMATCH"):
            await listener.close()


async def test_the_end_of_a_printer_is_told_and_then_nothing(here: Stand) -> None:
    async with by_waiting(here, F.DELETE_PRINTER, {PRINTER: [P.STATUS]}) as listener:
        await here.spooler.printers.remove(P1, SYSTEM)
        while not (told := await listener.next()).flags & F.DELETE_PRINTER:
            pass
        assert told.flags == F.DELETE_PRINTER
        call = par_notify.RpcAsyncGetRemoteNotifications(hRpcHandle=listener.handle)
        assert (await par_call(listener.client, call)).result == hresult_of(Win32.INVALID_HANDLE)


async def test_a_lost_client_listens_no_longer(here: Stand, way: Any) -> None:
    async with way(here, F.ADD_JOB, {}):
        assert len(here.spooler.subscriptions.list(SYSTEM).subscriptions) == 1
    while here.spooler.subscriptions.list(SYSTEM).subscriptions:
        await asyncio.sleep(0)


async def test_subscriptions_are_seen_beside_the_others(here: Stand) -> None:
    async with by_waiting(here, F.ADD_JOB, {}), by_calls(here, 0, {PRINTER: [P.STATUS]}):
        seen = here.spooler.subscriptions.list(SYSTEM, scope=Scope(ID1)).subscriptions
        assert [(one.owner, one.pull_method) for one in seen] == [("ada", "ms-par"), ("ada", "ms-rprn")]


async def test_after_a_restart_clients_register_anew(here: Stand) -> None:
    async with by_waiting(here, F.ADD_JOB, {}):
        other = await here.subscribe()
        await forget_watchers(here.desk, SYSTEM)
        assert [one.id for one in here.spooler.subscriptions.list(SYSTEM).subscriptions] == [other.id]


async def test_the_server_goes_down_and_says_so(here: Stand) -> None:
    async with by_waiting(here, F.ADD_JOB, {}) as listener:
        call = par_notify.RpcAsyncGetRemoteNotifications(hRpcHandle=listener.handle)
        waiting = asyncio.ensure_future(par_call(listener.client, call))
        await par_open(listener.client, "p1")
        here.spooler.begin_stop()
        assert (await waiting).result == hresult_of(Win32.SHUTDOWN_IN_PROGRESS)


async def test_many_clients_hear_of_one_event(here: Stand) -> None:
    """A thousand subscriptions are one interest of the log, and its match is made once."""
    async with by_waiting(here, F.ADD_JOB, {}) as listener:
        handle = await par_open(listener.client, "p1")
        many = []
        for _ in range(60):
            reply = await register(listener.client, handle, filtered(F.ADD_JOB))
            many.append(Waiting(listener.client, reply.phRpcHandle))
        waiting = [asyncio.ensure_future(one.next()) for one in many]
        await here.submit()
        told = await asyncio.gather(*waiting)
        assert {one.flags for one in told} == {F.ADD_JOB}


async def test_a_thousand_clients_that_wait_are_told_once_each(here: Stand) -> None:
    async with contextlib.AsyncExitStack() as stack:
        listeners = []
        for _ in range(20):
            opening = here.client("ada", Level.PRIVACY, par.IREMOTEWINSPOOL)
            client = await stack.enter_async_context(opening)
            handle = await par_open(client, "p1")
            for _ in range(50):
                reply = await register(client, handle, filtered(F.ADD_JOB))
                listeners.append(Waiting(client, reply.phRpcHandle))
        waiting = [asyncio.ensure_future(one.next()) for one in listeners]
        await here.submit()
        assert {one.flags for one in await asyncio.gather(*waiting)} == {F.ADD_JOB}
        again = [asyncio.ensure_future(one.next()) for one in listeners]
        await settle(here)
        assert not any(one.done() for one in again)
        await here.submit()
        assert {one.flags for one in await asyncio.gather(*again)} == {F.ADD_JOB}


# ---------------------------------------------------------------- RpcWaitForPrinterChange


async def test_the_old_call_waits_for_a_change(here: Stand) -> None:
    async with here.client() as client:
        handle = await open_printer(client)
        call = rprn_notify.RpcWaitForPrinterChange(hPrinter=handle, Flags=F.ADD_JOB)
        waiting = asyncio.ensure_future(client.call(call))
        while not here.spooler.subscriptions.waiting:
            await asyncio.sleep(0)
        await here.submit()
        assert await waiting == rprn_notify.RpcWaitForPrinterChange.Reply(pFlags=F.ADD_JOB)
        assert here.spooler.subscriptions.list(SYSTEM).subscriptions == ()


async def test_the_old_call_times_out(here: Stand) -> None:
    async with here.client() as client:
        handle = await open_printer(client)
        call = rprn_notify.RpcWaitForPrinterChange(hPrinter=handle, Flags=CHANGE_ALL)
        waiting = asyncio.ensure_future(client.call(call))
        while not here.spooler.subscriptions.waiting:
            await asyncio.sleep(0)
        await here.clock.advance(PATIENCE)
        assert (await waiting).result == F.TIMEOUT


async def test_closing_the_handle_ends_the_old_call(here: Stand) -> None:
    async with here.client() as client:
        handle = await open_printer(client)
        call = rprn_notify.RpcWaitForPrinterChange(hPrinter=handle, Flags=F.ADD_JOB)
        waiting = asyncio.ensure_future(client.call(call))
        while not here.spooler.subscriptions.waiting:
            await asyncio.sleep(0)
        await client.call(rprn.RpcClosePrinter(phPrinter=handle))
        assert (await waiting).result == Win32.INVALID_HANDLE


# ---------------------------------------------------------------- what is refused

BAD = {
    "nothing": {"flags": 0},
    "only bits of a server's handle": {"flags": F.ADD_FORM},
    "a category that is none": {"flags": F.ADD_JOB, "category": 5},
    "an unknown type": {"wanted": options({3: [0]})},
    "an unknown job field": {"wanted": options({JOB: [0x18]})},
    "an unknown printer field": {"wanted": options({PRINTER: [0x13]})},
    "a server's field with a printer": {"wanted": options({SERVER: [0]})},
    "another version": {
        "wanted": RPC_V2_NOTIFY_OPTIONS(Version=1, pTypes=(RPC_V2_NOTIFY_OPTIONS_TYPE(Type=1, pFields=(1,)),))
    },
    "too many types": {
        "wanted": RPC_V2_NOTIFY_OPTIONS(pTypes=(RPC_V2_NOTIFY_OPTIONS_TYPE(Type=1, pFields=(1,)),) * 17)
    },
}


@pytest.mark.parametrize("what", BAD)
async def test_registrations_that_make_no_sense_are_refused_by_both(here: Stand, what: str) -> None:
    bad: dict[str, Any] = BAD[what]
    async with here.client("ada", Level.PRIVACY, par.IREMOTEWINSPOOL) as client:
        reply = await register(client, await par_open(client, "p1"), filtered(**bad))
        assert reply.result == hresult_of(Win32.INVALID_PARAMETER)
    line = Line()
    async with Callbacks(line).running() as here.desk.callbacks, here.client() as client:  # type: ignore[arg-type]
        call = rprn_notify.RpcRemoteFindFirstPrinterChangeNotificationEx(
            hPrinter=await open_printer(client),
            fdwFlags=bad.get("flags", 0),
            fdwOptions=bad.get("category", 0),
            dwPrinterLocal=1,
            pOptions=bad.get("wanted"),
        )
        assert (await client.call(call)).result == Win32.INVALID_PARAMETER
    assert line.opened == []


async def test_3d_printers_are_watched_in_vain(here: Stand) -> None:
    async with here.client("ada", Level.PRIVACY, par.IREMOTEWINSPOOL) as client:
        collection = filtered(F.ADD_JOB, category=CATEGORY_3D)
        assert (await register(client, await par_open(client, "p1"), collection)).result == 0


async def test_a_filter_lacks_nothing_and_has_nothing_twice(here: Stand) -> None:
    whole = filtered(F.ADD_JOB).propertiesCollection
    assert whole is not None
    async with here.client("ada", Level.PRIVACY, par.IREMOTEWINSPOOL) as client:
        handle = await par_open(client, "p1")
        for given in (whole[1:], (*whole, whole[0]), whole[:3], ()):
            collection = RpcPrintPropertiesCollection(propertiesCollection=given)
            reply = await register(client, handle, collection)
            assert reply.result == hresult_of(Win32.INVALID_PARAMETER)
            assert not reply.phRpcHandle


async def test_a_handle_without_access_is_not_listened_with(here: Stand) -> None:
    async with here.client("ada", Level.PRIVACY, par.IREMOTEWINSPOOL) as client:
        reply = await register(client, await par_open(client, "p1", 0), filtered(F.ADD_JOB))
        assert reply.result == hresult_of(Win32.ACCESS_DENIED)


async def test_jobs_of_a_handle_are_not_watched(here: Stand) -> None:
    number = await here.submit()
    async with here.client("ada", Level.PRIVACY, par.IREMOTEWINSPOOL) as client:
        handle = await par_open(client, f"p1, Job {number}")
        assert (await register(client, handle, filtered(F.SET_JOB))).result == hresult_of(
            Win32.INVALID_HANDLE
        )


async def test_renamed_jobs(here: Stand, way: Any) -> None:
    await here.submit()
    number = await here.submit()
    async with way(here, F.SET_JOB, {JOB: [J.DOCUMENT]}) as listener:
        await here.spooler.jobs.change(JobId(number), JobWish(name="Novel"), SYSTEM)
        told = await listener.next()
        assert (told.flags, told.data) == (F.SET_JOB, {(JOB, J.DOCUMENT, number): "Novel"})


async def test_connect_is_needed(here: Stand) -> None:
    """[MS-PAR] is for those who are known, and sealed."""
    async with connect("127.0.0.1", here.port, par.IREMOTEWINSPOOL) as client:
        with pytest.raises(Fault, match="ACCESS_DENIED"):
            await par_open(client, "p1")
