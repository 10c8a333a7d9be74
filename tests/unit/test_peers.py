"""A peer that is missing skips the test with its name, and fails it under CI."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import peers


def test_missing_peer_is_a_skipped_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="not run: no-such-program is missing"):
        peers.find("no-such-program")


def test_missing_peer_is_a_failure_under_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="not run: no-such-program is missing"):
        peers.find("no-such-program")


def test_addresses_with_ports_of_their_own_are_one_files_each() -> None:
    """Files run side by side; those that need port 135 or 445 have a loopback address for themselves."""
    owners: dict[str, set[Path]] = {}
    for path in Path(__file__).parents[1].rglob("test_*.py"):
        for line in path.read_text().splitlines():
            if line.startswith("HOST"):
                for address in re.findall(r"127\.0\.0\.\d\d+", line):
                    owners.setdefault(address, set()).add(path)
    assert len(owners) > 10
    assert {address: files for address, files in owners.items() if len(files) > 1} == {}
