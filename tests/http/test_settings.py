"""The tables about HTTP and TLS in the configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from pagebell.app import StartError, serve
from pagebell.config import Config, ConfigError, HttpTable, check
from pagebell.http.settings import HttpLimits, TlsMode


def test_every_limit_can_be_set_and_has_the_same_default() -> None:
    assert HttpLimits(**msgspec.structs.asdict(HttpTable())) == HttpLimits()
    assert Config().http_limits() == HttpLimits()


def test_limits_and_mode_are_read() -> None:
    config = check({"http": {"idle-time": 5.0}, "tls": {"mode": "require"}}, "test")
    assert config.http_limits().idle_time == 5.0
    assert config.tls.mode is TlsMode.REQUIRE


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"http": {"max-head": 0}}, "http.max-head: expected"),
        ({"http": {"idle-time": -1.0}}, "http.idle-time"),
        ({"http": {"nonsense": 1}}, "no setting http.nonsense"),
        ({"tls": {"mode": "perhaps"}}, "tls.mode"),
        ({"tls": {"certificate": "a.pem"}}, "a certificate needs its key"),
    ],
)
def test_what_cannot_be_meant_is_told(values: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        check(values, "test")


async def test_certificate_that_cannot_be_read_is_told_at_the_start(tmp_path: Path) -> None:
    tls = {"certificate": str(tmp_path / "none.pem"), "key": str(tmp_path / "none.key")}
    server = {"state": str(tmp_path / "state"), "ipp": "127.0.0.1:0"}
    values = {"server": server, "rpc": {"listen": "off"}, "tls": tls}
    with pytest.raises(StartError, match=r"none\.pem can't be read: No such file"):
        async with serve(check(values, "test")):
            raise AssertionError("it started")
