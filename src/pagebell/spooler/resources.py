"""Use cases of resources: images, colour profiles and words that administrators install for printers (PWG 5100.22)."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from pagebell.model.access import Principal, Right
from pagebell.model.document import DocumentKey
from pagebell.model.errors import (
    DocumentDamaged,
    NotFound,
    TooLarge,
    TooMany,
    Unsupported,
    UnsupportedFormat,
    WrongState,
)
from pagebell.model.event import Event, EventKind, PrinterName, ResourceId, ResourceState
from pagebell.model.lifecycle import printer_event, settle
from pagebell.model.printer import Printer
from pagebell.model.resource import (
    CANCEL_REQUESTED,
    FORMATS,
    UNKNOWN_RELEASE,
    Cause,
    Data,
    Release,
    Resource,
    doomed,
    resource_event,
    step,
)
from pagebell.model.subscription import Scope, Subscription
from pagebell.spooler.changing import contents
from pagebell.spooler.formats import HEAD, detect
from pagebell.spooler.intake import SubscriptionWish
from pagebell.spooler.ledger import Ledger, to_end
from pagebell.spooler.ports import Change, Signers, Stored, Upload
from pagebell.spooler.subscriptions import Subscriptions

LEAST_HISTORY: Final = 300.0
"""Seconds that a resource is told of at least when it is over (PWG 5100.22 4.6.1)."""


@dataclass(frozen=True, slots=True)
class DataSpec:
    """What is said of a resource's data before the octets come."""

    format: str
    signature: tuple[bytes, ...] = ()
    version: bytes = b""
    string_version: str = ""
    patches: str = ""
    language: str = ""
    """What its words are in, where that was not said before."""


class Resources:
    """Everything that can be done with resources. Whoever administers the server may change them; all may look."""

    def __init__(self, ledger: Ledger, subscriptions: Subscriptions, signers: Signers) -> None:
        self._ledger = ledger
        self._subscriptions = subscriptions
        self._signers = signers
        self._creating = asyncio.Lock()
        """One at a time, so that there are never more than there may be."""
        self._incoming: dict[ResourceId, int] = {}
        """The octets that have come so far, of each that is on its way in."""

    # --- asking ---

    def resource(self, number: ResourceId) -> Resource:
        """Raises NotFound."""
        try:
            return self._ledger.resources[number]
        except KeyError:
            raise NotFound(f"there is no resource {number}") from None

    def all(self) -> list[Resource]:
        """All of them, by id; those that are over stay as long as events do."""
        return [self._ledger.resources[number] for number in sorted(self._ledger.resources)]

    def of_printer(self, printer: Printer) -> list[Resource]:
        """Those that the printer has been given, in that order."""
        return [self._ledger.resources[number] for number in printer.resources]

    def unusable(self, numbers: Iterable[ResourceId]) -> ResourceId | None:
        """The first of these that no printer can be given."""
        known = self._ledger.resources
        return next((n for n in numbers if n not in known or not known[n].is_usable), None)

    def uses(self, number: ResourceId) -> int:
        """How many printers have been given it, and how many living jobs (resource-use-count)."""
        printers = sum(number in printer.resources for printer in self._ledger.printers.values())
        return printers + self._ledger.roster.uses(number)

    def lendable(self, name: PrinterName, numbers: Iterable[ResourceId]) -> tuple[ResourceId, ...]:
        """Those of these that a job at that printer may use (PWG 5100.22 8.2). Raises NotFound."""
        return self._ledger.lendable(name, numbers)

    def is_incoming(self, number: ResourceId) -> bool:
        """Whether its data are just coming in."""
        return number in self._incoming

    def read(self, resource: Resource) -> AsyncIterator[bytes]:
        """Its octets, in chunks. Raises NotFound where there are none."""
        if resource.data is None or not resource.has_octets:
            raise NotFound(f"there is nothing in resource {resource.id}")
        return self._ledger.documents.read(resource.data.key)

    # --- its life ---

    async def create(
        self,
        kind: str,
        by: Principal,
        *,
        name: str = "",
        info: str = "",
        language: str = "",
        release: Release = UNKNOWN_RELEASE,
        subscriptions: Sequence[SubscriptionWish] = (),
    ) -> tuple[Resource, tuple[Subscription, ...]]:
        """Begin a resource whose data are still to come, with as many of the subscriptions as there is room for.

        Raises NotAuthorized, Unsupported for a kind that there is not, TooMany.
        """
        by.demand(Right.ADMINISTER)
        self._ledger.refuse_if_stopping()
        if kind not in FORMATS:
            raise Unsupported(f"there are no resources of type {kind} here", "resource-type")
        async with self._creating:
            if len(self._ledger.resources) >= self._ledger.policy.max_resources:
                raise TooMany(
                    f"the server has {len(self._ledger.resources)} resources, as many as it may have"
                )
            number, now = self._ledger.next_resource_id(), self._ledger.clock.now()
            resource = Resource(
                *(number, str(uuid.uuid4()), kind, name or f"{kind}-{number}", info, now, language),
                release=release,
            )
            granted = self._subscriptions.of_new(Scope(resource=number), subscriptions, by)
            event = resource_event(resource, now, EventKind.RESOURCE_CREATED)
            change = Change(resources=(resource,), events=(event,), subscriptions=granted)
            try:
                await self._ledger.commit(change)
            finally:
                self._subscriptions.leave_places(granted)
        return resource, granted

    async def fill(
        self, number: ResourceId, spec: DataSpec, body: AsyncIterator[bytes], by: Principal
    ) -> Resource:
        """Store the data of a resource that has none. What breaks on the way leaves it as it was.

        Raises NotFound, NotAuthorized, WrongState, UnsupportedFormat, DocumentDamaged, TooLarge, NoRoom, Unsupported
        for a signature that does not count, and what `body` raises.
        """
        by.demand(Right.ADMINISTER)
        resource = self.resource(number)
        step(resource, Cause.ARRIVE, 0.0)
        if number in self._incoming:
            raise WrongState(f"the data of resource {number} are coming in already")
        if spec.format not in FORMATS[resource.type]:
            raise UnsupportedFormat(
                f"a resource of type {resource.type} is {' or '.join(FORMATS[resource.type])}, not {spec.format}"
            )
        key = DocumentKey(f"r{number}-{uuid.uuid4().hex}")
        upload = self._ledger.documents.create(key)
        self._incoming[number] = 0
        try:
            await self._receive(number, spec.format, upload, body)
            return await to_end(self._filled(number, spec, key, upload))
        finally:
            del self._incoming[number]
            found = self._ledger.resources.get(number)
            if found is None or found.data is None:
                await upload.abort()

    async def _receive(
        self, number: ResourceId, format_: str, upload: Upload, body: AsyncIterator[bytes]
    ) -> None:
        policy, head = self._ledger.policy, b""
        async for chunk in body:
            self._incoming[number] += len(chunk)
            if self._incoming[number] > policy.max_resource:
                raise TooLarge(f"a resource may have {policy.max_resource} octets here")
            if self._octets() > policy.max_resources_octets:
                raise TooLarge(f"all resources together may have {policy.max_resources_octets} octets here")
            head += chunk[: HEAD - len(head)]
            await upload.write(chunk)
        _check(head, format_)

    def _octets(self) -> int:
        """Of all that are kept and of all that are coming."""
        kept = {r.id: r.data.octets for r in self._ledger.resources.values() if r.data and r.has_octets}
        return sum((kept | self._incoming).values())

    async def _filled(self, number: ResourceId, spec: DataSpec, key: DocumentKey, upload: Upload) -> Resource:
        stored: Stored = await upload.commit()
        said = self.resource(number).release
        data = Data(
            *(key, spec.format, stored.octets, stored.digest, spec.signature),
            version=spec.version or said.version,
            string_version=spec.string_version or said.string_version,
            patches=spec.patches or said.patches,
        )
        if not self._is_sound(data):
            raise Unsupported("the signature is of nobody who is trusted here", "resource-signature")

        def decide() -> Change:
            old = self.resource(number)
            old = replace(old, language=spec.language or old.language)
            new, event = step(old, Cause.ARRIVE, self._ledger.clock.now(), data=data)
            return Change(resources=(new,), events=(event,), contents=contents(stored.content))

        await self._ledger.update(decide)
        return self.resource(number)

    def _is_sound(self, data: Data) -> bool:
        """Whether every signature that the data have is good (PWG 5100.22 14.5); their formats have none in them."""
        digest = bytes.fromhex(data.digest)
        return all(self._signers.is_signed(signature, digest) for signature in data.signature)

    async def install(self, number: ResourceId, by: Principal) -> Resource:
        """Let printers be given it, if its data are still what was sent, and what was signed.

        Raises NotFound, NotAuthorized, DocumentDamaged; WrongState also if its signature does not count any more.
        """
        by.demand(Right.ADMINISTER)
        step(self.resource(number), Cause.INSTALL, 0.0)
        await self._validate(self.resource(number))

        def decide() -> Change:
            new, event = step(self.resource(number), Cause.INSTALL, self._ledger.clock.now())
            return Change(resources=(new,), events=(event,))

        await self._ledger.update(decide)
        return self.resource(number)

    async def _validate(self, resource: Resource) -> None:
        """Look at the data once more (PWG 5100.22 6.2.4). Raises DocumentDamaged, WrongState."""
        data, digest, head = resource.data, hashlib.sha256(), b""
        if data is None:
            return
        async for chunk in self.read(resource):
            digest.update(chunk)
            head += chunk[: HEAD - len(head)]
        _check(head, data.format)
        if digest.hexdigest() != data.digest:
            raise DocumentDamaged(f"the data of resource {resource.id} are not what was sent")
        if not self._is_sound(data):
            raise WrongState(
                f"the signature of resource {resource.id} is of nobody who is trusted here any more"
            )

    async def cancel(self, number: ResourceId, by: Principal, message: str = "") -> Resource:
        """End it, or, where printers or jobs use it, let it end when the last of them lets go.

        Raises NotFound, NotAuthorized, WrongState.
        """
        by.demand(Right.ADMINISTER)

        def act(old: Resource, now: float, message: str) -> tuple[Resource, Event]:
            if old.is_over:
                raise WrongState(f"resource {number} is cancelled already")
            return (doomed if self.uses(number) else _canceled)(old, now, message)

        await self._end(number, act, message)
        return self.resource(number)

    async def _end(self, number: ResourceId, act: _Act, message: str) -> None:
        """Store what `act` makes of it; with its end its octets go. Raises NotFound, WrongState."""
        gone: tuple[DocumentKey, ...] = ()

        def decide() -> Change:
            nonlocal gone
            new, event = act(self.resource(number), self._ledger.clock.now(), message)
            gone = () if new.data is None or new.has_octets else (new.data.key,)
            return Change(resources=(new,), events=(event,), gone_contents=gone)

        await self._ledger.update(decide)
        await self._ledger.documents.delete(gone)

    async def change(
        self, number: ResourceId, by: Principal, *, name: str | None = None, info: str | None = None
    ) -> Resource:
        """Give it another name or description. Raises NotFound, NotAuthorized; WrongState for one that is over."""
        by.demand(Right.ADMINISTER)
        wish: dict[str, Any] = {
            key: value for key, value in (("name", name), ("info", info)) if value is not None
        }

        def decide() -> Change | None:
            old = self.resource(number)
            if old.is_over:
                raise WrongState(f"resource {number} is over: it can't be changed")
            names = tuple(key for key, value in wish.items() if getattr(old, key) != value)
            if not names:
                return None
            new = replace(old, version=old.version + 1, **wish)
            event = resource_event(new, self._ledger.clock.now(), EventKind.RESOURCE_CONFIG_CHANGED, names)
            return Change(resources=(new,), events=(event,))

        await self._ledger.update(decide)
        return self.resource(number)

    # --- at printers ---

    async def allocate(self, name: PrinterName, numbers: Collection[ResourceId], by: Principal) -> None:
        """Give a printer installed resources.

        Raises NotFound, NotAuthorized; Unsupported for a resource that it can't be given.
        """
        self._ledger.at(name, by).demand(Right.ADMINISTER)

        def decide() -> Change | None:
            held = self._ledger.printer(name).resources
            new = [number for number in dict.fromkeys(numbers) if number not in held]
            if not new:
                return None
            taken = self._ledger.take_resources(new)
            return replace(self._given(name, (*held, *new)), resources=taken)

        await self._ledger.update(decide)

    async def deallocate(self, name: PrinterName, numbers: Collection[ResourceId], by: Principal) -> None:
        """Take resources from a printer. Raises NotFound, NotAuthorized; Unsupported for one that it does not have."""
        self._ledger.at(name, by).demand(Right.ADMINISTER)

        def decide() -> Change:
            held = self._ledger.printer(name).resources
            foreign = next((number for number in numbers if number not in held), None)
            if foreign is not None:
                raise Unsupported(f"printer {name} does not have resource {foreign}", "resource-ids")
            return self._given(name, tuple(number for number in held if number not in numbers))

        await self._ledger.update(decide)
        await self._end_unused()

    def _given(self, name: PrinterName, resources: tuple[ResourceId, ...]) -> Change:
        old, now = self._ledger.printer(name), self._ledger.clock.now()
        settled, events = settle(old, replace(old, resources=resources, changed=now), now)
        told = printer_event(settled, now, EventKind.PRINTER_CONFIG_CHANGED, ("resources",))
        return Change(printers=(settled,), events=(*events, told))

    # --- housekeeping ---

    async def tidy(self) -> None:
        """End what nobody uses any more or never came, and forget what has been over for as long as events live."""
        now, policy = self._ledger.clock.now(), self._ledger.policy
        history = max(LEAST_HISTORY, policy.event_life)
        await self._end_unused()
        for resource in self.all():
            idle = resource.state is ResourceState.PENDING and not self.is_incoming(resource.id)
            if idle and now - resource.created >= policy.open_job_timeout:
                await self._step(resource.id, _aborted, "Its data did not come.")
        over = [r for r in self.all() if r.ended_at is not None and r.ended_at <= now - history]
        gone = [resource for resource in over if not self.uses(resource.id)]
        if gone:
            await self._forget(gone)

    async def _end_unused(self) -> None:
        for resource in self.all():
            if CANCEL_REQUESTED in resource.reasons and not self.uses(resource.id):
                await self._step(resource.id, _canceled, resource.message)

    async def _step(self, number: ResourceId, act: _Act, message: str) -> None:
        with suppress(NotFound, WrongState):  # somebody was faster
            await self._end(number, act, message)

    async def _forget(self, gone: Sequence[Resource]) -> None:
        numbers = tuple(resource.id for resource in gone)
        scopes = (Scope(resource=number) for number in numbers)
        listening = tuple(s.id for scope in scopes for s in self._ledger.events.select(scope=scope))
        await self._ledger.commit(Change(gone_resources=numbers, gone_subscriptions=listening))


_Act = Callable[[Resource, float, str], tuple[Resource, Event]]


def _canceled(resource: Resource, now: float, message: str) -> tuple[Resource, Event]:
    return step(resource, Cause.CANCEL, now, message)


def _aborted(resource: Resource, now: float, message: str) -> tuple[Resource, Event]:
    return step(resource, Cause.ABORT, now, message)


def _check(head: bytes, format_: str) -> None:
    """Raise DocumentDamaged for what does not begin as its format does."""
    found = "application/vnd.iccprofile" if head[36:40] == b"acsp" else detect(head)
    if found != {"text/strings": "text/plain"}.get(format_, format_):
        raise DocumentDamaged(f"that is no {format_}")
