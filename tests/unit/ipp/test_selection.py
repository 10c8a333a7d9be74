"""What "requested-attributes" selects (RFC 8011 4.2.5.1, 4.3.4.1; PWG 5100.7 for media-col-database)."""

import pytest

from pagebell.ipp.codec import GroupTag
from pagebell.ipp.selection import select


@pytest.mark.parametrize(
    ("requested", "of", "chosen", "left"),
    [
        (None, GroupTag.PRINTER, ["copies-default", "printer-name", "vendor-x"], ["media-col-database"]),
        (["all"], GroupTag.PRINTER, ["copies-default", "printer-name"], ["media-col-database"]),
        (["all", "media-col-database"], GroupTag.PRINTER, ["media-col-database", "printer-name"], []),
        (["media-col-database"], GroupTag.PRINTER, ["media-col-database"], ["printer-name"]),
        (
            ["job-template"],
            GroupTag.PRINTER,
            ["copies-default", "media-supported", "media-ready", "media-type-supported", "sides-supported"],
            ["printer-name", "charset-supported", "notify-events-default", "media-col-database"],
        ),
        (
            ["printer-description"],
            GroupTag.PRINTER,
            ["printer-name", "printer-state", "charset-supported", "vendor-x"],
            ["copies-default", "media-size-supported", "notify-events-default"],
        ),
        (["subscription-template"], GroupTag.PRINTER, ["notify-events-default"], ["copies-default"]),
        (["printer-status"], GroupTag.PRINTER, ["printer-state"], ["printer-info"]),
        (["job-template"], GroupTag.JOB, ["copies", "sides"], ["job-id", "job-name"]),
        (["job-description"], GroupTag.JOB, ["job-id", "job-name", "job-state"], ["copies"]),
        (["job-description", "sides"], GroupTag.JOB, ["job-id", "sides"], ["copies"]),
        (["job-status"], GroupTag.JOB, ["job-state"], ["job-name"]),
        (["printer-description"], GroupTag.JOB, [], ["printer-name", "job-id"]),
        (["subscription-template"], GroupTag.SUBSCRIPTION, ["notify-events"], ["notify-subscription-id"]),
        (["subscription-description"], GroupTag.SUBSCRIPTION, ["notify-subscription-id"], ["notify-events"]),
        (["document-template"], GroupTag.DOCUMENT, ["copies"], ["document-number"]),
        (["system-status"], GroupTag.SYSTEM, ["system-state"], ["system-name"]),
    ],
)
def test_selection(requested: list[str] | None, of: GroupTag, chosen: list[str], left: list[str]) -> None:
    selection = select(requested, of)
    assert [name for name in chosen if name not in selection] == []
    assert [name for name in left if name in selection] == []


def test_default_of_get_jobs_is_the_id_and_the_uri() -> None:
    selection = select(None, GroupTag.JOB, ("job-id", "job-uri"))
    assert "job-id" in selection
    assert "job-state" not in selection


def test_names_that_are_not_supported_can_be_told() -> None:
    selection = select(["all", "job-template", "copies-default", "no-such"], GroupTag.PRINTER)
    assert selection.unknown({"copies-default"}) == ["no-such"]
