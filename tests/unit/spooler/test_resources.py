"""The use cases of resources: their data, their printers, their end, and what a restart makes of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from pagebell.model.access import EVERYBODY, SYSTEM, Principal
from pagebell.model.errors import (
    DocumentDamaged,
    NoRoom,
    NotAuthorized,
    NotFound,
    Refusal,
    ServiceStopping,
    TooLarge,
    TooMany,
    Unsupported,
    UnsupportedFormat,
    WrongState,
)
from pagebell.model.event import RESOURCE_KINDS, EventKind, ResourceId, ResourceState
from pagebell.model.resource import CANCEL_REQUESTED, Resource
from pagebell.model.subscription import SERVER, Scope, Subscription
from pagebell.spooler.intake import SubscriptionWish
from pagebell.spooler.policy import Policy
from pagebell.spooler.resources import DataSpec
from tests.unit.spooler.stage import ADA, ID1, P1, P2, Stage

PNG = b"\x89PNG\r\n\x1a\n" + b"pixels"
ICC = b"\0" * 36 + b"acsp" + b"\0" * 90
IMAGE, PROFILE, STRINGS = "static-image", "static-icc-profile", "static-strings"


class Trusting:
    """`ports.Signers`: takes one signature for good, whatever it is of."""

    def __init__(self, good: bytes = b"sig") -> None:
        self._good = good

    def is_signed(self, signature: bytes, digest: bytes) -> bool:
        assert len(digest) == 32
        return signature == self._good


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def filled(
    stage: Stage, octets: bytes = PNG, kind: str = IMAGE, format_: str = "image/png"
) -> Resource:
    resource, _ = await stage.spooler.resources.create(kind, SYSTEM, name="Logo", info="Ours")
    return await stage.spooler.resources.fill(resource.id, DataSpec(format_), chunks(octets), SYSTEM)


async def installed(stage: Stage, octets: bytes = PNG) -> Resource:
    return await stage.spooler.resources.install((await filled(stage, octets)).id, SYSTEM)


async def octets_of(stage: Stage, number: ResourceId) -> bytes:
    resource = stage.spooler.resources.resource(number)
    return b"".join([chunk async for chunk in stage.spooler.resources.read(resource)])


async def told(stage: Stage, subscription: Subscription) -> list[str]:
    return [f"{n.event.kind} {n.event.resource}" for n in (await stage.read(subscription)).notifications]


async def test_resource_has_a_life_that_is_told_to_its_subscribers_and_the_servers() -> None:
    async with Stage() as stage:
        resources = stage.spooler.resources
        server = await stage.subscribe(SERVER, RESOURCE_KINDS)
        printers = await stage.subscribe(Scope(ID1), RESOURCE_KINDS)
        wish = SubscriptionWish(frozenset({EventKind.RESOURCE_STATE_CHANGED}))
        resource, (own,) = await resources.create(IMAGE, SYSTEM, subscriptions=[wish])
        assert (resource.state, resource.name) == (ResourceState.PENDING, "static-image-1")
        other, _ = await resources.create(STRINGS, SYSTEM)
        resource = await resources.fill(resource.id, DataSpec("image/png"), chunks(PNG[:3], PNG[3:]), SYSTEM)
        assert resource.data is not None
        assert (resource.data.octets, resource.data.format) == (len(PNG), "image/png")
        await resources.install(resource.id, SYSTEM)
        await resources.change(resource.id, SYSTEM, name="Logo")
        await resources.change(resource.id, SYSTEM, name="Logo")  # nothing new
        resource = await resources.cancel(resource.id, SYSTEM, "it is last year's")
        assert (resource.state, resource.message) == (ResourceState.CANCELED, "it is last year's")
        assert await told(stage, own) == [
            *("resource-created 1", "resource-state-changed 1", "resource-installed 1", "resource-canceled 1")
        ]
        assert await told(stage, server) == [
            *("resource-created 1", f"resource-created {other.id}", "resource-state-changed 1"),
            *("resource-installed 1", "resource-config-changed 1", "resource-canceled 1"),
        ]
        assert await told(stage, printers) == []


@pytest.mark.parametrize(
    ("kind", "format_", "octets", "refused"),
    [
        (IMAGE, "image/png", PNG, None),
        (IMAGE, "image/jpeg", b"\xff\xd8\xff\xe0rest", None),
        (PROFILE, "application/vnd.iccprofile", ICC, None),
        (STRINGS, "text/strings", b'"media.a4" = "A4";\n', None),
        (IMAGE, "image/png", b"", DocumentDamaged),
        (IMAGE, "image/png", b"\xff\xd8\xff\xe0rest", DocumentDamaged),
        (PROFILE, "application/vnd.iccprofile", PNG, DocumentDamaged),
        (STRINGS, "text/strings", b"\0\1", DocumentDamaged),
        (IMAGE, "text/strings", b"x", UnsupportedFormat),
        (STRINGS, "text/html", b"<script>", UnsupportedFormat),
        (IMAGE, "image/png", PNG * 100, TooLarge),
    ],
)
async def test_data_are_what_they_are_said_to_be(
    kind: str, format_: str, octets: bytes, refused: type[Refusal] | None
) -> None:
    async with Stage(policy=Policy(max_resource=1000)) as stage:
        if refused is None:
            resource = await filled(stage, octets, kind, format_)
            assert await octets_of(stage, resource.id) == octets
            return
        with pytest.raises(refused):
            await filled(stage, octets, kind, format_)
        (resource,) = stage.spooler.resources.all()
        assert (resource.state, resource.data) == (ResourceState.PENDING, None)
        assert not stage.spooler.resources.is_incoming(resource.id)
        assert not stage.documents.documents


async def test_all_resources_together_have_a_bound_also_while_they_come() -> None:
    async with Stage(policy=Policy(max_resources_octets=2 * len(PNG))) as stage:
        resources = stage.spooler.resources
        await filled(stage)
        one, _ = await resources.create(IMAGE, SYSTEM)
        other, _ = await resources.create(IMAGE, SYSTEM)
        go_on = asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            yield PNG[:9]
            await go_on.wait()
            yield PNG[9:]

        coming = asyncio.ensure_future(resources.fill(one.id, DataSpec("image/png"), slow(), SYSTEM))
        await stage.clock.settle()
        assert resources.is_incoming(one.id)
        with pytest.raises(WrongState, match="coming in already"):
            await resources.fill(one.id, DataSpec("image/png"), chunks(PNG), SYSTEM)
        with pytest.raises(TooLarge):
            await resources.fill(other.id, DataSpec("image/png"), chunks(PNG), SYSTEM)
        go_on.set()
        assert (await coming).state is ResourceState.AVAILABLE


async def test_bound_holds_for_data_that_began_to_come_before_others_were_stored() -> None:
    async with Stage(policy=Policy(max_resources_octets=2 * len(PNG) - 1)) as stage:
        resources = stage.spooler.resources
        late, _ = await resources.create(IMAGE, SYSTEM)
        go_on = asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            yield PNG[:8]
            await go_on.wait()
            yield PNG[8:]

        coming = asyncio.ensure_future(resources.fill(late.id, DataSpec("image/png"), slow(), SYSTEM))
        await stage.clock.settle()
        await filled(stage)
        go_on.set()
        with pytest.raises(TooLarge):
            await coming


async def test_upload_that_breaks_off_can_be_made_anew() -> None:
    async with Stage() as stage:
        resource, _ = await stage.spooler.resources.create(IMAGE, SYSTEM)

        async def broken() -> AsyncIterator[bytes]:
            yield PNG
            raise ConnectionResetError

        with pytest.raises(ConnectionResetError):
            await stage.spooler.resources.fill(resource.id, DataSpec("image/png"), broken(), SYSTEM)
        assert not stage.documents.documents
        again = await stage.spooler.resources.fill(
            resource.id, DataSpec("image/png", language="de"), chunks(PNG), SYSTEM
        )
        assert (again.state, again.language) == (ResourceState.AVAILABLE, "de")


async def test_only_administrators_change_resources() -> None:
    async with Stage() as stage:
        number = (await installed(stage)).id
        resources = stage.spooler.resources
        bob = Principal("bob", rights=EVERYBODY)
        for act in (
            resources.create(IMAGE, bob),
            resources.fill(number, DataSpec("image/png"), chunks(PNG), bob),
            resources.install(number, bob),
            resources.cancel(number, bob),
            resources.change(number, bob, name="x"),
            resources.allocate(P1, [number], bob),
            resources.deallocate(P1, [number], bob),
        ):
            with pytest.raises(NotAuthorized):
                await act
        with pytest.raises(Unsupported):
            await resources.create("executable-firmware", SYSTEM)
        with pytest.raises(NotFound):
            await resources.install(ResourceId(99), SYSTEM)


async def test_printer_keeps_what_it_was_given_until_it_lets_go() -> None:
    async with Stage() as stage:
        resources = stage.spooler.resources
        await stage.add("p2")
        logo, pending = await installed(stage), await filled(stage)
        for printer in (P1, P2):
            await resources.allocate(printer, [logo.id, logo.id], SYSTEM)
            await resources.allocate(printer, [logo.id], SYSTEM)
        assert resources.uses(logo.id) == 2
        assert [one.id for one in resources.of_printer(stage.printer)] == [logo.id]
        for numbers in ([pending.id], [ResourceId(99)], [logo.id, pending.id]):
            with pytest.raises(Unsupported):
                await resources.allocate(P1, numbers, SYSTEM)
        with pytest.raises(Unsupported):
            await resources.deallocate(P1, [pending.id], SYSTEM)
        doomed = await resources.cancel(logo.id, SYSTEM)
        assert (doomed.state, doomed.reasons) == (ResourceState.INSTALLED, {CANCEL_REQUESTED})
        assert await octets_of(stage, logo.id) == PNG
        await resources.deallocate(P1, [logo.id], SYSTEM)
        with pytest.raises(Unsupported):
            await resources.allocate(P1, [logo.id], SYSTEM)
        await stage.spooler.printers.remove(P2, SYSTEM)
        await stage.clock.advance(stage.policy.housekeeping)
        assert resources.resource(logo.id).state is ResourceState.CANCELED


async def test_resource_is_either_given_or_cancelled() -> None:
    """Both at once: whoever is first decides, and no printer is left with a resource that is over."""
    async with Stage() as stage:
        resources = stage.spooler.resources
        for _ in range(10):
            number = (await installed(stage)).id
            given, _ = await asyncio.gather(
                resources.allocate(P1, [number], SYSTEM),
                resources.cancel(number, SYSTEM),
                return_exceptions=True,
            )
            state, uses = resources.resource(number).state, resources.uses(number)
            assert (state is ResourceState.CANCELED) is (uses == 0) is isinstance(given, Unsupported)


async def test_resources_survive_a_restart() -> None:
    async with Stage() as stage:
        logo = await installed(stage)
        half, (watch,) = await stage.spooler.resources.create(
            IMAGE, SYSTEM, subscriptions=[SubscriptionWish(RESOURCE_KINDS)]
        )
        await stage.spooler.resources.allocate(P1, [logo.id], SYSTEM)
        logo = stage.spooler.resources.resource(logo.id)
        await stage.restart()
        resources = stage.spooler.resources
        assert resources.all() == [logo, half]
        assert await octets_of(stage, logo.id) == PNG
        assert resources.uses(logo.id) == 1
        await resources.cancel(half.id, SYSTEM)
        assert await told(stage, watch) == ["resource-created 2", "resource-canceled 2"]
        with pytest.raises(WrongState):
            await stage.subscribe(Scope(resource=half.id), RESOURCE_KINDS)
        with pytest.raises(NotFound):
            await stage.subscribe(Scope(resource=ResourceId(99)), RESOURCE_KINDS)
        third, _ = await resources.create(IMAGE, SYSTEM)
        assert third.id == 3


async def test_what_is_over_is_forgotten_with_all_that_was_kept_for_it() -> None:
    async with Stage() as stage:
        resources = stage.spooler.resources
        resource = await installed(stage)
        watch = await stage.subscribe(Scope(resource=resource.id), RESOURCE_KINDS, by=ADA)
        await resources.cancel(resource.id, SYSTEM)
        await stage.clock.advance(stage.policy.event_life - 1)
        with pytest.raises(NotFound, match="nothing in resource 1"):
            await octets_of(stage, resource.id)
        await stage.clock.advance(stage.policy.housekeeping + 1)
        assert resources.all() == []
        assert not stage.documents.documents
        assert not stage.store._contents
        with pytest.raises(NotFound):
            await stage.read(watch)
        await stage.restart()
        assert (await stage.spooler.resources.create(IMAGE, SYSTEM))[0].id == 2


async def test_resource_whose_data_never_come_is_given_up() -> None:
    async with Stage() as stage:
        resource, _ = await stage.spooler.resources.create(IMAGE, SYSTEM)
        await stage.clock.advance(stage.policy.open_job_timeout + stage.policy.housekeeping)
        found = stage.spooler.resources.resource(resource.id)
        assert (found.state, found.message) == (ResourceState.ABORTED, "Its data did not come.")


async def test_limits() -> None:
    async with Stage(policy=Policy(max_resources=1)) as stage:
        resources = stage.spooler.resources
        resource, _ = await resources.create(IMAGE, SYSTEM)
        with pytest.raises(TooMany):
            await resources.create(IMAGE, SYSTEM)
        stage.store.full = True
        with pytest.raises(NoRoom):
            await resources.fill(resource.id, DataSpec("image/png"), chunks(PNG), SYSTEM)
        stage.store.full = False
        assert not stage.documents.documents
        with pytest.raises(NotFound, match="nothing in resource 1"):
            resources.read(resource)
        stage.spooler.begin_stop()
        with pytest.raises(ServiceStopping):
            await resources.create(IMAGE, SYSTEM)


async def test_of_two_that_are_made_at_once_the_last_one_there_is_room_for_is_made() -> None:
    async with Stage(policy=Policy(max_resources=1)) as stage:
        resources = stage.spooler.resources
        made = await asyncio.gather(
            resources.create(IMAGE, SYSTEM), resources.create(IMAGE, SYSTEM), return_exceptions=True
        )
        assert [type(one) for one in made] == [tuple, TooMany]
        assert len(resources.all()) == 1


async def test_numbers_of_a_resources_subscription_outlast_the_log_and_a_restart() -> None:
    async with Stage(policy=Policy(event_life=60.0)) as stage:
        for _ in range(2):
            await filled(stage)
        watch = await stage.subscribe(Scope(resource=ResourceId(2)), RESOURCE_KINDS)
        for name in ("a", "b", "c"):
            for number in (1, 2):
                await stage.spooler.resources.change(ResourceId(number), SYSTEM, name=name)
        await stage.clock.advance(120)
        for _ in range(2):
            await stage.restart()
            await stage.spooler.resources.change(ResourceId(2), SYSTEM, info=str(stage.told))
            stage.told += 1
        batch = await stage.read(watch)
        assert (batch.missed, [n.number for n in batch.notifications]) == (3, [4, 5])
        assert {n.event.resource for n in batch.notifications} == {2}
