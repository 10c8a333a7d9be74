"""job-password (PWG 5100.11): over encrypted connections, kept as a hash, asked for before the job prints."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.codec import GroupTag
from pagebell.ipp.registry import Op, Status
from pagebell.ipp.server.call import Origin
from pagebell.ipp.values import Attribute
from pagebell.model.access import Principal
from pagebell.model.dialog import OK, Answer
from pagebell.model.event import JobState
from pagebell.model.job import Job
from pagebell.model.secret import DIGESTS, JobPassword
from pagebell.sources.pin_release import PinRelease
from pagebell.spooler.ports import JobQuery
from tests.unit.ipp_server.door import ORIGIN, Door, first, principal, status, text

UNSUPPORTED = Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED
BOB: Principal = principal("bob")


@pytest.fixture
async def lobby() -> AsyncIterator[Door]:
    async with Door(sources={"pin-release": PinRelease({"pins": {"ada": "1111"}})}) as made:
        made.origin = Origin("printer.test", secure=True)
        yield made


async def living(lobby: Door) -> list[Job]:
    return await lobby.spooler.jobs.list(JobQuery(finished=False))


@pytest.mark.parametrize("encryption", ["", "none", *DIGESTS])
async def test_job_waits_for_its_own_pin(lobby: Door, encryption: str) -> None:
    pin = "4711é".encode()
    octets = hashlib.new(DIGESTS[encryption], pin).digest() if encryption in DIGESTS else pin
    said = [r.job_password_encryption(encryption)] if encryption else []
    answer = await lobby.ask(Op.PRINT_JOB, r.job_password(octets), *said, data=b"x", user="bob")
    assert status(answer) is Status.SUCCESSFUL_OK
    (job,) = await living(lobby)
    assert job.state is JobState.PENDING_HELD and "job-password-wait" in job.reasons
    assert pin not in repr(job).encode() and repr(octets) not in repr(job)
    for typed, state in (("1111", JobState.PENDING_HELD), ("4711é", JobState.PROCESSING)):
        (dialog,) = lobby.spooler.dialogs.open_dialogs(BOB)
        await lobby.spooler.dialogs.answer(dialog.id, Answer(OK, typed), BOB)
        await lobby.clock.settle()
        assert (await lobby.job(job.id)).state is state


async def test_own_pin_comes_before_the_owners(lobby: Door) -> None:
    await lobby.ask(Op.PRINT_JOB, r.job_password(b"2222"), data=b"x")
    (job,) = await living(lobby)
    assert job.password is not None and job.password.opens("2222") and not job.password.opens("1111")


async def test_pin_survives_a_restart(lobby: Door) -> None:
    await lobby.ask(Op.PRINT_JOB, r.job_password(b"2222"), data=b"x", user="bob")
    await lobby.restart()
    (dialog,) = lobby.spooler.dialogs.open_dialogs(BOB)
    await lobby.spooler.dialogs.answer(dialog.id, Answer(OK, "2222"), BOB)
    await lobby.clock.settle()
    assert lobby.device.job is not None


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ([r.job_password(b"")], "an empty password"),
        ([r.job_password(b"4711"), r.job_password_encryption("sha2-256")], "4 octets are no sha2-256"),
        ([r.job_password(b"4711"), r.job_password_encryption("md5")], "is not one of none, sha2-256"),
        ([r.document_password(b"4711")], "can't be honoured"),
    ],
)
async def test_what_is_no_password_is_refused_with_its_document(
    lobby: Door, attributes: list[Attribute], words: str
) -> None:
    answer = await lobby.ask(Op.PRINT_JOB, *attributes, data=b"x")
    assert status(answer) is UNSUPPORTED and words in text(answer)
    assert await living(lobby) == []


async def test_password_over_an_open_connection_is_refused(lobby: Door) -> None:
    lobby.origin = ORIGIN
    answer = await lobby.ask(Op.PRINT_JOB, r.job_password(b"4711"), data=b"x")
    assert status(answer) is UNSUPPORTED and "encrypted connections alone" in text(answer)


async def test_printer_says_what_it_takes() -> None:
    async with Door(sources={"pin-release": PinRelease({})}) as d:
        told = first(await d.ask(Op.GET_PRINTER_ATTRIBUTES), GroupTag.PRINTER)
        assert told.get(r.job_password_supported) == 255
        assert "sha2-256" in told.all(r.job_password_encryption_supported)
    async with Door() as d:
        told = first(await d.ask(Op.GET_PRINTER_ATTRIBUTES), GroupTag.PRINTER)
        assert r.job_password_supported.name not in told


def test_same_pin_has_another_hash_each_time() -> None:
    one, other = (JobPassword.sealed(b"4711", "none", salt) for salt in (b"a" * 16, b"b" * 16))
    assert one.hash != other.hash and one.opens("4711") and other.opens("4711")
