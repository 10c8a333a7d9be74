"""The configuration: what is wrong with a file is told with the key's path."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pagebell.config import Config, ConfigError, check, load, split_address
from pagebell.spooler.policy import OnRecovery, Policy


def test_nothing_configured_is_the_default() -> None:
    assert load(None) == check({}, "x") == Config()
    assert Config().policy() == Policy()


def test_every_table_is_read(tmp_path: Path) -> None:
    path = tmp_path / "pagebell.toml"
    path.write_text(
        """
        [server]
        ipp = "[::1]:631"
        state = "/var/lib/pagebell"
        log-level = "debug"
        [spooler]
        on-recovery = "hold"
        max-document = 1000
        keep-documents = 60
        [ipp]
        max-attributes-octets = 4096
        [http]
        body-silence = 10
        [tls]
        mode = "require"
        [access]
        admin-from = ["10.0.0.0/8"]
        [printers.Office]
        device = "null:"
        info = "The big one"
        location = "Second floor"
        """
    )
    config = load(path)
    assert config.server.ipp == "[::1]:631"
    assert config.state_folder() == Path("/var/lib/pagebell")
    assert config.policy().on_recovery is OnRecovery.HOLD
    assert (config.policy().max_document, config.policy().keep_documents) == (1000, 60)
    assert config.printers["Office"].location == "Second floor"


def test_state_goes_to_the_users_folder_unless_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert Config().state_folder() == tmp_path / "pagebell"
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Config().state_folder() == tmp_path / ".local/state/pagebell"


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"sever": {}}, "there is no setting sever"),
    ({"server": {"port": 631}}, "there is no setting server.port"),
    ({"server": {"log_level": "info"}}, "there is no setting server.log_level"),
    ({"printers": {"A": {"device": "null:", "colour": True}}}, "there is no setting printers.A.colour"),
    ({"printers": {"A b.c": {"device": 1}}}, 'printers."A b.c".device: expected `str`, got `int`'),
    ({"printers": {"A": {}}}, "printers.A.device is missing"),
    ({"server": {"ipp": 631}}, "server.ipp: expected `str`, got `int`"),
    ({"server": []}, "server: expected `object`, got `array`"),
    ({"spooler": {"max-document": "1 GB"}}, "spooler.max-document: expected `int`, got `str`"),
    ({"spooler": {"max-document": 1.5}}, "spooler.max-document: expected `int`, got `float`"),
    ({"spooler": {"on-recovery": "pray"}}, "spooler.on-recovery: invalid enum value 'pray'"),
    ({"spooler": {"max-document": -1}}, "spooler.max-document: expected `int` >= 1"),
    ({"spooler": {"default-lease": -1}}, "spooler.default-lease: expected `float` >= 0.0"),
    ({"http": {"body-silence": 0}}, "http.body-silence: expected `float` > 0.0"),
    ({"http": {"max-headers": True}}, "http.max-headers: expected `int`, got `bool`"),
    ({"tls": {"mode": "maybe"}}, "tls.mode: invalid enum value 'maybe'"),
    ({"tls": {"key": "a.pem"}}, "tls: a certificate needs its key, and a key its certificate"),
    ({"access": {"admin-from": "10.0.0.0/8"}}, "access.admin-from: expected `array`, got `str`"),
    ({"access": {"admin-from": [1]}}, "access.admin-from[0]: expected `str`, got `int`"),
    ({"access": {"admin-from": ["10.0.0.1/8"]}}, "access.admin-from: 10.0.0.1/8 has host bits set"),
    (
        {"access": {"admin-from": ["home"]}},
        "access.admin-from: 'home' does not appear to be an IPv4 or IPv6 network",
    ),
    ({"server": {"log-level": "loud"}}, "server.log-level: invalid enum value 'loud'"),
]


@pytest.mark.parametrize(("values", "complaint"), WRONG, ids=[complaint for _, complaint in WRONG])
def test_what_is_wrong_is_told_with_its_path(values: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check(values, "pagebell.toml")
    assert str(caught.value) == f"pagebell.toml: {complaint}"


@pytest.mark.parametrize(
    "text",
    ["", "631", "localhost", "localhost:", ":631", "a:b", "a:65536", "a:-1", "a:٣", "::1:631", "[::1]"],
)
def test_address_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is not HOST:PORT"):
        check({"server": {"ipp": text}}, "x")


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("127.0.0.1:631", ("127.0.0.1", 631)),
        ("[::1]:0", ("::1", 0)),
        ("printer.test:8631", ("printer.test", 8631)),
    ],
)
def test_address_is_taken_apart(text: str, pair: tuple[str, int]) -> None:
    assert split_address(text, "x") == pair


@pytest.mark.parametrize(
    ("octets", "complaint"),
    [
        (b"[server", "is not valid TOML"),
        (b"\xff\xfe", "is not valid TOML"),
        (None, "can't be read: No such file"),
    ],
)
def test_file_that_is_no_configuration_is_refused(
    tmp_path: Path, octets: bytes | None, complaint: str
) -> None:
    path = tmp_path / "pagebell.toml"
    if octets is not None:
        path.write_bytes(octets)
    with pytest.raises(ConfigError, match=complaint) as caught:
        load(path)
    assert str(path) in str(caught.value)
