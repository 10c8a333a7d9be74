"""What clients set is there after a restart, and means what they meant."""

from __future__ import annotations

from dataclasses import replace

from pagebell.dcerpc.client import RpcClient
from pagebell.dcerpc.ndr import ContextHandle
from pagebell.model.access import Right
from pagebell.spooler.printers import PrinterWish
from pagebell.winspool import devmode, infos
from pagebell.winspool.buffers import unpack
from pagebell.winspool.idl import rprn, rprn_data, rprn_setup
from pagebell.winspool.idl.containers import (
    DEVMODE_CONTAINER,
    FORM_CONTAINER,
    PRINTER_CONTAINER,
    SECURITY_CONTAINER,
)
from pagebell.winspool.idl.types import (
    FORM_INFO_1,
    PRINTER_INFO_1,
    PRINTER_INFO_2,
    PRINTER_INFO_3,
    PRINTER_INFO_7,
    PRINTER_INFO_8,
    PRINTER_INFO_STRESS,
    SIZE,
)
from pagebell.winspool.security import ADMINISTRATORS, EVERYONE, Descriptor, Entry
from pagebell.winspool.server.values import DRIVER_DATA, Values, dword, string
from pagebell.winspool.werror import Win32
from tests.unit.spooler.stage import SYSTEM
from tests.winspool.stand import Stand, open_printer, start_doc

ALL = 0xF000C


async def told(client: RpcClient, handle: ContextHandle, level: int) -> bytes:
    reply = await client.call(
        rprn.RpcGetPrinter(hPrinter=handle, Level=level, pPrinter=bytes(8192), cbBuf=8192)
    )
    assert reply.result == 0
    return reply.pPrinter or b""


async def set_printer(
    client: RpcClient,
    handle: ContextHandle,
    level: int,
    info: object,
    devmodes: bytes | None = None,
    descriptor: bytes | None = None,
) -> int:
    call = rprn.RpcSetPrinter(
        hPrinter=handle,
        pPrinterContainer=PRINTER_CONTAINER(Level=level, PrinterInfo=info),  # type: ignore[arg-type]
        pDevModeContainer=DEVMODE_CONTAINER(pDevMode=devmodes),
        pSecurityContainer=SECURITY_CONTAINER(pSecurity=descriptor),
    )
    return (await client.call(call)).result


def fields(info: infos.PRINTER_INFO_2, **changed: object) -> PRINTER_INFO_2:
    """What a client sends back after it has changed something."""
    names = ("pPrinterName", "pShareName", "pPortName", "pDriverName", "pComment", "pLocation", "pSepFile")
    names += ("pPrintProcessor", "pDatatype", "pParameters", "Attributes", "Priority")
    return PRINTER_INFO_2(**({name: getattr(info, name) for name in names} | changed))


async def test_values_are_kept_by_key_whatever_their_case(here: Stand) -> None:
    values = Values(here.spooler.settings)
    await values.set("p1", r"Top\Below", string("Name", "x"))
    await values.set("p1", DRIVER_DATA, dword("Number", 7))
    await here.restart()
    values = Values(here.spooler.settings)
    assert values.get("p1", r"top\below", "NAME") == string("Name", "x")
    assert values.keys("p1", "") == ["DsDriver", "DsSpooler", "PrinterDriverData", "Top"]
    assert values.keys("p1", "TOP") == ["Below"]
    assert values.keys("p1", "nothing") is None
    await values.delete("p1", r"Top\Below", "name")
    assert values.keys("p1", r"Top\Below") == []
    await values.delete_key("p1", "top")
    assert values.keys("p1", "top") is None
    await here.spooler.printers.remove(here.printer.name, SYSTEM)
    assert values.get("p1", DRIVER_DATA, "Number") is None


async def test_forms_and_connections_outlive_a_restart(here: Stand) -> None:
    async with here.client("root") as client:
        handle = await open_printer(client)
        form = FORM_INFO_1(pName="Banner", Size=SIZE(cx=100_000, cy=900_000))
        added = rprn_setup.RpcAddForm(hPrinter=handle, pFormInfoContainer=FORM_CONTAINER(FormInfo=form))
        assert (await client.call(added)).result == 0
        assert (await client.call(added)).result == Win32.FILE_EXISTS
        connect = rprn_data.RpcAddPerMachineConnection(
            pPrinterName=r"\\other\queue", pPrintServer="", pProvider=""
        )
        assert (await client.call(connect)).result == 0
    await here.restart()
    async with here.serving(), here.client("root") as client:
        handle = await open_printer(client)
        one = rprn_setup.RpcGetForm(hPrinter=handle, pFormName="BANNER", Level=1, pForm=bytes(200), cbBuf=200)
        found = unpack(infos.FORM_INFO_1, (await client.call(one)).pForm or b"")[0]
        assert (found.pName, found.Size) == ("Banner", (100_000, 900_000))
        listed = rprn_data.RpcEnumPerMachineConnections(pPrinterEnum=bytes(200), cbBuf=200)
        reply = await client.call(listed)
        assert reply.pcReturned == 1
        assert unpack(infos.PRINTER_INFO_4, reply.pPrinterEnum or b"")[0].pPrinterName == r"\\other\queue"
        assert (await client.call(rprn_setup.RpcDeleteForm(hPrinter=handle, pFormName="banner"))).result == 0


async def test_a_printer_is_renamed_and_found_by_either_name(here: Stand) -> None:
    async with here.client("root") as client:
        handle = await open_printer(client, access=ALL)
        (old,) = unpack(infos.PRINTER_INFO_2, await told(client, handle, 2))
        new = fields(old, pPrinterName="Front Desk (2nd floor)", pComment="By the door")
        assert await set_printer(client, handle, 2, new) == 0
        (found,) = unpack(infos.PRINTER_INFO_2, await told(client, handle, 2))
        assert (found.pPrinterName, found.pShareName) == ("Front Desk (2nd floor)", "p1")
    await here.restart()
    async with here.serving(), here.client() as client:
        handle = await open_printer(client, r"\\127.0.0.1\front desk (2ND floor)")
        assert await start_doc(client, handle)
        await open_printer(client, "p1")
    assert (here.printer.alias, here.printer.info) == ("Front Desk (2nd floor)", "By the door")


async def test_a_printer_is_added_with_spaces_in_its_name(here: Stand) -> None:
    async with here.client("root") as client:
        info = PRINTER_INFO_2(
            pPrinterName="My Printer", pPortName="nul:", pDriverName="x", pPrintProcessor="winprint"
        )
        added = rprn.RpcAddPrinter(pPrinterContainer=PRINTER_CONTAINER(Level=2, PrinterInfo=info))
        assert (await client.call(added)).result == 0
        assert (await client.call(added)).result == Win32.PRINTER_ALREADY_EXISTS
        (found,) = unpack(
            infos.PRINTER_INFO_2, await told(client, await open_printer(client, "my printer"), 2)
        )
        assert (found.pPrinterName, found.pShareName, found.pDriverName) == ("My Printer", "My-Printer", "x")


async def test_a_devmode_comes_back_as_it_was_but_for_what_others_changed(here: Stand) -> None:
    async with here.client("root") as client:
        handle = await open_printer(client, access=ALL)
        (old,) = unpack(infos.PRINTER_INFO_8, await told(client, handle, 8))
        assert old.pDevMode is not None
        mine = bytearray(old.pDevMode[: devmode.SIZE] + b"private")
        mine[70:72] = (7).to_bytes(2, "little")
        mine[86:88] = (39).to_bytes(2, "little")  # dmCopies
        assert await set_printer(client, handle, 8, PRINTER_INFO_8(), devmodes=bytes(mine)) == 0
        (found,) = unpack(infos.PRINTER_INFO_8, await told(client, handle, 8))
        assert (found.pDevMode or b"")[:227] == bytes(mine)
        assert here.printer.defaults.copies == 39
        wish = PrinterWish(defaults=replace(here.printer.defaults, copies=2))
        await here.spooler.printers.change(here.printer.name, wish, SYSTEM)
        (found,) = unpack(infos.PRINTER_INFO_8, await told(client, handle, 8))
        assert devmode.decode(found.pDevMode or b"").copies == 2
        assert (found.pDevMode or b"")[220:227] == b"private"
        short = bytes(mine[:200])
        assert await set_printer(client, handle, 8, PRINTER_INFO_8(), short) == Win32.INVALID_PARAMETER


async def test_a_users_own_devmode_is_nobody_elses(here: Stand) -> None:
    async with here.client("ada") as client:
        handle = await open_printer(client)
        (old,) = unpack(infos.PRINTER_INFO_8, await told(client, handle, 9))
        mine = bytearray(old.pDevMode or b"")
        mine[86:88] = (5).to_bytes(2, "little")
        assert await set_printer(client, handle, 9, None, devmodes=bytes(mine)) == 0
    await here.restart()
    async with here.serving():
        for user, copies in (("ada", 5), ("bob", 1)):
            async with here.client(user) as client:
                (found,) = unpack(infos.PRINTER_INFO_8, await told(client, await open_printer(client), 9))
                assert devmode.decode(found.pDevMode or b"").copies == copies


async def test_who_is_not_in_the_descriptor_does_not_print(here: Stand) -> None:
    only = Entry(0, 0, (0x8).to_bytes(4, "little") + ADMINISTRATORS)
    denied = Descriptor(4, ADMINISTRATORS, ADMINISTRATORS, None, (only,)).encode()
    async with here.client("root") as client:
        handle = await open_printer(client, access=ALL)
        assert await set_printer(client, handle, 3, PRINTER_INFO_3(), descriptor=denied) == 0
        (found,) = unpack(infos.PRINTER_INFO_3, await told(client, handle, 3))
        assert (found.pSecurityDescriptor or b"").startswith(denied)
        assert await set_printer(client, handle, 3, None, descriptor=b"x") == Win32.INVALID_SECURITY_DESCR
        cut = Descriptor(4, None, None, None, (Entry(0, 0, bytes(4) + b"\1\5" + bytes(6)),)).encode()
        assert await set_printer(client, handle, 3, None, descriptor=cut) == Win32.INVALID_SECURITY_DESCR
    await here.restart()
    assert not here.order().by.within(here.printer.access).may(Right.PRINT)
    async with here.serving():
        async with here.client("ada") as client:
            reply = await client.call(rprn.RpcOpenPrinter(pPrinterName="p1", AccessRequired=8))
            assert reply.result == Win32.ACCESS_DENIED
        async with here.client("root") as client:
            await start_doc(client, await open_printer(client))


async def test_a_descriptor_lets_a_user_manage_one_printer(here: Stand) -> None:
    full = Entry(0, 0, (0xF000C).to_bytes(4, "little") + EVERYONE)
    open_to_all = Descriptor(4, ADMINISTRATORS, ADMINISTRATORS, None, (full,)).encode()
    async with here.client("root") as client:
        handle = await open_printer(client, access=ALL)
        assert await set_printer(client, handle, 3, PRINTER_INFO_3(), descriptor=open_to_all) == 0
    async with here.client("bob") as client:
        handle = await open_printer(client, access=4)
        assert (await client.call(rprn.RpcSetPrinter(hPrinter=handle, Command=1))).result == 0
        assert here.printer.paused
        (info,) = unpack(infos.PRINTER_INFO_2, await told(client, handle, 2))
        assert await set_printer(client, handle, 2, fields(info, pComment="Bob's")) == 0
        moved = fields(info, pPortName="file:///etc")
        assert await set_printer(client, handle, 2, moved) == Win32.ACCESS_DENIED


async def test_publishing_waits_for_a_directory(here: Stand) -> None:
    async with here.client("root") as client:
        handle = await open_printer(client, access=ALL)
        assert await set_printer(client, handle, 7, PRINTER_INFO_7(dwAction=2)) == Win32.NOT_PUBLISHED
        assert await set_printer(client, handle, 7, PRINTER_INFO_7(dwAction=1)) == 0
        (found,) = unpack(infos.PRINTER_INFO_7, await told(client, handle, 7))
        assert found.dwAction == 0x80000001
        assert await set_printer(client, handle, 7, PRINTER_INFO_7(dwAction=4)) == 0
        (found,) = unpack(infos.PRINTER_INFO_7, await told(client, handle, 7))
        assert found.dwAction == 4


async def change_id(client: RpcClient, handle: ContextHandle) -> bytes:
    """By all three ways to ask for it."""
    by_name = rprn.RpcGetPrinterData(hPrinter=handle, pValueName="ChangeID", nSize=4)
    found = (await client.call(by_name)).pData
    (stress,) = unpack(infos.PRINTER_INFO_STRESS, await told(client, handle, 0))
    assert isinstance(stress, infos.PRINTER_INFO_STRESS)
    assert stress.cChangeID.to_bytes(4, "little") == found
    return found


async def test_a_printers_change_id_differs_after_each_change_of_its_data(here: Stand) -> None:
    async with here.client("root") as client:
        handle = await open_printer(client)
        seen = [await change_id(client, handle)]
        value = rprn_data.RpcSetPrinterData(hPrinter=handle, pValueName="k", Type=4, pData=bytes(4))
        key = rprn_data.RpcDeletePrinterKey(hPrinter=handle, pKeyName="PrinterDriverData")
        for call in (value, rprn_data.RpcDeletePrinterData(hPrinter=handle, pValueName="k"), value, key):
            assert (await client.call(call)).result == 0
            seen.append(await change_id(client, handle))
        assert len(set(seen)) == 5
        assert await change_id(client, handle) == seen[-1]


async def test_counters_are_set_by_nobody_and_a_printer_has_no_level_1_to_set(here: Stand) -> None:
    """[MS-RPRN] 3.1.4.2.5 has a table of commands and levels."""
    async with here.client("root") as client:
        handle = await open_printer(client)
        assert await set_printer(client, handle, 0, None) == Win32.INVALID_PARAMETER
        assert await set_printer(client, handle, 0, PRINTER_INFO_STRESS(cJobs=7)) == 0
        (stress,) = unpack(infos.PRINTER_INFO_STRESS, await told(client, handle, 0))
        assert isinstance(stress, infos.PRINTER_INFO_STRESS)
        assert stress.cJobs == 0
        assert await set_printer(client, handle, 1, PRINTER_INFO_1()) == Win32.INVALID_LEVEL
        assert await set_printer(client, handle, 10, None) == Win32.INVALID_LEVEL
