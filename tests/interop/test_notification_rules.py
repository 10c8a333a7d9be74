"""Rules of RFC 3995 and 3996 that no published suite asks for: asked for and read by ipptool."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pagebell.testing import pdf
from tests.interop.test_ipptool_suites import assert_passed, run_suite
from tests.server import ServerProcess

pytestmark = [pytest.mark.interop("ipptool", "timeout"), pytest.mark.timeout(150)]

TEST = """
{
    NAME "%s"
    OPERATION %s
    GROUP operation-attributes-tag
    ATTR charset attributes-charset utf-8
    ATTR language attributes-natural-language en
    ATTR uri printer-uri $uri
    ATTR name requesting-user-name $user
    %s
}
"""
FIVE = """
    GROUP subscription-attributes-tag
    ATTR keyword notify-pull-method ippget
    ATTR keyword notify-events job-created,printer-on-fire
    GROUP subscription-attributes-tag
    ATTR keyword notify-pull-method telepathy
    ATTR keyword notify-events printer-on-fire
    GROUP subscription-attributes-tag
    ATTR uri notify-recipient-uri gopher://printer.test/
    ATTR charset notify-charset latin-9
    GROUP subscription-attributes-tag
    ATTR keyword notify-pull-method ippget
    ATTR keyword notify-events none
    GROUP subscription-attributes-tag
    ATTR keyword notify-pull-method ippget
    ATTR keyword notify-events job-completed
    STATUS successful-ok-ignored-subscriptions
"""
SUBSTITUTED, UNSUPPORTED, NO_SCHEME = 0x0001, 0x040B, 0x040C
ANSWERS: list[dict[str, Any]] = [
    {"notify-status-code": SUBSTITUTED, "notify-events": "printer-on-fire"},
    {
        "notify-status-code": UNSUPPORTED,
        "notify-pull-method": "telepathy",
        "notify-events": "printer-on-fire",
    },
    {
        "notify-status-code": NO_SCHEME,
        "notify-recipient-uri": "gopher://printer.test/",
        "notify-charset": "latin-9",
    },
    {"notify-status-code": UNSUPPORTED, "notify-events": "none"},
    {},
]
"""To each of the five, but for the number and the lease of what was made (RFC 3995 5.2)."""
READ = """
    ATTR integer notify-subscription-ids 1,4
    STATUS successful-ok
    EXPECT notify-status-code IN-GROUP event-notification-attributes-tag REPEAT-NO-MATCH REPEAT-LIMIT 100
    DELAY 0.1
"""


def groups(report: dict[str, Any], sign: str) -> list[dict[str, Any]]:
    """Those that have such an attribute."""
    return [group for group in report["ResponseAttributes"] if any(name.startswith(sign) for name in group)]


def test_each_group_has_its_answer_and_each_event_its_subscriptions_status(tmp_path: Path) -> None:
    (tmp_path / "document-a4.pdf").write_bytes(pdf(1))
    script = [
        TEST % ("of a printer", "Create-Printer-Subscriptions", FIVE),
        TEST % ("of no job", "Validate-Job", FIVE),
        TEST % ("of a job", "Print-Job", f"{FIVE}    FILE $filename\n"),
        TEST % ("events", "Get-Notifications", READ),
    ]
    (tmp_path / "rules.test").write_text("".join(script))
    with ServerProcess(tmp_path / "server", devices={"Q": "simulated://?ppm=6000&warmup=0"}) as server:
        tests = run_suite(tmp_path, "rules.test", server.uri("Q"))
    of_printer, of_no_job, of_job, *_, events = tests
    assert_passed([of_printer, of_no_job, of_job, events], 4)
    for report, numbers in ((of_printer, [1, 2]), (of_no_job, []), (of_job, [3, 4])):
        told = [group for group in report["ResponseAttributes"][1:] if "job-id" not in group]
        made = [group.pop("notify-subscription-id") for group in told if "notify-subscription-id" in group]
        leases = [group.pop("notify-lease-duration", None) is not None for group in told]
        assert made == numbers
        assert told == (ANSWERS if made else ANSWERS[:-1])  # a group without attributes is not reported
        assert any(leases) is (report is of_printer)
    read = groups(events, "notify-subscribed-event")
    assert [
        (e["notify-subscription-id"], e["notify-subscribed-event"], e.get("notify-status-code")) for e in read
    ] == [(1, "job-created", None), (4, "job-completed", 0x0007)]  # RFC 3996 5.2
