"""A peer that is missing skips the test with its name, and fails it under CI."""

from __future__ import annotations

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
