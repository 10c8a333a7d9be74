"""What every `ports.Store` sees to: whatever is about something is stored only where that is, and stays no longer."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from pagebell.model.event import NO_PRINTER, EventKind, JobId, PrinterId, ResourceId
from pagebell.model.subscription import Scope
from pagebell.spooler.ports import Conflict, Count, Setting, Store
from tests.contract.stores import (
    ID1,
    ID2,
    ID3,
    P1,
    P2,
    P3,
    Opened,
    done,
    event,
    job,
    printer,
    reopened,
    subscription,
)


@pytest.mark.parametrize("lost", [{"printer": P3}, {"printer_id": ID3}, {"printer": P2, "printer_id": ID1}])
async def test_job_is_stored_and_moved_only_to_a_printer_that_is_there(
    opened: Opened, lost: dict[str, object]
) -> None:
    with pytest.raises(Conflict):
        await opened.commit(jobs=(job(1, **lost),), events=(event(),))
    await opened.commit(jobs=(job(1),))
    with pytest.raises(Conflict):
        await opened.commit(jobs=(job(1, version=2, **lost),))
    await opened.commit(jobs=(job(1, version=2, printer=P2),))
    assert len(opened.told) == 2


@pytest.mark.parametrize("make_job", [job, lambda number: done(number, 5.0)], ids=["living", "finished"])
async def test_printer_goes_only_after_its_last_job(
    opened: Opened, make_job: Callable[[int], object]
) -> None:
    await opened.commit(jobs=(make_job(1),))
    with pytest.raises(Conflict):
        await opened.commit(gone_printers=(P1,), events=(event(),))
    await opened.commit(jobs=(done(1, 6.0, version=2),), gone_printers=(P1,), gone_jobs=(JobId(1),))
    assert len(opened.told) == 2


@pytest.mark.parametrize(
    "scope", [Scope(ID3), Scope(ID3, JobId(1)), Scope.of_printers([ID1, ID3]), Scope(resource=ResourceId(1))]
)
async def test_subscription_is_made_only_of_what_is_there(opened: Opened, scope: Scope) -> None:
    with pytest.raises(Conflict):
        await opened.commit(subscriptions=(subscription(1, scope),))
    await opened.commit(subscriptions=(subscription(1, Scope.of_printers([ID1, ID2])),))
    await opened.commit(gone_printers=(P2,))  # it goes on with the other one
    assert len(opened.told) == 2


async def test_two_printers_never_have_one_id(opened: Opened) -> None:
    with pytest.raises(Conflict):
        await opened.commit(printers=(printer(P3, id=ID1),))


async def test_id_of_the_newest_printer_is_remembered_when_that_is_gone(
    opened: Opened, make: Callable[[], Store]
) -> None:
    await opened.commit(printers=(printer(P3, id=PrinterId(9)),))
    await opened.commit(gone_printers=(P3,))
    await opened.commit(printers=(printer(P1, version=2),))
    again = await reopened(opened, make)
    assert again.snapshot.last_printer == 9
    await again.store.close()


async def test_default_printer_can_be_none_again(opened: Opened, make: Callable[[], Store]) -> None:
    await opened.commit(default_printer=P1)
    await opened.commit(default_printer=NO_PRINTER)
    again = await reopened(opened, make)
    assert again.snapshot.default_printer is None
    await again.store.close()


async def test_count_of_nothing_is_forgotten(opened: Opened, make: Callable[[], Store]) -> None:
    one, two = (Count(Scope(number), EventKind.JOB_CREATED, 3) for number in (ID1, ID2))
    await opened.commit(events=(event(),))
    await opened.commit(trim=1, counts=(one, two))
    await opened.commit(trim=1, counts=(replace(one, trimmed=0),))
    again = await reopened(opened, make)
    assert again.snapshot.counts == (two,)
    await again.store.close()


async def test_job_that_lives_is_not_removed(opened: Opened) -> None:
    await opened.commit(jobs=(job(1), done(2, 5.0)))
    with pytest.raises(Conflict):
        await opened.commit(gone_jobs=(JobId(2), JobId(1)))
    assert [j.id for j in await opened.store.jobs([JobId(1), JobId(2)])] == [1, 2]
    await opened.commit(jobs=(done(1, 5.0, version=2),), gone_jobs=(JobId(1), JobId(2)))
    assert await opened.store.jobs([JobId(1), JobId(2)]) == []


async def test_setting_and_default_are_those_of_printers_that_are_there(opened: Opened) -> None:
    with pytest.raises(Conflict):
        await opened.commit(settings=(Setting(P3, "s", "n", b"x"),))
    with pytest.raises(Conflict):
        await opened.commit(default_printer=P3)
    await opened.commit(settings=(Setting(P3, "s", "n", None), Setting("", "s", "n", b"x")))
    await opened.commit(printers=(printer(P3),), settings=(Setting(P3, "s", "n", b"x"),), default_printer=P3)
    assert len(opened.told) == 2
