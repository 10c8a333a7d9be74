from dataclasses import replace

import pytest

from pagebell.devices.simulated import SimulatedDevice
from pagebell.devices.simulated_settings import fault_at, parse
from pagebell.spooler.ports import DeviceStatus
from pagebell.testing import FakeClock, VirtualPrinter, pdf
from tests.unit.devices.work import Bench, Work


def bench(query: str = "") -> Bench:
    clock = FakeClock()
    return Bench(SimulatedDevice(f"simulated://lab?warmup=0&ppm=60&{query}", clock=clock), clock)


def sim(bench: Bench) -> SimulatedDevice:
    assert isinstance(bench.device, SimulatedDevice)
    return bench.device


async def test_a_page_takes_its_time() -> None:
    async with bench() as b:
        work = Work(b"x", pages=3)
        printing = b.start(b.device.print(work))
        await b.clock.advance(1)
        assert work.progress == [1]
        await b.clock.advance(1.5)
        assert work.progress == [1, 2]
        await b.clock.advance(0.5)
        assert work.progress == [1, 2, 3]
        assert printing.done()


async def test_pages_that_nobody_counted_are_guessed_by_octets() -> None:
    async with bench() as b:
        work = Work(b"x" * 120_000, pages=None)
        b.start(b.device.print(work))
        await b.clock.advance(60)
        assert work.progress == [1, 2, 3]


@pytest.mark.parametrize(
    ("sides", "pages", "copies", "sheets"),
    [
        (None, 3, 1, 3),
        ("two-sided-long-edge", 3, 1, 2),
        ("two-sided-long-edge", 4, 1, 2),
        ("two-sided-short-edge", 6, 2, 4),
        ("one-sided", 2, 2, 4),
    ],
)
async def test_sheets_follow_from_pages_sides_and_copies(
    sides: str | None, pages: int, copies: int, sheets: int
) -> None:
    if copies > 1:
        pages = {"two-sided-short-edge": 6, "one-sided": 4}[str(sides)]
    async with bench("media=100") as b:
        b.start(b.device.print(Work(b"x", pages=pages, sides=sides, copies=copies)))
        await b.clock.advance(60)
        assert sim(b).media == 100 - sheets
        assert sim(b).pages == pages


async def test_printer_without_duplex_takes_a_sheet_a_page() -> None:
    async with bench("duplex=no&media=10") as b:
        b.start(b.device.print(Work(b"x", pages=4, sides="two-sided-long-edge")))
        await b.clock.advance(60)
        assert sim(b).media == 6
        assert b.device.capabilities.sides == ("one-sided",)


async def test_paper_runs_low_then_out_and_printing_goes_on_after_refill() -> None:
    async with bench("media=3&low=1") as b:
        work = Work(b"x", pages=5)
        printing = b.start(b.device.print(work))
        await b.clock.advance(60)
        assert work.progress == [1, 2, 3]
        told = [replace(report, supplies=()) for report in b.reports]
        assert list(dict.fromkeys(told)) == [
            DeviceStatus(),
            DeviceStatus(False, frozenset({"media-low-warning"}), "Tray 1 is low on paper."),
            DeviceStatus(
                True,
                frozenset({"media-empty-error", "media-needed-error"}),  # IPP Everywhere wants both
                "Tray 1 is out of paper: refill it.",
            ),
        ]
        sim(b).refill(1)
        await b.clock.advance(60)
        assert work.progress == [1, 2, 3, 4]
        sim(b).refill()
        await b.clock.advance(60)
        assert printing.done()
        assert sim(b).media == 2


async def test_empty_tray_does_not_stop_what_is_done() -> None:
    async with bench("media=2") as b:
        printing = b.start(b.device.print(Work(b"x", pages=2)))
        await b.clock.advance(60)
        assert printing.done()
        assert sim(b).status.reasons == {"media-empty-warning"}
        assert not sim(b).status.stopped


async def test_toner_runs_out() -> None:
    async with bench("toner=2") as b:
        work = Work(b"x", pages=3)
        b.start(b.device.print(work))
        await b.clock.advance(60)
        assert (work.progress, sim(b).status.reasons) == ([1, 2], {"toner-empty-error"})
        sim(b).change_toner()
        await b.clock.advance(60)
        assert work.progress == [1, 2, 3]


async def test_jammed_sheet_is_lost_and_its_page_comes_once_more() -> None:
    async with bench("media=10") as b:
        work = Work(b"x", pages=2)
        b.start(b.device.print(work))
        await b.clock.advance(1.5)
        sim(b).jam()
        await b.clock.advance(60)
        assert work.progress == [1]
        assert sim(b).status.message == "Paper is jammed: open the cover and take it out."
        sim(b).clear()
        await b.clock.advance(60)
        assert work.progress == [1, 2]
        assert sim(b).media == 7


@pytest.mark.parametrize(
    ("stop", "go", "reason"),
    [
        ("offline", "online", "timed-out-error"),
        ("open_cover", "close_cover", "cover-open-error"),
        ("jam", "clear", "media-jam-error"),
    ],
)
async def test_fault_on_command_stops_printing_until_it_is_undone(stop: str, go: str, reason: str) -> None:
    async with bench() as b:
        getattr(b.device, stop)()
        work = Work(b"x", pages=1)
        b.start(b.device.print(work))
        await b.clock.advance(600)
        assert work.progress == []
        assert b.reports[-1].stopped
        assert b.reports[-1].reasons == {reason}
        getattr(b.device, go)()
        await b.clock.advance(60)
        assert work.progress == [1]
        assert replace(b.reports[-1], supplies=()) == DeviceStatus()


async def test_several_faults_are_all_told_the_most_pressing_in_words() -> None:
    async with bench() as b:
        sim(b).jam()
        sim(b).open_cover()
        assert sim(b).status.reasons == {"media-jam-error", "cover-open-error"}
        assert sim(b).status.message == "The cover is open: close it."


async def test_it_warms_up_after_a_rest_only() -> None:
    clock = FakeClock()
    async with Bench(SimulatedDevice("simulated:?ppm=60&warmup=5&cools=60", clock=clock), clock) as b:
        for wait, page_after in ((0, 6), (10, 1), (100, 6)):
            await clock.advance(wait)
            work = Work(b"x")
            b.start(b.device.print(work))
            await clock.advance(page_after - 0.5)
            assert work.progress == []
            await clock.advance(0.5)
            assert work.progress == [1]
        assert {"marker-warming-up-report"} in [report.reasons for report in b.reports]


async def test_cancelled_it_stops_at_once_and_takes_the_next_job() -> None:
    async with bench("media=10") as b:
        work = Work(b"x", pages=9)
        printing = b.start(b.device.print(work))
        await b.clock.advance(2.5)
        printing.cancel()
        await b.clock.settle()
        assert printing.cancelled()
        again = Work(b"x", number=2)
        b.start(b.device.print(again))
        await b.clock.advance(1)
        assert (work.progress, again.progress, sim(b).media) == ([1, 2], [1], 7)


async def pages_of_faults(query: str) -> list[tuple[int, str]]:
    faults = []
    async with bench(query + "&media=1000&repair=5") as b:
        work = Work(b"x", pages=100)
        b.start(b.device.print(work))
        for _ in range(400):
            await b.clock.advance(1)
            for reason in sim(b).status.reasons & {"media-jam-error", "timed-out-error"}:
                if (len(work.progress) + 1, reason) not in faults:
                    faults.append((len(work.progress) + 1, reason))
        assert work.progress == list(range(1, 101))
    return faults


async def test_same_seed_has_the_same_faults_at_the_same_pages_and_they_go_away() -> None:
    first = await pages_of_faults("seed=7&jam=0.05&offline=0.05")
    assert first
    assert first == await pages_of_faults("seed=7&jam=0.05&offline=0.05")
    assert first != await pages_of_faults("seed=8&jam=0.05&offline=0.05")
    settings = parse("simulated:?seed=7&jam=0.05&offline=0.05")
    told = {"jam": "media-jam-error", "offline": "timed-out-error", None: ""}
    assert first == [(n, told[fault_at(settings, n)]) for n in range(1, 101) if fault_at(settings, n)]


async def test_fault_by_chance_waits_for_a_command_if_nothing_repairs_it() -> None:
    async with bench("jam=1&repair=0") as b:
        work = Work(b"x", pages=1)
        b.start(b.device.print(work))
        await b.clock.advance(10_000)
        assert sim(b).status.reasons == {"media-jam-error"}
        sim(b).clear()
        await b.clock.advance(10)
        assert work.progress == [1]


async def test_commands_in_words() -> None:
    async with bench("media=50&toner=100") as b:
        command = sim(b).command
        assert command("status") == "Ready. Paper: 50 of 50 sheets. Toner: 100 pages."
        assert command("jam").startswith("Paper is jammed")
        assert command("clear").startswith("Ready.")
        assert command("offline").startswith("The printer is offline")
        assert command(" online ").startswith("Ready.")
        assert command("open").startswith("The cover is open")
        assert command("close").startswith("Ready.")
        assert "50 of 50" in command("refill 20")
        for text in ("explode", "", "refill many", "refill -1", "refill 1 2", "jam now", "refill ²"):
            with pytest.raises(ValueError):
                command(text)
        with pytest.raises(
            ValueError,
            match="it knows clear, close, empty, jam, offline, online, open, refill, status, toner",
        ):
            command("explode")


async def test_tray_that_is_emptied_stops_the_job_until_it_is_refilled() -> None:
    async with bench("media=5") as b:
        sim(b).command("empty")
        assert sim(b).status.reasons == {"media-empty-warning"}
        work = Work(b"x", pages=1)
        b.start(b.device.print(work))
        await b.clock.advance(5)
        assert (work.progress, sim(b).status.stopped) == ([], True)
        sim(b).command("refill")
        await b.clock.advance(5)
        assert work.progress == [1]


def test_printer_with_finishings_tells_them() -> None:
    found = parse("simulated://?finishings=staple,punch-dual-left,none").capabilities.finishings
    assert found == (3, 4, 74)


@pytest.mark.parametrize(
    "query",
    [
        "finishings=glue",
        "ppm=0",
        "ppm=fast",
        "ppm=nan",
        "media=1.5",
        "media=0",
        "jam=2",
        "color=maybe",
        "sizes=a4",
        "sizes=",
        "x=1",
    ],
)
def test_settings_that_make_no_sense_are_named(query: str) -> None:
    with pytest.raises(ValueError, match=query.split("=", maxsplit=1)[0]):
        SimulatedDevice(f"simulated://?{query}")


def test_capabilities_come_from_the_uri() -> None:
    found = SimulatedDevice(
        "simulated://x?color=no&duplex=no&sizes=iso_a6_105x148mm&formats=image/urf&dpi=203&ppm=12&model=Label"
    ).capabilities
    assert found.make_and_model == "Label"
    assert (found.color, found.sides, found.media) == (False, ("one-sided",), ("iso_a6_105x148mm",))
    assert (found.formats, found.resolutions, found.pages_per_minute) == (("image/urf",), (203,), 12)


async def test_answer_to_refill_no_longer_says_that_paper_is_out() -> None:
    async with VirtualPrinter("simulated://?ppm=60&media=1") as printer:
        await printer.print(pdf(2))
        await printer.clock.advance(60)
        assert printer.device.command("status").startswith("Tray 1 is out of paper: refill it.")
        assert printer.device.command("refill").startswith("Tray 1 is low on paper. Paper: 1 of 1 sheets.")
