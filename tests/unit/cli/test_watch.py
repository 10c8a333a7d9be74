"""`pagebell watch` and `pagebell subscriptions` against a scripted server: what they print."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from unittest.mock import Mock

import pytest

from pagebell.cli import main, watching
from pagebell.ipp import registry as r
from pagebell.ipp.codec import Attribute, Group, GroupTag, Message
from pagebell.ipp.delivery import DELIVERED, TROUBLE
from pagebell.ipp.events import Pace
from pagebell.ipp.notices import Dialog
from pagebell.ipp.registry import JobState, Op, PrinterState, Status
from pagebell.ipp.results import Notification
from tests.peers import free_port
from tests.scripted import SUBSCRIBED, ScriptedServer, answer, drop, failed, job, printer

WHERE = r.notify_printer_uri("ipp://localhost/printers/Office")
WHEN = r.printer_current_time(datetime(2026, 5, 4, 12, 30, 15, tzinfo=UTC))
NAME = r.job_name("letter.pdf")


def happened(number: int, event: str, *attributes: Attribute) -> Group:
    return Group.of(
        GroupTag.EVENT_NOTIFICATION,
        r.notify_subscription_id(1),
        r.notify_sequence_number(number),
        r.notify_subscribed_event(event),
        WHERE,
        WHEN,
        *attributes,
    )


def of_job(number: int, event: str, state: JobState, *attributes: Attribute) -> Group:
    return happened(number, event, r.notify_job_id(7), NAME, r.job_state(state), *attributes)


def of_printer(number: int, state: PrinterState, *reasons: str) -> Group:
    told = r.printer_state_reasons(*(reasons or ("none",)))
    return happened(number, "printer-state-changed", r.printer_state(state), told)


def burst(*groups: Group, last: bool = False) -> Message:
    status = Status.SUCCESSFUL_OK_EVENTS_COMPLETE if last else Status.SUCCESSFUL_OK
    return answer(*groups, status=status, operation=() if last else (r.notify_get_interval(0),))


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ScriptedServer]:
    monkeypatch.setattr(watching, "PACE", Pace(quick=0.001, retry=0.001, patience=60))
    async with ScriptedServer() as running:
        running.on(Op.GET_PRINTER_ATTRIBUTES, printer(r.printer_name("Office")))
        running.on(Op.CREATE_JOB_SUBSCRIPTIONS, SUBSCRIBED)
        yield running


async def pagebell(*arguments: str) -> int:
    async with asyncio.timeout(20):
        return await asyncio.to_thread(main, arguments)


def life_of_a_job(server: ScriptedServer) -> None:
    server.on(
        Op.GET_JOB_ATTRIBUTES,
        job(JobState.PENDING, NAME),
        job(JobState.COMPLETED, NAME, r.job_impressions_completed(2)),
    )
    server.on(
        Op.GET_NOTIFICATIONS,
        burst(of_job(1, "job-created", JobState.PENDING)),
        drop,
        drop,
        burst(
            of_job(2, "job-state-changed", JobState.PROCESSING, r.job_impressions(2)),
            of_printer(3, PrinterState.PROCESSING, "media-low-warning"),
            of_printer(4, PrinterState.PROCESSING, "media-low-warning", "marker-warming-up-report"),
            of_job(6, "job-progress", JobState.PROCESSING, r.job_impressions_completed(1)),
        ),
        burst(of_job(7, "job-completed", JobState.COMPLETED, r.job_impressions_completed(2)), last=True),
    )


async def test_each_event_is_a_line_in_words(
    server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    life_of_a_job(server)
    assert await pagebell("watch", "7", "--server", server.uri) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [re.sub(r"^\d\d:\d\d:\d\d ", "", line) for line in lines] == [
        "· Office  7 letter.pdf  Waiting to be printed.",
        f"! The connection is lost ({server.uri}: the connection was lost); trying again.",
        "· Connected again.",
        "· Office  7 letter.pdf  Printing: 0 of 2 pages.",
        "· Office                Printing: The printer is low on paper.",  # and not twice
        "! 1 event was missed.",
        "· Office  7 letter.pdf  Printing: 1 of 2 pages.",
        "✓ Office  7 letter.pdf  Printed: 2 pages.",
    ]


async def test_json_is_an_object_a_line(server: ScriptedServer, capsys: pytest.CaptureFixture[str]) -> None:
    life_of_a_job(server)
    assert await pagebell("watch", "7", "--json", "--server", server.uri) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["event"] for one in told] == [
        "job-created",
        "connection-lost",
        "connection-restored",
        "job-state-changed",
        "printer-state-changed",
        "printer-state-changed",
        "gap",
        "job-progress",
        "job-completed",
        "outcome",
    ]
    assert told[0] == {
        "event": "job-created",
        "sequence": 1,
        "subscription": 1,
        "time": "2026-05-04T12:30:15+00:00",
        "printer": "Office",
        "printer_uri": "ipp://localhost/printers/Office",
        "job": 7,
        "job_name": "letter.pdf",
        "job_state": "pending",
    }
    assert told[6] == {"event": "gap", "missed": 1}
    assert told[-1]["job_state"] == "completed"


async def test_wanted_events_may_have_commas_between_them(server: ScriptedServer) -> None:
    life_of_a_job(server)
    wanted = ("--events", "job-completed,job-created", "--events", "printer-stopped")
    assert await pagebell("watch", "7", *wanted, "--server", server.uri) == 0
    group = server.asked(Op.CREATE_JOB_SUBSCRIPTIONS)[0].group(GroupTag.SUBSCRIPTION)
    assert group is not None
    assert group.all(r.notify_events) == ["job-completed", "job-created", "printer-stopped"]


def made(number: int, *attributes: Attribute) -> Message:
    told = (r.notify_subscription_id(number), *attributes)
    return answer(Group.of(GroupTag.SUBSCRIPTION, *told))


def made_without(event: str) -> Message:
    """A subscription of which the server leaves out an event."""
    ignored = r.notify_status_code(Status.SUCCESSFUL_OK_IGNORED_OR_SUBSTITUTED_ATTRIBUTES)
    return made(1, ignored, r.notify_events(event))


async def test_event_that_the_server_does_not_know_is_said_so(
    server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    life_of_a_job(server)
    server.on(Op.CREATE_JOB_SUBSCRIPTIONS, made_without("job-eaten"))
    assert await pagebell("watch", "7", "--events", "job-eaten,job-created", "--server", server.uri) == 0
    out, err = capsys.readouterr()
    assert err == "pagebell: The server knows no event called job-eaten.\n"
    assert len(out.splitlines()) > 3


async def test_events_that_the_server_does_not_know_are_not_waited_for(
    server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """The server puts its default in their place (RFC 3995 5.3.3), which nobody has asked for."""
    server.on(Op.CREATE_PRINTER_SUBSCRIPTIONS, made_without("job-eaten"))
    server.on(Op.CANCEL_SUBSCRIPTION, answer())
    for command in (("watch",), ("subscriptions", "add")):
        assert await pagebell(*command, server.uri, "--events", "job-eaten") == 1
        assert capsys.readouterr().err == "pagebell: The server knows no event called job-eaten.\n"
    assert len(server.asked(Op.CANCEL_SUBSCRIPTION)) == 2


async def test_what_a_whole_server_lacks_of_all_events_is_no_news(
    server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    life_of_a_job(server)
    server.on(Op.CREATE_JOB_SUBSCRIPTIONS, made_without("pagebell-notice"))
    assert await pagebell("watch", "7", "--server", server.uri) == 0
    assert capsys.readouterr().err == ""


async def test_server_that_is_not_there_is_not_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert await pagebell("watch", "--server", f"ipp://127.0.0.1:{free_port()}/") == 1
    assert "No print server answers at" in capsys.readouterr().err


async def test_subscription_that_does_not_exist_is_said_so(
    server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = failed(Status.CLIENT_ERROR_NOT_FOUND)
    for op in (Op.GET_SUBSCRIPTION_ATTRIBUTES, Op.RENEW_SUBSCRIPTION, Op.CANCEL_SUBSCRIPTION):
        server.on(op, missing)
    for command in (("show", "7"), ("renew", "7"), ("cancel", "7")):
        assert await pagebell("subscriptions", *command, "--server", server.uri) == 1
        told = capsys.readouterr().err
        assert told.startswith("pagebell: There is no subscription 7. 'pagebell subscriptions list'")
    assert await pagebell("watch", server.uri, "--subscription", "7") == 1
    assert "There is no subscription 7." in capsys.readouterr().err


async def test_subscription_that_is_sent_elsewhere_or_ends_is_said_so(
    server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.on(Op.GET_SUBSCRIPTION_ATTRIBUTES, made(7, r.notify_recipient_uri("https://hooks.test/")))
    assert await pagebell("watch", server.uri, "--subscription", "7") == 1
    assert "are sent to https://hooks.test/, and can't be read here" in capsys.readouterr().err
    server.on(Op.GET_SUBSCRIPTION_ATTRIBUTES, made(7, r.notify_pull_method("ippget")))
    server.on(Op.GET_NOTIFICATIONS, failed(Status.CLIENT_ERROR_NOT_FOUND))
    assert await pagebell("watch", server.uri, "--subscription", "7") == 1
    assert "Subscription 7 is over." in capsys.readouterr().err


@pytest.mark.parametrize("lease", ["-1", "67108864"])
async def test_lease_that_can_not_be_is_the_callers_mistake(
    lease: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await pagebell("subscriptions", "add", f"--lease={lease}") == 2
    assert await pagebell("subscriptions", "renew", "7", f"--lease={lease}") == 2
    assert "lease" in capsys.readouterr().err


async def test_trouble_with_a_recipient_is_listed(
    server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    to = r.notify_recipient_uri("https://hooks.test/1")
    told = (WHERE, to, r.notify_sequence_number(9), DELIVERED(4), TROUBLE("hooks.test answers 500"))
    server.on(Op.GET_SUBSCRIPTIONS, made(4, *told))
    assert await pagebell("subscriptions", "list", "--server", server.uri) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert shown.endswith("https://hooks.test/1 Subscription 4 is delivered up to 4: hooks.test answers 500.")
    assert await pagebell("subscriptions", "list", "--json", "--server", server.uri) == 0
    one = json.loads(capsys.readouterr().out)
    assert (one["delivered"], one["trouble"]) == (4, "hooks.test answers 500")


async def test_job_that_is_final_already_is_told_at_once(
    server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.on(Op.GET_JOB_ATTRIBUTES, job(JobState.CANCELED, NAME))
    assert await pagebell("watch", "7", "--server", server.uri) == 1
    assert "✗ 7 letter.pdf  Cancelled." in capsys.readouterr().out
    assert not server.asked(Op.CREATE_JOB_SUBSCRIPTIONS)


async def test_server_without_events_is_said_so(
    server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await pagebell("watch", "--server", server.uri) == 1
    assert "tells no events" in capsys.readouterr().err


async def test_subscriptions_are_listed_with_whose_events_they_tell(
    server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    lease = (
        r.notify_lease_duration(7200),
        r.notify_lease_expiration_time(9000),
        r.notify_printer_up_time(1800),
    )
    server.on(
        Op.GET_SUBSCRIPTIONS,
        answer(
            Group.of(
                GroupTag.SUBSCRIPTION,
                *(r.notify_subscription_id(4), WHERE, r.notify_subscriber_user_name("ada"), *lease),
                *(r.notify_events("job-completed", "job-state-changed"), r.notify_sequence_number(12)),
            ),
            Group.of(GroupTag.SUBSCRIPTION, r.notify_subscription_id(5), WHERE, r.notify_job_id(7)),
            Group.of(GroupTag.SUBSCRIPTION, r.notify_subscription_id(6), r.notify_printer_ids(1, 3)),
        ),
    )
    assert await pagebell("subscriptions", "list", "--server", server.uri) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[1] == ["4", "printer", "Office", "job-state-changed", "ada", "in", "2", "hours", "12"]
    assert lines[2] == ["5", "job", "7", "with", "its", "job"]
    assert lines[3] == ["6", "printers", "with", "id", "1,", "3", "never"]
    assert await pagebell("subscriptions", "list", "--json", "--server", server.uri) == 0
    first, second, _ = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (first["id"], first["scope"], first["left"]) == (4, "printer", 7200)
    assert (second["scope"], second["job"]) == ("job", 7)


async def test_all_that_is_told_of_a_subscription_is_shown(
    server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    told = (r.notify_events("job-completed", "printer-stopped"), WHERE, r.notify_user_data(b"desk\x1b[2J"))
    server.on(Op.GET_SUBSCRIPTION_ATTRIBUTES, answer(Group.of(GroupTag.SUBSCRIPTION, *told)))
    assert await pagebell("subscriptions", "show", "7", "--server", server.uri) == 0
    out = capsys.readouterr().out
    assert "job-completed, printer-stopped" in out
    assert "notify-subscription-id" in out and " 7" in out
    assert "\x1b[2J" not in out, "what a client gave is no command for a terminal"
    (asked,) = server.asked(Op.GET_SUBSCRIPTION_ATTRIBUTES)
    assert asked.groups[0].get(r.notify_subscription_id) == 7


async def test_subscription_is_added_renewed_and_cancelled(
    server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    told = Group.of(GroupTag.SUBSCRIPTION, r.notify_subscription_id(1), WHERE)
    server.on(Op.CREATE_PRINTER_SUBSCRIPTIONS, SUBSCRIBED)
    server.on(Op.GET_SUBSCRIPTION_ATTRIBUTES, answer(told))
    renewed = Group.of(GroupTag.SUBSCRIPTION, r.notify_lease_duration(600))
    server.on(Op.RENEW_SUBSCRIPTION, answer(renewed))
    server.on(Op.CANCEL_SUBSCRIPTION, answer(), failed(Status.CLIENT_ERROR_NOT_FOUND))
    where = ("--server", server.uri)
    hook = "https://example.com/hook"
    assert await pagebell("subscriptions", "add", "Office", "--lease", "60", "--to", hook, *where) == 0
    group = server.asked(Op.CREATE_PRINTER_SUBSCRIPTIONS)[0].group(GroupTag.SUBSCRIPTION)
    assert group is not None
    assert (group.get(r.notify_recipient_uri), group.get(r.notify_lease_duration)) == (hook, 60)
    assert await pagebell("subscriptions", "renew", "1", "--lease", "600", *where) == 0
    assert await pagebell("subscriptions", "cancel", "1", "2", *where) == 1
    out = capsys.readouterr()
    assert out.out.splitlines() == [
        "Subscription 1 to the events of printer Office. Its lease ends never.",
        "Subscription 1 lives on for 10 minutes.",
        "Subscription 1 is ended.",
    ]
    assert "There is no subscription 2." in out.err
    assert await pagebell("subscriptions", "cancel", *where) == 2


@pytest.mark.parametrize(
    ("text", "job", "seconds", "same"),
    [
        ("Turn: The pages.", 7, 0.1, True),
        ("Turn: The pages.", 7, 60, False),
        ("PIN: Type it.", 7, 0, False),
        ("Turn: The pages.", 8, 0, False),
    ],
)
def test_opening_of_what_was_told_already_is_known_by_its_words_and_its_time(
    text: str, job: int, seconds: float, same: bool
) -> None:
    opened = datetime(2026, 5, 4, 12, 30, 15, tzinfo=UTC)
    told = [
        Dialog(3, "Turn", "The pages.", (), Mock(), printer="Office", job=job_, opened=opened)
        for job_ in (None, 7)
    ]
    when = r.printer_current_time(opened + timedelta(seconds=seconds))
    asked = (r.notify_subscribed_event("pagebell-dialog-opened"), r.notify_text(text), r.notify_job_id(job))
    event = Notification.of(Group.of(GroupTag.EVENT_NOTIFICATION, WHERE, when, *asked))
    assert watching._opens(event, told) is same
    assert len(told) == 2 - same
    assert not watching._opens(event, told), "each is told of once"
