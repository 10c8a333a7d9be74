"""Peers: programs that we did not write. Where one is missing, its tests are reported by name as not run."""

from __future__ import annotations

import os
import shutil

import pytest

PACKAGES = {
    "cancel": "cups-client",
    "cupsd": "cups",
    "curl": "curl",
    "dumpcap": "tshark",
    "ippeveprinter": "cups-ipp-utils",
    "ipptool": "cups-ipp-utils",
    "lp": "cups-client",
    "lpoptions": "cups-client",
    "lpr": "cups-bsd",
    "lpstat": "cups-client",
    "pdfinfo": "poppler-utils",
    "setpriv": "util-linux",
    "tmux": "tmux",
    "tshark": "tshark",
    "unshare": "util-linux",
}
"""Which Debian package has which program."""

_not_run = pytest.StashKey[list[tuple[str, str]]]()


def find(program: str) -> str | None:
    """A program's path; those for administrators are found by everybody."""
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")


def not_run(item: pytest.Item, why: str) -> None:
    """Report a test by name as not run; where everything is to be there (CI) that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{why}, and with CI=true every peer must be there", pytrace=False)
    item.config.stash.setdefault(_not_run, []).append((item.nodeid, why))
    pytest.skip(why)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """`@pytest.mark.interop("lp", "tshark")` names the programs that a test needs."""
    for mark in item.iter_markers("interop"):
        for program in mark.args:
            if find(program) is None:
                package = PACKAGES.get(program, program)
                not_run(item, f"{program} is not installed (Debian package {package})")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name them at the end, one a line."""
    missing = config.stash.get(_not_run, [])
    if missing:
        terminalreporter.section("not run, for want of a peer")
        for name, why in missing:
            terminalreporter.write_line(f"{name}: {why}")
