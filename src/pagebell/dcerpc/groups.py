"""Association groups: connections of one client that share context handles (C706 9.3.3)."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pagebell.dcerpc.limits import DEFAULT, Limits
from pagebell.dcerpc.ndr import ContextHandle
from pagebell.dcerpc.status import Fault, Status

T = TypeVar("T")
RunDown = Callable[[Any], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Held:
    """What a context handle stands for, and what becomes of it when its client goes without closing it."""

    value: Any
    run_down: RunDown | None = None


@dataclass(slots=True)
class Handles:
    """The context handles of one association group."""

    limit: int = DEFAULT.handles
    new_uuid: Callable[[], uuid.UUID] = uuid.uuid4
    _held: dict[uuid.UUID, Held] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._held)

    def open(self, value: Any, run_down: RunDown | None = None) -> ContextHandle:
        """Return a new handle; `run_down(value)` is awaited if the client goes without closing it."""
        if len(self._held) >= self.limit:
            raise Fault(Status.REMOTE_NO_MEMORY)
        handle = ContextHandle(self.new_uuid())
        self._held[handle.uuid] = Held(value, run_down)
        return handle

    def get(self, handle: ContextHandle, kind: type[T]) -> T:
        """Return what a handle stands for; a null, stale, foreign or other kind of handle faults the call."""
        held = self._held.get(handle.uuid)
        if held is None or not isinstance(held.value, kind):
            raise Fault(Status.CONTEXT_MISMATCH)
        return held.value

    def close(self, handle: ContextHandle, kind: type[T]) -> T:
        """Forget a handle and return what it stood for."""
        value = self.get(handle, kind)
        del self._held[handle.uuid]
        return value

    def take_all(self) -> list[Held]:
        """Forget all handles and return what they stood for."""
        held, self._held = list(self._held.values()), {}
        return held


@dataclass(slots=True)
class Group:
    """One association group."""

    id: int
    handles: Handles
    connections: int = 0


class Groups:
    """All association groups of one transport of one server."""

    def __init__(
        self, limits: Limits = DEFAULT, new_id: Callable[[], int] = lambda: secrets.randbits(32)
    ) -> None:
        self._limits, self._new_id = limits, new_id
        self._groups: dict[int, Group] = {}

    def __len__(self) -> int:
        return len(self._groups)

    def join(self, wanted: int) -> Group | None:
        """Return a new group (`wanted` is 0) or one that lives, with one more connection; else None."""
        if wanted:
            group = self._groups.get(wanted)
        else:
            identifier = self._new_id()
            while not identifier or identifier in self._groups:
                identifier = self._new_id()
            group = self._groups[identifier] = Group(identifier, Handles(self._limits.handles))
        if group is not None:
            group.connections += 1
        return group

    def leave(self, group: Group) -> list[Held]:
        """Take a connection away; with the last one the group goes, and its handles are to be run down."""
        group.connections -= 1
        if group.connections > 0:
            return []
        self._groups.pop(group.id, None)
        return group.handles.take_all()
