"""What events tell, in whose words (RFC 3995 5.3.4 to 5.3.7, 8, 9; RFC 3996 5.2); and what other servers get wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.codec import GroupTag
from pagebell.ipp.registry import Op, Status
from pagebell.ipp.server import subscription_handlers
from pagebell.ipp.values import Tag
from pagebell.model.access import SYSTEM
from pagebell.spooler.policy import Policy
from pagebell.testing import FakeClock
from tests.asking import job_group, subscription_group
from tests.unit.ipp_server.door import ADMIN, Door, first, status
from tests.unit.ipp_server.subscribing import (
    OK,
    SUBSTITUTED,
    SYSTEM_URI,
    TOO_MANY,
    described,
    events,
    fetch,
    number_of,
    status_of,
    subscribe,
)
from tests.unit.spooler.stage import P1


@pytest.fixture
async def d() -> AsyncIterator[Door]:
    async with Door() as door:
        yield door


# --- languages and charsets (RFC 3995 5.3.6, 5.3.7; RFC 3996 5.2) ---


@pytest.mark.parametrize(
    ("asked", "language", "told"),
    [("de", "de", True), ("de-CH", "en", False), ("tlh", "en", False), ("en", "en", True)],
)
async def test_events_speak_the_subscriptions_language(
    d: Door, asked: str, language: str, told: bool
) -> None:
    group = await subscribe(d, r.notify_natural_language(asked), r.notify_events("job-created"))
    assert status_of(group) == (OK if told else SUBSTITUTED)
    await d.submit()
    answer = await fetch(d, group)
    assert first(answer, GroupTag.OPERATION).get(r.attributes_natural_language) == language
    event = first(answer, GroupTag.EVENT_NOTIFICATION)
    assert event.get(r.notify_natural_language) == language
    words = {"de": "Auftrag 1 am Drucker p1", "en": "Job 1 at printer p1"}[language]
    assert str(event.get(r.notify_text)).startswith(words)


@pytest.mark.parametrize(
    ("language", "when"),
    [
        ("en", "(1 January 1970, 01:16:40 CET)"),
        ("de", "(1. Januar 1970, 01:16:40 CET)"),
        ("fr", "(1 janvier 1970 à 01:16:40 CET)"),
        ("es", "(1 de enero de 1970, 01:16:40 CET)"),
    ],
)
async def test_text_tells_when_it_was_in_its_own_language(language: str, when: str) -> None:
    """RFC 3995 9.2"""
    async with Door(policy=Policy(time_zone="Europe/Paris"), clock=FakeClock(1000.0)) as d:
        wish = (r.notify_events("job-created"), r.notify_natural_language(language))
        group = await subscribe(d, *wish)
        await d.held()
        (event,) = await events(d, group)
        assert str(event.get(r.notify_text)).endswith(when)


async def test_text_in_another_language_than_the_answers_says_so(d: Door) -> None:
    german = await subscribe(d, r.notify_natural_language("de"), r.notify_events("job-created"))
    french = await subscribe(d, r.notify_natural_language("fr"), r.notify_events("job-created"))
    await d.submit()
    one, two = await events(d, german, french)
    assert one.attributes["notify-text"].values[0].tag is Tag.TEXT
    assert two.attributes["notify-text"].values[0].tag is Tag.TEXT_LANG
    assert getattr(two.get(r.notify_text), "language", None) == "fr"


async def test_reader_of_ascii_gets_ascii(d: Door) -> None:
    await d.ask(Op.CREATE_JOB, r.job_name("Größe – 50 €"))
    group = await subscribe(d, r.notify_charset("us-ascii"), r.notify_events("job-completed"))
    await d.ask(Op.CANCEL_JOB, r.job_id(1))
    answer = await fetch(d, group)
    assert first(answer, GroupTag.OPERATION).get(r.attributes_charset) == "us-ascii"
    event = first(answer, GroupTag.EVENT_NOTIFICATION)
    assert (event.get(r.notify_charset), event.get(r.job_name)) == ("us-ascii", "Grosse - 50 ?")


@pytest.mark.parametrize(
    ("charsets", "told"), [(("us-ascii", "us-ascii"), "us-ascii"), (("us-ascii", "utf-8"), "utf-8")]
)
async def test_several_readers_words_are_in_a_charset_that_has_all_of_them(
    d: Door, charsets: tuple[str, str], told: str
) -> None:
    """RFC 3996 5.2: "a bad choice may leave it unable to send some 'text' and 'name' values accurately"."""
    wish = r.notify_events("job-created")
    made = [await subscribe(d, r.notify_charset(charset), wish) for charset in charsets]
    await d.ask(Op.CREATE_JOB, r.job_name("Größe"))
    answer = await fetch(d, *made)
    assert first(answer, GroupTag.OPERATION).get(r.attributes_charset) == told
    names = {"us-ascii": "Grosse", "utf-8": "Größe"}
    found = answer.groups_of(GroupTag.EVENT_NOTIFICATION)
    assert [event.get(r.job_name) for event in found] == [names[charset] for charset in charsets]


# --- what events carry (RFC 3995 5.3.4, 8.1, 9.1; RFC 3996 5.2) ---


async def test_subscribed_event_is_one_that_was_asked_for(d: Door) -> None:
    wide = await subscribe(d, r.notify_events("job-state-changed"))
    narrow = await subscribe(d, r.notify_events("job-state-changed", "job-completed"))
    await d.completed()
    assert {e.get(r.notify_subscribed_event) for e in await events(d, wide)} == {"job-state-changed"}
    assert (await events(d, narrow))[-1].get(r.notify_subscribed_event) == "job-completed"


async def test_asked_for_attributes_come_with_each_event(d: Door) -> None:
    names = ("job-originating-user-name", "job-name", "printer-location", "notify-subscriber-user-name")
    group = await subscribe(
        d,
        r.notify_attributes(*names, "job-state", "moon"),
        r.notify_events("job-created", "printer-state-changed"),
    )
    assert (status_of(group), group.all(r.notify_attributes)) == (SUBSTITUTED, ["job-state", "moon"])
    await d.submit()
    created, printing = (await events(d, group))[:2]
    for event in (created, printing):  # of a printer's event the job is its current one
        assert event.get(r.job_originating_user_name) == "ada"
        assert event.get(r.job_name) == "Untitled"
        assert event.get(r.printer_location) == ""
        assert event.get(r.notify_subscriber_user_name) == "ada"
        assert len(event.attributes) == len(set(event.attributes))
    assert (created.get(r.job_state), printing.get(r.job_state)) == (3, None)


async def test_printers_event_has_the_job_that_the_subscription_is_of(d: Door) -> None:
    """RFC 3995 5.3.4, rule b, whichever job the printer has on its device"""
    await d.printing()
    wish = subscription_group(r.notify_events("printer-stopped"), r.notify_attributes("job-name"))
    waiting = await d.ask(Op.CREATE_JOB, r.job_name("Mine"), groups=[wish])
    printer = await subscribe(d, r.notify_events("printer-stopped"), r.notify_attributes("job-name"))
    d.device.stop("media-empty-error", "Empty.")
    await d.clock.settle()
    told = await events(d, first(waiting, GroupTag.SUBSCRIPTION), printer)
    assert [event.get(r.job_name) for event in told] == ["Mine", "Untitled"]


async def test_event_tells_how_things_were_right_after_it(d: Door) -> None:
    """RFC 3995 9, in each of two that follow one another"""
    group = await subscribe(d, r.notify_events("printer-state-changed", "job-created", "job-state-changed"))
    for op in (Op.DISABLE_PRINTER, Op.ENABLE_PRINTER):
        await d.ask(op, user=ADMIN)
    await d.submit()
    told = await events(d, group)
    accepting = [e.get(r.printer_is_accepting_jobs) for e in told if r.printer_state.name in e]
    assert accepting == [False, True, True]
    jobs = [(e.get(r.job_state), e.all(r.job_state_reasons)) for e in told if r.job_state.name in e]
    assert jobs == [(3, ["none"]), (5, ["job-printing"])]


async def test_answer_that_would_be_too_long_is_cut_and_the_rest_is_there_at_once(
    d: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscription_handlers, "MOST_EVENTS", 3)
    one, two = [await subscribe(d, r.notify_events("job-created")) for _ in range(2)]
    for _ in range(2):
        await d.held()
    answer = await fetch(d, one, two)
    numbers = [e.get(r.notify_sequence_number) for e in answer.groups_of(GroupTag.EVENT_NOTIFICATION)]
    assert numbers == [1, 2, 1]
    assert first(answer, GroupTag.OPERATION).get(r.notify_get_interval) == 0
    answer = await fetch(d, one, two, start=(3, 2))
    assert [e.get(r.notify_sequence_number) for e in answer.groups_of(GroupTag.EVENT_NOTIFICATION)] == [2]
    assert first(answer, GroupTag.OPERATION).get(r.notify_get_interval) == 300


async def test_fixed_contents_are_not_offered_as_further_ones(d: Door) -> None:
    printer = first(await d.ask(Op.GET_PRINTER_ATTRIBUTES), GroupTag.PRINTER)
    fixed = {"job-id", "job-state", "job-state-reasons", "job-impressions-completed", "printer-state"}
    fixed |= {"printer-state-reasons", "printer-is-accepting-jobs", "printer-up-time", "notify-user-data"}
    assert not fixed & set(printer.all(r.notify_attributes_supported))  # RFC 3995 5.3.4.1


async def test_event_has_all_that_the_tables_want(d: Door) -> None:
    group = await subscribe(d, r.notify_events("job-completed", "printer-stopped"))
    await d.completed()
    await d.spooler.printers.pause(P1, SYSTEM)
    job, printer = await events(d, group)
    common = {"notify-subscription-id", "notify-printer-uri", "notify-subscribed-event", "printer-up-time"}
    common |= {"printer-current-time", "notify-sequence-number", "notify-charset", "notify-natural-language"}
    common |= {"notify-user-data", "notify-text"}
    assert common | {"job-id", "job-state", "job-state-reasons", "job-impressions-completed"} <= set(
        job.attributes
    )
    assert common | {"printer-state", "printer-state-reasons", "printer-is-accepting-jobs"} <= set(
        printer.attributes
    )
    assert job.get(r.notify_job_id) == job.get(r.job_id)  # where clients made for CUPS look
    assert r.notify_job_id.name not in printer


async def test_event_tells_when_it_was_and_the_answer_when_it_was_sent(d: Door) -> None:
    """RFC 3996 5.2.2, and the note on table 3"""
    group = await subscribe(d, r.notify_events("job-created"))
    times = []
    for pause in (3, 4):
        await d.clock.advance(pause)
        await d.held()
        times.append(int(d.clock.now()))
    await d.clock.advance(5)
    answer = await fetch(d, group)
    assert first(answer, GroupTag.OPERATION).get(r.printer_up_time) == int(d.clock.now())
    told = answer.groups_of(GroupTag.EVENT_NOTIFICATION)
    assert [event.get(r.printer_up_time) for event in told] == times
    at = [event.get(r.printer_current_time) for event in told]
    assert [moment and moment.timestamp() for moment in at] == times


@pytest.mark.parametrize("path", ["/ipp/print", "/ipp/print/p1", "/printers/p1"])
async def test_printer_is_called_as_who_subscribed_called_it(d: Door, path: str) -> None:
    """RFC 3995 5.4.5, table 5; by whatever name the events are fetched, and after a restart"""
    wish = r.notify_events("job-created", "printer-stopped")
    mine = await subscribe(d, wish, path=path)
    answer = await d.ask(Op.CREATE_JOB, groups=[subscription_group(wish)], path=path)
    everything = await subscribe(d, wish, path=SYSTEM_URI)
    await d.held()
    await d.ask(Op.PAUSE_PRINTER, user=ADMIN)
    await d.restart()
    for group in (mine, first(answer, GroupTag.SUBSCRIPTION)):
        assert (await described(d, group)).get(r.notify_printer_uri) == f"ipp://printer.test{path}"
        told = await events(d, group)
        assert len(told) >= 2
        assert {event.get(r.notify_printer_uri) for event in told} == {f"ipp://printer.test{path}"}
    for event in await events(d, everything):  # the server's are told which printer each event is of
        assert event.get(r.notify_printer_uri) == "ipp://printer.test/ipp/print/p1"


async def test_impressions_are_told_where_the_tables_want_them_and_nowhere_else(d: Door) -> None:
    """RFC 3995 table 7, RFC 3996 table 5"""
    group = await subscribe(d, r.notify_events("job-state-changed", "job-progress", "job-config-changed"))
    job = await d.waiting()
    await d.ask(Op.SET_JOB_ATTRIBUTES, r.job_id(job), groups=[job_group(r.job_priority(60))])
    d.device.printed(1)
    d.device.finish()
    await d.clock.settle()
    told = {
        (str(event.get(r.notify_subscribed_event)), int(event.get(r.job_state) or 0))
        for event in await events(d, group)
        if r.job_impressions_completed.name in event
    }
    assert told == {("job-progress", 5), ("job-state-changed", 9)}
    assert len(await events(d, group)) > 5


async def test_time_interval_is_kept_and_told(d: Door) -> None:
    await d.printing()
    group = await subscribe(d, r.notify_events("job-progress"), r.notify_time_interval(10))
    for page, pause in enumerate((0, 4, 7), 1):
        await d.clock.advance(pause)
        d.device.printed(page)
        await d.clock.settle()
    assert [e.get(r.job_impressions_completed) for e in await events(d, group)] == [1, 3]
    assert (await described(d, group)).get(r.notify_time_interval) == 10
    assert r.notify_time_interval.name not in await described(d, await subscribe(d))


# --- what other servers get wrong ---


async def test_many_groups_in_one_request_are_answered_one_by_one(d: Door) -> None:
    """PAPPL and ippserver loop without an end over two of them."""
    groups = [
        subscription_group(r.notify_events(name)) for name in ("job-created", "job-completed", "job-stopped")
    ]
    answer = await d.ask(Op.CREATE_PRINTER_SUBSCRIPTIONS, groups=groups)
    numbers = [number_of(group) for group in answer.groups_of(GroupTag.SUBSCRIPTION)]
    assert len(numbers) == len(set(numbers)) == 3
    answer = await d.ask(Op.CREATE_PRINTER_SUBSCRIPTIONS, groups=[subscription_group()] * 25)
    codes = [status_of(group) for group in answer.groups_of(GroupTag.SUBSCRIPTION)]
    assert codes == [OK] * 20 + [TOO_MANY] * 5


async def test_end_of_a_job_is_told_to_the_jobs_own_subscription(d: Door) -> None:
    """Elsewhere the subscription goes with the job, and nobody hears of its end."""
    answer = await d.ask(
        Op.PRINT_JOB, groups=[subscription_group(r.notify_events("job-completed"))], data=b"x"
    )
    group = first(answer, GroupTag.SUBSCRIPTION)
    d.device.finish()
    await d.clock.settle()
    found = await fetch(d, group)
    assert status(found) is Status.SUCCESSFUL_OK_EVENTS_COMPLETE
    assert first(found, GroupTag.EVENT_NOTIFICATION).get(r.job_state) == 9
    await d.clock.advance(d.policy.event_life + 10)
    assert status(await fetch(d, group)) is Status.CLIENT_ERROR_NOT_FOUND


async def test_event_that_is_asked_for_is_answered(d: Door) -> None:
    """CUPS answers with those after the number that was asked for."""
    group = await subscribe(d, r.notify_events("job-created"))
    for _ in range(3):
        await d.held()
    for start in (1, 2, 3):
        numbers = [e.get(r.notify_sequence_number) for e in await events(d, group, start=(start,))]
        assert numbers == list(range(start, 4))


async def test_schemes_are_of_their_own_syntax_and_none_is_an_event(d: Door) -> None:
    """Others call the schemes keywords, and have no 'none'."""
    printer = first(await d.ask(Op.GET_PRINTER_ATTRIBUTES), GroupTag.PRINTER)
    if r.notify_schemes_supported.name in printer:
        values = printer.attributes[r.notify_schemes_supported.name].values
        assert {value.tag for value in values} == {Tag.URI_SCHEME}
    assert "none" in printer.all(r.notify_events_supported)


@pytest.mark.parametrize("housekeeping", [5.0, 1e9])
async def test_lease_that_was_granted_ends_at_its_second(housekeeping: float) -> None:
    """Others tell of a longest lease and grant any. Nobody needs to have looked after it (RFC 3995 5.4.3)."""
    async with Door(policy=Policy(housekeeping=housekeeping)) as d:
        group = await subscribe(d, r.notify_lease_duration(60))
        await d.clock.advance(59)
        assert status(await fetch(d, group)) is OK
        await d.clock.advance(1)
        assert status(await fetch(d, group)) is Status.CLIENT_ERROR_NOT_FOUND
