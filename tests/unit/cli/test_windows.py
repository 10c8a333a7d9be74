"""Commands that reach Windows print servers: addresses, passwords, and which client they make."""

from __future__ import annotations

from pathlib import Path

import pytest

from pagebell.cli.connection import Connection
from pagebell.cli.failures import CommandError
from pagebell.ipp.client import Client
from pagebell.ipp.registry import JobState, PrinterState
from pagebell.winspool.changes import ChangeFlag, JobField, PrinterField
from pagebell.winspool.client.addresses import parse
from pagebell.winspool.client.client import Client as WindowsClient
from pagebell.winspool.client.events import Events
from pagebell.winspool.client.feeds import Told
from pagebell.winspool.constants import JobStatus, PrinterStatus


def test_an_address_tells_which_client_is_meant() -> None:
    assert isinstance(Connection().any("par://host/q"), WindowsClient)
    assert isinstance(Connection(server=r"\\host").any("q"), WindowsClient)
    assert Connection(server="rprn://host").any("q").uri == "rprn://host/q"
    assert isinstance(Connection().any("ipp://host/q"), Client)
    assert isinstance(Connection(server="par://host").any("ipp://host/q"), Client)


def test_what_ipp_alone_has_says_so() -> None:
    with pytest.raises(CommandError, match="this command is for IPP servers"):
        Connection(server="par://host").client()


def test_passwords_come_from_a_file_or_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAGEBELL_PASSWORD", "from there")
    assert Connection().password == "from there"
    (tmp_path / "pw").write_text("from here\n")
    assert Connection(password_file=str(tmp_path / "pw")).password == "from here"
    assert (
        not hasattr(Connection, "__dataclass_fields__") or "password" not in Connection.__dataclass_fields__
    )


def test_notifications_become_events() -> None:
    events = Events(parse("par://host/q"))
    number = 7
    before = Told(jobs={1: {JobField.STATUS: JobStatus.PRINTING}}, whole=True)
    assert list(events.of(before)) == []
    told = [
        Told(ChangeFlag.ADD_JOB, {number: {JobField.STATUS: 0, JobField.DOCUMENT: "Letter"}}),
        Told(ChangeFlag.SET_JOB, {number: {JobField.STATUS: JobStatus.PRINTING}}),
        Told(ChangeFlag.SET_JOB, {number: {JobField.PAGES_PRINTED: 1}}),
        Told(ChangeFlag.SET_JOB, {number: {JobField.PAGES_PRINTED: 1}}),
        Told(ChangeFlag.DELETE_JOB, {number: {JobField.STATUS: JobStatus.PRINTED}}),
        Told(ChangeFlag.SET_PRINTER, {}, {PrinterField.STATUS: PrinterStatus.PAPER_OUT}),
    ]
    found = [event for one in told for event in events.of(one)]
    assert [event.event for event in found] == [
        *("job-created", "job-state-changed", "job-progress", "job-completed"),
        "printer-state-changed",
    ]
    assert [event.sequence for event in found] == [1, 2, 3, 4, 5]
    assert found[0].printer_name == "q"
    job = found[3].raw
    assert (str(job.attributes["job-name"].values[0].data), found[3].job_id) == ("Letter", number)
    assert JobState.COMPLETED in [value.data for value in job.attributes["job-state"].values]
    state = found[4].raw.attributes["printer-state"].values[0].data
    assert state == PrinterState.STOPPED
