"""Forms: paper sizes by name. [MS-RPRN] 3.1.4.5"""

from __future__ import annotations

from pagebell.dcerpc.service import Caller
from pagebell.model.access import Right
from pagebell.model.errors import AlreadyExists, NotFound
from pagebell.winspool import infos
from pagebell.winspool.buffers import Info
from pagebell.winspool.constants import FormFlags
from pagebell.winspool.idl.containers import FORM_CONTAINER
from pagebell.winspool.idl.rprn_setup import RpcAddForm, RpcDeleteForm, RpcEnumForms, RpcGetForm, RpcSetForm
from pagebell.winspool.idl.types import RPC_FORM_INFO_2, Result
from pagebell.winspool.server.desk import Desk
from pagebell.winspool.server.meaning import FORM_ADDED, FORM_DELETED, FORM_SET
from pagebell.winspool.server.table import Table, fill
from pagebell.winspool.werror import Win32, Win32Error

calls = Table()
_KINDS: dict[int, type[Info]] = {1: infos.FORM_INFO_1, 2: infos.FORM_INFO_2}


def _told(form: infos.FORM_INFO_2, level: int) -> Info:
    if level == 2:
        return form
    return infos.FORM_INFO_1(
        Flags=form.Flags, pName=form.pName, Size=form.Size, ImageableArea=form.ImageableArea
    )


def _kind(level: int) -> type[Info]:
    if level not in _KINDS:
        raise Win32Error(Win32.INVALID_LEVEL)
    return _KINDS[level]


def _wanted(container: FORM_CONTAINER) -> infos.FORM_INFO_2:
    """The form that a client describes. Raises Win32Error."""
    info = container.FormInfo
    if info is None:
        raise Win32Error(Win32.INVALID_LEVEL if container.Level not in _KINDS else Win32.INVALID_PARAMETER)
    if not info.pName:
        raise Win32Error(Win32.INVALID_FORM_NAME)
    size, area = info.Size, info.ImageableArea
    if size.cx <= 0 or size.cy <= 0:
        raise Win32Error(Win32.INVALID_FORM_SIZE)
    if info.Flags not in (FormFlags.USER, FormFlags.BUILTIN, FormFlags.PRINTER):
        raise Win32Error(Win32.INVALID_PARAMETER)
    form = infos.FORM_INFO_2(
        Flags=info.Flags,
        pName=info.pName,
        Size=(size.cx, size.cy),
        ImageableArea=(area.left, area.top, area.right, area.bottom),
        pDisplayName=info.pName,
    )
    if isinstance(info, RPC_FORM_INFO_2):
        given = {
            name: getattr(info, name)
            for name in ("pKeyword", "StringType", "pMuiDll", "dwResourceId", "pDisplayName", "wLangID")
        }
        form = infos.FORM_INFO_2(
            Flags=form.Flags, pName=form.pName, Size=form.Size, ImageableArea=form.ImageableArea, **given
        )
    return form


@calls.answers_to(RpcEnumForms)
async def enum_forms(desk: Desk, caller: Caller, call: RpcEnumForms) -> RpcEnumForms.Reply:
    """[MS-RPRN] 3.1.4.5.5"""
    desk.opened(caller, call.hPrinter)
    kind = _kind(call.Level)
    filled = fill(call.pForm, call.cbBuf, kind, [_told(form, call.Level) for form in desk.forms.all()])
    return RpcEnumForms.Reply(
        pForm=filled.buffer, pcbNeeded=filled.needed, pcReturned=filled.returned, result=filled.result
    )


@calls.answers_to(RpcGetForm)
async def get_form(desk: Desk, caller: Caller, call: RpcGetForm) -> RpcGetForm.Reply:
    """[MS-RPRN] 3.1.4.5.3"""
    desk.opened(caller, call.hPrinter)
    kind, form = _kind(call.Level), desk.forms.get(call.pFormName)
    if form is None:
        raise Win32Error(Win32.INVALID_FORM_NAME)
    filled = fill(call.pForm, call.cbBuf, kind, [_told(form, call.Level)])
    return RpcGetForm.Reply(pForm=filled.buffer, pcbNeeded=filled.needed, result=filled.result)


@calls.answers_to(RpcAddForm)
async def add_form(desk: Desk, caller: Caller, call: RpcAddForm) -> Result:
    """[MS-RPRN] 3.1.4.5.1"""
    desk.opened(caller, call.hPrinter)
    (await desk.by(caller)).demand(Right.ADMINISTER)
    form = _wanted(call.pFormInfoContainer)
    try:
        await desk.forms.add(form)
    except AlreadyExists:
        raise Win32Error(Win32.FILE_EXISTS) from None
    await desk.spooler.system.announce(FORM_ADDED)
    return Result()


@calls.answers_to(RpcSetForm)
async def set_form(desk: Desk, caller: Caller, call: RpcSetForm) -> Result:
    """[MS-RPRN] 3.1.4.5.4"""
    desk.opened(caller, call.hPrinter)
    (await desk.by(caller)).demand(Right.ADMINISTER)
    form = _wanted(call.pFormInfoContainer)
    old = desk.forms.get(call.pFormName)
    if old is None or (form.pName or "").casefold() != call.pFormName.casefold():
        raise Win32Error(Win32.INVALID_FORM_NAME)
    if old.Flags == FormFlags.BUILTIN:
        raise Win32Error(Win32.INVALID_PARAMETER)
    await desk.forms.change(form)
    await desk.spooler.system.announce(FORM_SET)
    return Result()


@calls.answers_to(RpcDeleteForm)
async def delete_form(desk: Desk, caller: Caller, call: RpcDeleteForm) -> Result:
    """[MS-RPRN] 3.1.4.5.2"""
    desk.opened(caller, call.hPrinter)
    (await desk.by(caller)).demand(Right.ADMINISTER)
    form = desk.forms.get(call.pFormName)
    if form is not None and form.Flags == FormFlags.BUILTIN:
        raise Win32Error(Win32.INVALID_PARAMETER)
    try:
        await desk.forms.delete(call.pFormName)
    except NotFound:
        raise Win32Error(Win32.INVALID_FORM_NAME) from None
    await desk.spooler.system.announce(FORM_DELETED)
    return Result()
