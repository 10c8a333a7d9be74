"""The raw port of printers: nothing is lost, and what may come out twice says so."""

from __future__ import annotations

import asyncio

import pytest

from pagebell.devices import make_device
from pagebell.devices.delivery import STALL, STALLED, UNCONFIRMED
from pagebell.devices.settings import TWICE, OnBreak
from pagebell.devices.socket import SocketDevice, parse
from pagebell.devices.status import READY
from pagebell.model.lifecycle import PRINTED_TWICE
from pagebell.spooler.ports import DeviceFailed, DeviceStatus, JobCutOff
from pagebell.testing import FakeClock
from tests.unit.devices.raw_printer import Manner, RawPrinter, until
from tests.unit.devices.work import Bench, Work

BIG = bytes(range(256)) * 20_000


def device(uri: str, clock: FakeClock) -> SocketDevice:
    return SocketDevice(uri, clock=clock, chance=lambda: 0.0)


async def printed(bench: Bench, work: Work) -> None:
    """Print to the end, turning the clock whenever somebody sleeps to try again."""
    async with asyncio.timeout(20):
        await bench.start(bench.device.print(work))


async def test_document_arrives_whole_and_job_is_done_when_the_printer_closes() -> None:
    clock = FakeClock()
    async with RawPrinter() as printer, Bench(device(printer.uri("pjl=off"), clock), clock) as bench:
        work = Work(BIG, pages=3)
        await printed(bench, work)
        assert printer.received == [BIG]
        assert work.progress == [3]
        assert (work.remarks, bench.reports) == ([], [READY])


async def test_copies_and_documents_have_connections_of_their_own() -> None:
    clock = FakeClock()
    async with RawPrinter() as printer, Bench(device(printer.uri("pjl=off"), clock), clock) as bench:
        await printed(bench, Work(b"one", b"two", copies=2))
        assert printer.received == [b"one", b"one", b"two", b"two"]


async def test_printer_without_pjl_can_not_be_told_of_sides_and_the_job_says_so() -> None:
    clock = FakeClock()
    async with RawPrinter() as printer, Bench(device(printer.uri("pjl=off"), clock), clock) as bench:
        work = Work(b"one", copies=2, sides="two-sided-long-edge", print_quality=3)
        await printed(bench, work)
        told = "The printer has no way to be told of this: print-quality, sides."
        assert work.remarks == [(told, frozenset())]


async def test_break_after_some_octets_prints_again_from_the_first_and_says_so() -> None:
    clock = FakeClock()
    manners = [Manner(breaks_after=10_000), Manner()]
    async with RawPrinter(manners) as printer, Bench(device(printer.uri("pjl=off"), clock), clock) as bench:
        work = Work(BIG)
        done = bench.start(bench.device.print(work))
        await until(lambda: bench.reports[-1].stopped)
        assert bench.reports[-1].reasons == {"connecting-to-device", "timed-out-error"}
        assert "is out of reach: connection reset by peer" in bench.reports[-1].message
        assert (len(printer.received), work.remarks) == (1, [])
        await until(lambda: clock.sleepers)
        await clock.advance(1)
        async with asyncio.timeout(20):
            await done
        assert (len(printer.received[0]), printer.received[1]) == (10_000, BIG)
        assert work.remarks == [(TWICE, frozenset({PRINTED_TWICE}))]
        await until(lambda: bench.reports[-1] == READY)


async def test_small_document_that_is_not_read_to_its_end_is_no_success() -> None:
    clock = FakeClock()
    manners = [Manner(breaks_after=10), Manner()]
    async with RawPrinter(manners) as printer, Bench(device(printer.uri("pjl=off"), clock), clock) as bench:
        work = Work(b"twenty octets in all")
        done = bench.start(bench.device.print(work))
        await until(lambda: clock.sleepers)
        await clock.advance(1)
        async with asyncio.timeout(20):
            await done
        assert printer.received[-1] == b"twenty octets in all"
        assert [reasons for _, reasons in work.remarks] == [{PRINTED_TWICE}]


@pytest.mark.parametrize(("policy", "error"), [("hold", JobCutOff), ("abort", DeviceFailed)])
async def test_break_by_policy_holds_or_aborts(policy: str, error: type[Exception]) -> None:
    clock = FakeClock()
    uri = f"pjl=off&on-break={policy}"
    async with (
        RawPrinter([Manner(breaks_after=100)]) as printer,
        Bench(device(printer.uri(uri), clock), clock) as bench,
    ):
        with pytest.raises(
            error, match=r"The connection to the printer at .* broke after .* may have been printed"
        ):
            await printed(bench, Work(BIG))
        assert len(printer.received) == 1


async def test_job_that_breaks_the_printer_each_time_is_held_in_the_end() -> None:
    clock = FakeClock()
    async with (
        RawPrinter([Manner(breaks_after=100)]) as printer,
        Bench(device(printer.uri("pjl=off"), clock), clock) as bench,
    ):
        done = bench.start(bench.device.print(Work(BIG)))
        for delay in (1, 2):
            await until(lambda: clock.sleepers and bench.reports[-1].stopped)
            await clock.advance(delay)
            await until(lambda: bench.reports[-1] == READY)
        with pytest.raises(JobCutOff, match="sent 3 times in vain"):
            await done
        assert len(printer.received) == 3


async def test_printer_that_refuses_stops_the_queue_and_is_tried_again_less_and_less_often() -> None:
    clock = FakeClock()
    async with RawPrinter() as printer:
        await printer.shut()
        async with Bench(device(printer.uri("pjl=off"), clock), clock) as bench:
            work = Work(b"x" * 100)
            done = bench.start(bench.device.print(work))
            for delay in (1, 2, 4, 8, 16, 32, 60, 60):
                await until(lambda: clock.sleepers)
                await clock.advance(delay - 0.5)
                await until(lambda: clock.sleepers == 1)
                assert bench.reports[-1].message.endswith(
                    "is out of reach: connection refused. Trying again."
                )
                await clock.advance(0.5)
            await printer.open()
            await until(lambda: clock.sleepers)
            await clock.advance(60)
            async with asyncio.timeout(20):
                await done
            assert printer.received == [b"x" * 100]
            assert work.remarks == []  # nothing had been sent before
            await until(lambda: bench.reports[-1] == READY)


async def test_printer_that_takes_nothing_for_long_is_told_of() -> None:
    clock = FakeClock()
    go_on = asyncio.Event()
    manners = [Manner(reads_after=go_on)]
    async with RawPrinter(manners) as printer, Bench(device(printer.uri("pjl=off"), clock), clock) as bench:
        work = Work(BIG * 4)
        done = bench.start(bench.device.print(work))
        await until(lambda: work.begun and clock.sleepers)
        while STALLED not in bench.reports:
            await clock.advance(STALL)
            await clock.settle()
        go_on.set()
        async with asyncio.timeout(20):
            await done
        assert printer.received == [BIG * 4]
        await until(lambda: bench.reports[-1] == READY)


async def test_printer_that_never_closes_is_not_waited_for_for_ever() -> None:
    clock = FakeClock()
    async with (
        RawPrinter([Manner(stays_open=True)]) as printer,
        Bench(device(printer.uri("pjl=off&wait=20"), clock), clock) as bench,
    ):
        work = Work(b"x" * 100)
        done = bench.start(bench.device.print(work))
        await until(lambda: work.begun and clock.sleepers)
        await clock.advance(19)
        assert not done.done()
        await clock.advance(1)
        async with asyncio.timeout(20):
            await done
        assert work.remarks == [(UNCONFIRMED, frozenset())]


async def test_cancelled_job_resets_the_connection_and_leaves_the_device_ready() -> None:
    clock = FakeClock()
    manners = [Manner(reads_after=asyncio.Event()), Manner()]
    async with RawPrinter(manners) as printer, Bench(device(printer.uri("pjl=off"), clock), clock) as bench:
        first = bench.start(bench.device.print(Work(BIG * 4)))
        await until(lambda: printer.received)
        first.cancel()
        await asyncio.wait({first})
        await printed(bench, Work(b"next"))
        assert printer.received == [b"", b"next"]


# --- PJL ---


def talking(condition: bytes = b'CODE=10001\r\nDISPLAY="READY"\r\nONLINE=TRUE\r\n') -> Manner:
    asked = 0

    def answers(octets: bytes) -> bytes:
        nonlocal asked
        fresh = octets.count(b"INFO STATUS") - asked
        asked += fresh
        return fresh * (b"@PJL INFO STATUS\r\n" + condition + b"\f")

    return Manner(answers=answers)


def device_says(code: int, display: str, online: str = "FALSE") -> bytes:
    text = f'@PJL USTATUS DEVICE\r\nCODE={code}\r\nDISPLAY="{display}"\r\nONLINE={online}\r\n\f'
    return text.encode()


async def test_pages_and_conditions_come_from_pjl() -> None:
    clock = FakeClock()
    async with RawPrinter([talking()]) as printer, Bench(device(printer.uri(), clock), clock) as bench:
        work = Work(b"%PDF-1.4 ...", pages=2, sides="two-sided-long-edge", copies=1)
        done = bench.start(bench.device.print(work))
        await until(lambda: printer.received and b"@PJL EOJ" in printer.received[0])
        await printer.say(b"@PJL USTATUS PAGE\r\n1\r\n\f")
        await until(lambda: work.progress == [1])
        await printer.say(device_says(41203, "LOAD TRAY 2 A4"))
        await until(lambda: bench.reports[-1].stopped)
        assert bench.reports[-1] == DeviceStatus(
            True,
            frozenset({"media-empty-error"}),
            "Tray 2 is out of the paper that the job needs: refill it. The printer's display says: LOAD TRAY 2 A4",
        )
        await clock.advance(1000)  # it may take as long as it takes
        assert not done.done()
        await printer.say(device_says(10001, "READY", "TRUE"))
        await printer.say(b"@PJL USTATUS PAGE\r\n2\r\n\f")
        await printer.say(b'@PJL USTATUS JOB\r\nEND\r\nNAME="Pagebell 1-1"\r\nPAGES=2\r\n\f')
        async with asyncio.timeout(20):
            await done
        assert work.progress[:2] == [1, 2]
        assert work.progress[-1] == 2
        assert bench.reports[-1] == READY
        sent = printer.received[0]
        assert b"@PJL SET DUPLEX=ON\r\n@PJL SET BINDING=LONGEDGE\r\n" in sent
        assert b"@PJL ENTER LANGUAGE=PDF\r\n%PDF-1.4 ...\x1b%-12345X@PJL" in sent
        assert work.remarks == []


async def test_printer_that_does_not_answer_is_asked_once_and_gets_the_bare_document() -> None:
    clock = FakeClock()
    async with RawPrinter() as printer, Bench(device(printer.uri(), clock), clock) as bench:
        done = bench.start(bench.device.print(Work(b"%PDF-1.4 ...")))
        await until(lambda: clock.sleepers and printer.received)
        await until(lambda: b"INFO STATUS" in printer.received[0])
        await clock.advance(10)
        async with asyncio.timeout(20):
            await done
        assert printer.received[0].endswith(b"\x1b%-12345X%PDF-1.4 ...")
        await printed(bench, Work(b"%PDF-1.4 more"))
        assert printer.received[1] == b"%PDF-1.4 more"


async def test_printer_that_hangs_up_at_the_question_gets_the_bare_document() -> None:
    clock = FakeClock()
    manners = [Manner(hangs_up_after=5), Manner()]
    async with RawPrinter(manners) as printer, Bench(device(printer.uri(), clock), clock) as bench:
        work = Work(b"%PDF-1.4 ...")
        done = bench.start(bench.device.print(work))
        await until(lambda: bench.reports[-1].stopped and clock.sleepers)
        await clock.advance(1)
        async with asyncio.timeout(20):
            await done
        assert printer.received[1] == b"%PDF-1.4 ..."
        assert work.remarks == []


async def test_plain_text_is_sent_without_a_question() -> None:
    clock = FakeClock()
    async with RawPrinter() as printer, Bench(device(printer.uri(), clock), clock) as bench:
        await printed(bench, Work(b"Hello.\n", format="text/plain"))
        assert printer.received == [b"Hello.\n"]


async def test_document_with_commands_of_its_own_keeps_them() -> None:
    clock = FakeClock()
    octets = b"\x1b%-12345X@PJL JOB\r\n@PJL ENTER LANGUAGE=PCL\r\n...\x1b%-12345X@PJL EOJ\r\n\x1b%-12345X"
    async with (
        RawPrinter([talking()]) as printer,
        Bench(device(printer.uri("pjl=on"), clock), clock) as bench,
    ):
        await printed(bench, Work(octets, format="application/vnd.hp-pcl"))
        assert printer.received[0].endswith(octets)
        assert printer.received[0].count(b"@PJL JOB") == 1


# --- the URI ---


def test_uri_is_read() -> None:
    settings = parse(
        "socket://printer.example?on-break=hold&wait=5&formats=text/plain&duplex=no&model=ACME+9"
    )
    assert (settings.host, settings.port, settings.on_break) == ("printer.example", 9100, OnBreak.HOLD)
    assert (settings.wait, settings.pjl) == (5.0, "auto")
    assert settings.capabilities.formats == ("text/plain",)
    assert settings.capabilities.sides == ("one-sided",)
    assert settings.capabilities.make_and_model == "ACME 9"
    assert parse("socket://[::1]:9101").host == "::1"


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        ("socket:", "write socket://HOST"),
        ("socket://", "write socket://HOST"),
        ("socket://printer:0", "write socket://HOST"),
        ("socket://printer:99999", "write socket://HOST"),
        ("socket://printer/queue", "write socket://HOST"),
        ("socket://ada:secret@printer", "neither users nor passwords"),
        ("socket://printer?on-break=explode", "one of reprint, hold, abort"),
        ("socket://printer?wait=soon", "a number of seconds"),
        ("socket://printer?colour=yes", "known are"),
        ("socket://printer?color=perhaps", "yes or no"),
    ],
)
def test_uri_that_makes_no_sense_says_why(uri: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse(uri)


def test_scheme_is_known() -> None:
    assert isinstance(make_device("socket://127.0.0.1:1"), SocketDevice)
