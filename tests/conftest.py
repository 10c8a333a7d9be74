"""Peers: programs that we did not write. Where one is missing, its tests are reported by name as not run."""

from __future__ import annotations

import pytest
from hypothesis import settings

from tests import peers

settings.register_profile("pagebell", deadline=None, print_blob=True)
settings.load_profile("pagebell")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """`@pytest.mark.interop("lp", "tshark")` names the programs that a test needs."""
    for mark in item.iter_markers("interop"):
        for program in mark.args:
            peers.find(program)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the tests that were not run, one a line."""
    missing = []
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if "not run: " in reason:
            missing.append(f"{report.nodeid}: {reason.partition('not run: ')[2]}")
    if missing:
        terminalreporter.section("not run")
        for line in missing:
            terminalreporter.write_line(line)
