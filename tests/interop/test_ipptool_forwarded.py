"""Apple's conformance suites against a queue that forwards to another server."""

from __future__ import annotations

from pathlib import Path

import pytest

from pagebell.ipp import SyncClient
from tests.interop.test_ipptool_suites import VIRTUAL, run_suite, stage
from tests.server import ServerProcess, wait_for

pytestmark = [pytest.mark.interop("ipptool", "timeout"), pytest.mark.timeout(90)]
AT_LEAST = {"ipp-1.1.test": 44, "ipp-2.0.test": 45}
"""Tests that pass today: a suite that was cut short is no success."""


@pytest.mark.parametrize("suite", AT_LEAST)
def test_suite_passes(suite: str, tmp_path: Path) -> None:
    folder = stage(tmp_path / "suites")
    with (
        ServerProcess(tmp_path / "back", devices={"R": VIRTUAL}) as back,
        ServerProcess(tmp_path / "front", devices={"Q": back.uri("R")}) as front,
    ):
        with SyncClient(front.uri("Q")) as client:
            model = "Pagebell Virtual Printer"
            wait_for(
                lambda: client.printer().make_and_model == model, "the description of the printer behind"
            )
        tests = run_suite(folder, suite, front.uri("Q"))
    failed = [f"{test['Name']}: {test.get('Errors')}" for test in tests if not test["Successful"]]
    assert not failed
    passed = [test["Name"] for test in tests if test["Successful"] and not test.get("Skipped")]
    assert len(passed) >= AT_LEAST[suite], passed
