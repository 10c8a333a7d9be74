"""Which coroutine answers which call; and buffers, which all calls that list something fill alike."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from pagebell.dcerpc.ndr import Call, Struct
from pagebell.dcerpc.service import Caller, Handler
from pagebell.dcerpc.status import Fault, Status
from pagebell.model.errors import Refusal
from pagebell.winspool.buffers import Info, pack
from pagebell.winspool.server.desk import Desk
from pagebell.winspool.werror import Win32, Win32Error, code_of, hresult_of

log = logging.getLogger(__name__)
Answer = Callable[[Desk, Caller, Any], Awaitable[Struct]]
F = TypeVar("F", bound=Answer)

MOST_OCTETS, MOST_STRUCTURES = 1 << 20, 64
"""The largest array that a caller gets for naming a number alone, sending no octets for it."""
Sizes = tuple[tuple[str, str, int | Struct], ...]
"""Arrays of a reply, the parameters that tell their sizes, and octets of an element, or an empty structure."""


@dataclass(slots=True)
class Table:
    """Handlers by call."""

    answers: dict[type[Call], Answer] = field(default_factory=dict)
    sizes: dict[type[Call], Sizes] = field(default_factory=dict)
    hresults: set[type[Call]] = field(default_factory=set)

    def answers_to(self, *kinds: type[Call], sized: Sizes = (), hresult: bool = False) -> Callable[[F], F]:
        """Register a coroutine; `sized` names arrays of the reply, and the parameters with their sizes.

        With `hresult`, error codes are told as HRESULTs, as some calls of [MS-PAR] have it.
        """

        def register(answer: F) -> F:
            for kind in kinds:
                if kind in self.answers:
                    raise TypeError(f"{kind.__name__} has a handler")
                self.answers[kind], self.sizes[kind] = answer, sized
                if hresult:
                    self.hresults.add(kind)
            return answer

        return register

    def handler(self, kind: type[Call], desk: Desk) -> Handler[Any] | None:
        """The handler of a call, or of the call that it inherits from; None where there is none."""
        origin = next((one for one in kind.__mro__ if one in self.answers), None)
        if origin is None:
            return None
        answer, sized, hresult = self.answers[origin], self.sizes[origin], origin in self.hresults

        async def handle(caller: Caller, call: Call) -> Struct:
            for _, parameter, unit in sized:
                if getattr(call, parameter) > (MOST_OCTETS if isinstance(unit, int) else MOST_STRUCTURES):
                    raise Fault(Status.REMOTE_NO_MEMORY)
            try:
                return await answer(desk, caller, call)
            except Refusal as refusal:
                code = code_of(refusal)
                log.info("%s: %s: %s", caller.peer, type(call).__name__, refusal)
            except Win32Error as error:
                code = error.code
            result = hresult_of(code) if hresult else code
            return cast(Struct, cast(Any, kind).Reply(**_blank(call, kind, sized), result=result))

        return handle


def _blank(call: Call, kind: type[Call], sized: Sizes) -> dict[str, Any]:
    """The arrays of a reply that says no more than an error code; they must be there all the same."""
    reply = cast(Any, kind).Reply
    values: dict[str, Any] = {}
    for field_ in dataclasses.fields(reply):
        offered = getattr(call, field_.name, None)
        if isinstance(offered, bytes):
            values[field_.name] = bytes(len(offered))
        elif isinstance(offered, int) and field_.name != "result":
            values[field_.name] = offered
        elif isinstance(offered, tuple):
            values[field_.name] = (0,) * len(offered)
    for array, parameter, unit in sized:
        count = getattr(call, parameter)
        if isinstance(unit, int):
            values[array] = bytes(count) if unit == 1 else (0,) * (count // unit)
        else:
            values[array] = (unit,) * count
    return values


# ---------------------------------------------------------------- buffers


@dataclass(frozen=True, slots=True)
class Filled:
    """A buffer for the way back. [MS-RPRN] 3.1.4.1.9"""

    buffer: bytes | None
    needed: int
    returned: int
    result: int


def offered(buffer: bytes | None, size: int) -> None:
    """Refuse a buffer that is not there, or not of the size that the caller says."""
    if (len(buffer) if buffer is not None else 0) != size:
        raise Win32Error(Win32.INVALID_USER_BUFFER)


def fill(buffer: bytes | None, size: int, kind: type[Info], values: Sequence[Info]) -> Filled:
    """Put structures into what the caller offers; tell how much it takes where that is too small."""
    return fill_octets(buffer, size, pack(kind, values), len(values))


def fill_octets(buffer: bytes | None, size: int, octets: bytes, count: int = 1) -> Filled:
    """The same of octets."""
    offered(buffer, size)
    if len(octets) > size:
        blank = None if buffer is None else bytes(size)
        return Filled(blank, len(octets), 0, Win32.INSUFFICIENT_BUFFER)
    return Filled(None if buffer is None else octets.ljust(size, b"\0"), len(octets), count, Win32.SUCCESS)
