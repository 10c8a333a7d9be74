"""The server's configuration: a TOML file, checked key by key, under the command line's options."""

from __future__ import annotations

import ipaddress
import os
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from pagebell.spooler.policy import OnRecovery, Policy


class ConfigError(Exception):
    """The configuration can't be used; `str()` of it names the place and what to do."""


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab", kw_only=True):
    """A table of the file: its keys are the fields' names with hyphens, and no others."""


class ServerTable(_Table, frozen=True):
    """`[server]`: where it listens and keeps its state."""

    ipp: str = "127.0.0.1:8631"
    """HOST:PORT for IPP and the web pages."""
    state: str = ""
    """Folder for state, documents and output; empty for the user's XDG state folder."""
    log_level: str = "info"


_DEFAULT = Policy()


class SpoolerTable(_Table, frozen=True):
    """`[spooler]`: limits and habits; times in seconds, sizes in octets."""

    on_recovery: OnRecovery = _DEFAULT.on_recovery
    """What becomes of a job that was printing when the server went down: "reprint" or "hold"."""
    max_document: int = _DEFAULT.max_document
    max_documents_per_job: int = _DEFAULT.max_documents_per_job
    max_active_jobs: int = _DEFAULT.max_active_jobs
    max_subscriptions: int = _DEFAULT.max_subscriptions
    open_job_timeout: float = _DEFAULT.open_job_timeout
    """How long a job waits for its next document before it is aborted."""
    keep_documents: float = _DEFAULT.keep_documents
    """How long the documents of finished jobs stay, so that they can be printed again."""
    event_life: float = _DEFAULT.event_life
    """How long events can be fetched at least."""
    max_events: int = _DEFAULT.max_events
    default_lease: float = _DEFAULT.default_lease
    max_lease: float = _DEFAULT.max_lease


class IppTable(_Table, frozen=True):
    """`[ipp]`: limits of a request's attributes."""

    max_attributes_octets: int = 2**20
    silence: float = 300.0
    """Seconds that a client may be silent in the middle of a request before it is taken for gone."""


class AccessTable(_Table, frozen=True):
    """`[access]`: who may do what."""

    admin_from: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    """Networks whose clients may administer without further proof; others print and manage their own jobs."""


class PrinterTable(_Table, frozen=True):
    """`[printers.NAME]`: a printer that is there from the start."""

    device: str
    info: str = ""
    location: str = ""


class Config(_Table, frozen=True):
    """The whole file."""

    server: ServerTable = ServerTable()
    spooler: SpoolerTable = SpoolerTable()
    ipp: IppTable = IppTable()
    access: AccessTable = AccessTable()
    printers: dict[str, PrinterTable] = {}

    def policy(self) -> Policy:
        """The spooler's limits and habits."""
        return Policy(**msgspec.structs.asdict(self.spooler))

    def state_folder(self) -> Path:
        """Where everything is kept."""
        if self.server.state:
            return Path(self.server.state).expanduser().absolute()
        base = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
        return (Path(base).expanduser() / "pagebell").absolute()


def load(path: Path | None) -> Config:
    """Read the file; None gives the defaults. Raises ConfigError."""
    if path is None:
        return Config()
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} can't be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from None
    return check(values, str(path))


def check(values: dict[str, Any], where: str) -> Config:
    """Make a Config of a parsed file. Raises ConfigError that names the key."""
    try:
        config = msgspec.convert(values, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{where}: {_in_words(str(error))}") from None
    for network in config.access.admin_from:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            raise ConfigError(f"{where}: access.admin-from: {error}") from None
    split_address(config.server.ipp, f"{where}: server.ipp")
    return config


def _in_words(text: str) -> str:
    """msgspec's message with the key's path as one writes it in TOML."""
    what, _, place = text.partition(" - at `")
    path = place.rstrip("`").removeprefix("$").removeprefix(".")
    if what.startswith("Object contains unknown field `"):
        key = what.removeprefix("Object contains unknown field `").rstrip("`")
        return f"there is no setting {path + '.' if path else ''}{key}"
    return f"{path}: {what[0].lower()}{what[1:]}"


def split_address(text: str, where: str) -> tuple[str, int]:
    """HOST:PORT as a pair; IPv6 addresses in brackets. Raises ConfigError."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ConfigError(f"{where}: {text!r} is not HOST:PORT, such as 127.0.0.1:8631 or [::1]:8631")
    return host, int(port)
