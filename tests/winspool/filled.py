"""Values of declared structures with something in every place, for proofs that want octets of all of them."""

from __future__ import annotations

import dataclasses
import types
import typing
from enum import IntEnum
from typing import Any, TypeVar
from uuid import UUID

from pagebell.dcerpc.ndr import ContextHandle, Struct
from pagebell.dcerpc.ndr.types import Array, Text, fixed
from pagebell.model.document import Ticket
from pagebell.winspool.devmode import encode
from pagebell.winspool.idl.containers import DEVMODE_CONTAINER, SECURITY_CONTAINER
from pagebell.winspool.idl.rprn_ports import MONITOR_CONTAINER, MONITOR_INFO_2, PORT_CONTAINER, PORT_INFO_3
from pagebell.winspool.security import PRINTER_SECURITY

S = TypeVar("S", bound=Struct)
COUNT = 8
"""Of every number, octets and elements, so that what counts something is right by itself."""


LISTS = {"pDependentFiles", "pszzPreviousNames", "pszzColorProfiles", "pszzCoreDriverDependencies"}
"""Texts of which each is a list: one terminated text after the other, and an empty one."""
SPECIAL: dict[type[Struct], Struct] = {
    DEVMODE_CONTAINER: DEVMODE_CONTAINER(pDevMode=encode(Ticket(), "p1", 300, color=False)),
    SECURITY_CONTAINER: SECURITY_CONTAINER(pSecurity=PRINTER_SECURITY),
    PORT_CONTAINER: PORT_CONTAINER(Level=3, PortInfo=PORT_INFO_3(dwStatus=2, pszStatus="jam", dwSeverity=1)),
    MONITOR_CONTAINER: MONITOR_CONTAINER(Level=2, MonitorInfo=MONITOR_INFO_2(pName="m", pDLLName="m.dll")),
}
"""Octets that have a form of their own, and unions of which other people's programs want to know an arm."""


def filled(kind: type[S]) -> S:
    """A value; unions stay as they are without one."""
    if kind in SPECIAL:
        return typing.cast(S, SPECIAL[kind])
    hints = typing.get_type_hints(kind, include_extras=True)
    values: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        value = _value(hints[field.name], field) if field.init else None
        if value is not None:
            values[field.name] = value
    return kind(**values)


def _value(hint: Any, field: dataclasses.Field[Any]) -> Any:
    required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        hint = next(arm for arm in typing.get_args(hint) if arm is not type(None))
    plain, marks = hint, ()
    if typing.get_origin(hint) is typing.Annotated:
        plain, *rest = typing.get_args(hint)
        marks = tuple(rest)
    if plain is int:
        return COUNT if required or (isinstance(field.default, int) and field.default == 0) else None
    if plain is str:
        several = any(isinstance(m, Text) and not m.varying for m in marks)
        text = "xx\0yyy\0" if several and field.name in LISTS else "x" * (COUNT - 1)
        return text if any(isinstance(m, Text) for m in marks) else None
    if plain is bytes:
        return b"12345678"
    if plain is ContextHandle:
        return ContextHandle(UUID(int=5))
    if plain is UUID:
        return UUID(int=7)
    if isinstance(plain, type) and issubclass(plain, IntEnum):
        return list(plain)[-1] if required else None
    if isinstance(plain, type) and issubclass(plain, Struct):
        return filled(plain)
    if typing.get_origin(plain) is tuple:
        return _elements(plain, marks)
    return None


def _elements(plain: Any, marks: tuple[Any, ...]) -> Any:
    of = typing.get_args(plain)[0]
    count = next((m.count for m in marks if isinstance(m, fixed)), COUNT)
    if not any(isinstance(m, Array | fixed) for m in marks):
        return None
    if typing.get_origin(of) is typing.Annotated and typing.get_args(of)[0] is int:
        return (1,) * count
    return None
