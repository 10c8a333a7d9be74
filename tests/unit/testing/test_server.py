"""`pagebell.testing.PrintServer`, as users' tests have it."""

from __future__ import annotations

import pytest

from pagebell.app import StartError
from pagebell.ipp import SyncClient
from pagebell.ipp.registry import JobState
from pagebell.testing import PrintServer, pdf


@pytest.fixture
def print_server_device() -> str:
    return "simulated://?ppm=60000&media=2"


def test_program_can_print_on_it_run_out_of_paper_and_go_on(print_server: PrintServer) -> None:
    with SyncClient(print_server.uri) as client:
        job = client.print_document(pdf(3), title="three pages")
        for update in client.follow(job):
            if "media-empty-error" in update.printer.reasons:
                assert print_server.command("status").startswith("Tray 1 is out of paper")
                print_server.command("refill")
        assert update.job.state is JobState.COMPLETED
    (stored,) = print_server.jobs()
    assert (stored.name, stored.impressions_completed) == ("three pages", 3)


def test_unknown_device_is_told() -> None:
    with pytest.raises(StartError, match="known are file:, "), PrintServer("telepathy://"):
        pass
