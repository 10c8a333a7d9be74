"""Who wants to hear of which events: an index by scope, so that an event is matched once for each distinct filter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from pagebell.model.event import Event, EventKind, JobId, PrinterId
from pagebell.model.subscription import SERVER, Filter, Scope

T = TypeVar("T")


class Audience(Generic[T]):
    """Members, each with a filter. What it costs to find an event's hearers does not grow with the others."""

    def __init__(self) -> None:
        self._scopes: dict[Scope, dict[Filter, set[T]]] = {}
        self._of_jobs: dict[JobId, set[Scope]] = {}
        """Scopes of jobs, by the job,"""
        self._jobs_of: dict[PrinterId, set[Scope]] = {}
        """and by its printer."""
        self._with: dict[PrinterId, set[Scope]] = {}
        """Scopes of some printers, by each of them."""
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def join(self, filter_: Filter, member: T) -> None:
        """Let the member hear; one that does already stays what it is."""
        scope = filter_.scope
        members = self._scopes.setdefault(scope, {}).setdefault(filter_, set())
        self._size += member not in members
        members.add(member)
        for index, key in self._indexes(scope):
            index.setdefault(key, set()).add(scope)

    def leave(self, filter_: Filter, member: T) -> None:
        """Forget a member; one that is not known is no matter."""
        scope = filter_.scope
        filters = self._scopes.get(scope, {})
        members = filters.get(filter_, set())
        if member not in members:
            return
        members.discard(member)
        self._size -= 1
        if not members:
            del filters[filter_]
        if filters:
            return
        del self._scopes[scope]
        for index, key in self._indexes(scope):
            index[key].discard(scope)
            if not index[key]:
                del index[key]

    def _indexes(self, scope: Scope) -> list[tuple[dict[Any, set[Scope]], int]]:
        """Where a scope is found by its job and its printers."""
        if scope.job is not None and scope.printer is not None:
            return [(self._of_jobs, scope.job), (self._jobs_of, scope.printer)]
        return [(self._with, printer) for printer in scope.printers]

    def hearers(self, event: Event) -> list[T]:
        """Whose filters match."""
        return [
            member
            for filters in self._candidates(event)
            for filter_, members in filters.items()
            if filter_.matches(event)
            for member in members
        ]

    def wants(self, kinds: frozenset[EventKind]) -> bool:
        """Whether some member listens to the server as a whole for one of these kinds."""
        return any(kinds & filter_.kinds for filter_ in self._scopes.get(SERVER, ()))

    def _candidates(self, event: Event) -> Iterator[dict[Filter, set[T]]]:
        scopes, printer = [SERVER], event.printer_id
        if printer is not None:
            scopes += (Scope(printer), *self._with.get(printer, ()))
            scopes += (
                self._jobs_of.get(printer, ()) if event.job is None else self._of_jobs.get(event.job, ())
            )
        if event.resource is not None:
            scopes.append(Scope(resource=event.resource))
        for scope in scopes:
            filters = self._scopes.get(scope)
            if filters is not None:
                yield filters

    def __iter__(self) -> Iterator[T]:
        for filters in self._scopes.values():
            for members in filters.values():
                yield from members
