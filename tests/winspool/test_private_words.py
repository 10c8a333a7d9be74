"""What is asked of one user, or told one, is read by nobody else: not through any door, and not in the log."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from pagebell.couriers.mail import message
from pagebell.event_json import event_view
from pagebell.ipp import registry as r
from pagebell.ipp.codec import Attribute, encode
from pagebell.ipp.registry import Op
from pagebell.ipp.server import Service
from pagebell.model.access import EVERYBODY, Principal
from pagebell.model.dialog import Addressees, Answer, Question, Statement
from pagebell.model.errors import NotAuthorized, Unsupported
from pagebell.model.event import JobId
from pagebell.model.subscription import SERVER, Subscription
from pagebell.spooler.intake import SubscriptionWish
from pagebell.spooler.ports import Parcel
from pagebell.web.site import site
from pagebell.winspool.changes import JobField, NotifyType
from pagebell.winspool.idl import rprn
from tests.asking import build
from tests.unit.ipp_server.door import ORIGIN
from tests.unit.spooler.stage import ALL, BOB, P1
from tests.winspool.listening import by_waiting
from tests.winspool.stand import Stand, open_printer

CARL = Principal("carl", authenticated=True, rights=EVERYBODY)
SECRET = "oncology"
FIRST = Question("For Carl", f"Print the letter from {SECRET}?")
SECOND = Question("For Carl", f"Is the letter from {SECRET} complete?", ("complete", f"{SECRET} again"))
NOTICE = Statement("For Carl", f"The letter from {SECRET} is here.")
WAITS = "It waits for an answer by carl."
FIELDS = {int(NotifyType.JOB): [int(JobField.STATUS_STRING)]}


class Bob:
    """Looks everywhere; the job is ada's."""

    def __init__(self, here: Stand, job: JobId, heard: Subscription) -> None:
        self.here, self.job, self.heard = here, job, heard
        self.dialogs: list[int] = []
        self.service = Service(here.spooler)
        self.site = site(here.spooler)

    async def sees(self) -> dict[str, str]:
        """What each door tells him."""
        found = {}
        async for where, octets in self._ipp():
            found[f"IPP {where}"] = octets.decode("utf-8", "replace")
        async for where, text in self._http():
            found[f"HTTP {where}"] = text
        async for where, octets in self._windows():
            found[f"RPC {where}"] = octets.decode("utf-16-le", "replace")
        async with by_waiting(self.here, 0, FIELDS, user="bob") as listener:
            found["RPC notifications"] = str((await listener.refresh(FIELDS, 1)).data)
        batch = await self.here.read(self.heard)
        mailed = replace(self.heard, recipient="mailto:bob@example.com")
        parcel = Parcel(mailed, tuple((n.number, n.event) for n in batch.notifications), 0, 0)
        found["mail"] = message(parcel, "p@example.com").as_string()
        found["webhook"] = str([event_view(event, "en", self.heard.owner) for event in batch.events])
        found["dialogs"] = str(self.here.spooler.dialogs.open_dialogs(BOB))
        return found

    async def _ipp(self) -> AsyncIterator[tuple[str, bytes]]:
        async def ask(op: Op, *attributes: Attribute) -> bytes:
            async def body() -> AsyncIterator[bytes]:
                yield encode(build(op, "ipp://printer.test/ipp/print/p1", *attributes, user="bob"))

            return (await self.service.answer(body(), lambda name: BOB, ORIGIN)).octets

        yield "job", await ask(Op.GET_JOB_ATTRIBUTES, r.job_id(self.job))
        yield "jobs", await ask(Op.GET_JOBS, r.requested_attributes("all"))
        yield "printer", await ask(Op.GET_PRINTER_ATTRIBUTES)
        yield "events", await ask(Op.GET_NOTIFICATIONS, r.notify_subscription_ids(self.heard.id))

    async def _http(self) -> AsyncIterator[tuple[str, str]]:
        transport = httpx.ASGITransport(self.site)  # type: ignore[arg-type]
        headers = {"requesting-user-name": "bob"}
        paths = ["/", "/printers/p1", "/events?after=0"]
        paths += [f"/api/v1/{path}" for path in ("printers", "printers/p1", "jobs", f"jobs/{self.job}")]
        paths += ["/api/v1/dialogs", f"/api/v1/subscriptions/{self.heard.id}/events"]
        paths += [f"/api/v1/dialogs/{number}" for number in self.dialogs]
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8631") as client:
            for path in paths:
                if not path.startswith("/events"):
                    yield path, (await client.get(path, headers=headers)).text
        with await self.here.spooler.feed.open(SERVER, ALL, BOB, after=0) as reader:
            events = (await reader.read()).events
            yield "/events", str([event_view(event, "en", BOB.proved_name) for event in events])

    async def _windows(self) -> AsyncIterator[tuple[str, bytes]]:
        async with self.here.client("bob") as client:
            handle = await open_printer(client)
            for level in (1, 2, 4):
                call = rprn.RpcGetJob(
                    hPrinter=handle, JobId=self.job, Level=level, pJob=bytes(2000), cbBuf=2000
                )
                yield f"job {level}", (await client.call(call)).pJob or b""
            jobs = rprn.RpcEnumJobs(hPrinter=handle, NoJobs=9, Level=2, pJob=bytes(4000), cbBuf=4000)
            yield "jobs", (await client.call(jobs)).pJob or b""
            printer = rprn.RpcGetPrinter(hPrinter=handle, Level=2, pPrinter=bytes(4000), cbBuf=4000)
            yield "printer", (await client.call(printer)).pPrinter or b""


async def test_words_for_one_user_are_nowhere_to_be_read_by_another(
    here: Stand, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    job = await here.submit()
    dialogs, to = here.spooler.dialogs, Addressees(P1, job, "carl")
    wish = SubscriptionWish(ALL, attributes=("job-state-message", "printer-state-message"))
    heard = await here.spooler.subscriptions.create_subscription(wish, BOB, scope=SERVER)
    bob = Bob(here, job, heard)

    async def look() -> dict[str, str]:
        await here.clock.settle()
        seen = await bob.sees()
        assert caplog.text
        leaks = [where for where, text in {**seen, "the log": caplog.text}.items() if SECRET in text]
        assert leaks == []
        return seen

    await dialogs.notify(to, NOTICE)
    dialog = await dialogs.open(to, FIRST)
    bob.dialogs.append(dialog.id)
    assert dialogs.open_dialogs(CARL)[0].status.content == FIRST
    seen = await look()
    telling = {where for where, text in seen.items() if WAITS in text}
    assert {"IPP job", "IPP printer", "HTTP /", "HTTP /api/v1/jobs/1", "RPC job 2", "mail"} <= telling
    with pytest.raises(NotAuthorized):
        await dialogs.answer(dialog.id, Answer("ok"), BOB)
    await dialogs.answer(dialog.id, Answer("ok"), CARL)
    await dialog.say(SECOND)
    with pytest.raises(Unsupported):
        await dialogs.answer(dialog.id, Answer("ok"), CARL)
    await look()
    await dialogs.answer(dialog.id, Answer("complete"), CARL)
    await dialog.close()
    for text in (await look()).values():
        assert text
    assert (await here.job(job)).message == ""
    assert here.printer.message == ""


async def test_what_is_asked_of_everybody_is_for_everybody_until_somebody_has_it(here: Stand) -> None:
    job = await here.submit()
    dialog = await here.spooler.dialogs.open(Addressees(P1, job), FIRST)
    assert SECRET in (await here.job(job)).message
    here.spooler.dialogs.acquire(dialog, Answer("ok"), CARL)
    await dialog.say(SECOND)
    assert (await here.job(job)).message == WAITS
    await here.spooler.dialogs.stop()
    assert (await here.job(job)).message == ""


async def test_who_alone_is_asked_reads_the_question_in_the_job(here: Stand) -> None:
    """For those whose protocol has no dialogs: in every way to look at the job, until it has an answer."""
    job = await here.submit()
    heard = await here.spooler.subscriptions.create_subscription(SubscriptionWish(ALL), BOB, scope=SERVER)
    bob = Bob(here, job, heard)
    async with by_waiting(here, 0, FIELDS, user="bob") as listener:
        dialog = await here.spooler.dialogs.open(Addressees(P1, job, "bob"), FIRST)
        assert FIRST.text in str((await listener.next()).data)
    await here.clock.settle()
    told = {where for where, text in (await bob.sees()).items() if FIRST.text in text}
    assert {
        "IPP job",
        "IPP jobs",
        "RPC job 1",
        "RPC job 2",
        "RPC job 4",
        "RPC jobs",
        "RPC notifications",
    } <= told
    here.spooler.dialogs.acquire(dialog, Answer("ok"), BOB)
    await dialog.close()
    await here.clock.settle()
    told = {where for where, text in (await bob.sees()).items() if FIRST.text in text}
    assert told == {"IPP events", "mail", "webhook"}, "what was asked stays asked; the job waits no more"
