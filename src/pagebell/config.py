"""The server's configuration: a TOML file, checked key by key, under the command line's options."""

from __future__ import annotations

import ipaddress
import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from pagebell.entrance import Auth
from pagebell.http.settings import HttpLimits, TlsMode
from pagebell.model.access import Rules
from pagebell.spooler.holding import zone
from pagebell.spooler.policy import OnRecovery, OnSourceFailure, Policy

T = TypeVar("T")


class ConfigError(Exception):
    """The configuration can't be used; `str()` of it names the place and what to do."""


Count = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[float, msgspec.Meta(ge=0)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
LogLevel = Literal["debug", "info", "warning", "error"]


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab", kw_only=True):
    """A table of the file: its keys are the fields' names with hyphens, and no others."""


class ServerTable(_Table, frozen=True):
    """`[server]`: where it listens and keeps its state."""

    ipp: str = "127.0.0.1:8631"
    """HOST:PORT for IPP and the web pages."""
    state: str = ""
    """Folder for state, documents and output; empty for the user's XDG state folder."""
    log_level: LogLevel = "info"
    """How much to tell on standard error."""


_DEFAULT = Policy()


class SpoolerTable(_Table, frozen=True):
    """`[spooler]`: limits and habits; times in seconds, sizes in octets."""

    on_recovery: OnRecovery = _DEFAULT.on_recovery
    """What becomes of a job that was printing when the server went down: "reprint" or "hold"."""
    on_source_failure: OnSourceFailure = _DEFAULT.on_source_failure
    """What becomes of the jobs that a source of dialogs holds when it fails."""
    max_document: Count = _DEFAULT.max_document
    """Size of a document, after decompression."""
    max_documents_per_job: Count = _DEFAULT.max_documents_per_job
    """Documents in one job."""
    max_active_jobs: Count = _DEFAULT.max_active_jobs
    """Jobs that wait or print; beyond so many, new ones are asked to come later."""
    max_subscriptions: Count = _DEFAULT.max_subscriptions
    """Subscriptions of all clients together."""
    open_job_timeout: Seconds = _DEFAULT.open_job_timeout
    """How long a job waits for its next document before it is aborted."""
    keep_documents: Seconds = _DEFAULT.keep_documents
    """How long the documents of finished jobs stay, so that they can be printed again."""
    history_jobs: Count = _DEFAULT.history_jobs
    """How many finished jobs are remembered at most."""
    history_age: Seconds = _DEFAULT.history_age
    """How long a finished job is remembered."""
    time_zone: str = _DEFAULT.time_zone
    """Whose clock is meant by "job-hold-until" night, weekend and the like; empty for the machine's."""
    event_life: Seconds = _DEFAULT.event_life
    """How long events can be fetched at least."""
    max_events: Count = _DEFAULT.max_events
    """Events that are kept; beyond so many, the oldest leave before their time."""
    max_readers: Count = _DEFAULT.max_readers
    """Readers of `/events` at one time; further ones are asked to come later."""
    max_settings_octets: Count = _DEFAULT.max_settings_octets
    """What clients may keep at a printer, or at the server, such as Windows' printer data."""
    max_resources: Count = _DEFAULT.max_resources
    """Resources: images, colour profiles and strings that administrators install for printers."""
    max_resource: Count = _DEFAULT.max_resource
    """Size of a resource."""
    max_resources_octets: Count = _DEFAULT.max_resources_octets
    """Size of all resources together."""
    default_lease: Seconds = _DEFAULT.default_lease
    """How long a subscription lives whose client asks for no time."""
    max_lease: Seconds = _DEFAULT.max_lease
    """The longest life of a subscription that a client may ask for."""


class IppTable(_Table, frozen=True):
    """`[ipp]`: limits of a request's attributes."""

    max_attributes_octets: Count = 2**20
    """Size of a request's attributes; its document does not count."""
    fetch_from: tuple[str, ...] = ()
    """Hosts and networks from which documents may be fetched that clients name (Print-URI), by HTTP, IPP and FTP;
    none: no fetching."""


_HTTP = HttpLimits()


class HttpTable(_Table, frozen=True):
    """`[http]`: limits of connections; times in seconds, sizes in octets. `http.settings` has the reasons."""

    max_connections: Count = _HTTP.max_connections
    """Connections at one time; further ones get 503."""
    max_connections_per_address: Count = _HTTP.max_connections_per_address
    """The same for one IPv4 address or one IPv6 network of 64 bits."""
    max_requests: Count = _HTTP.max_requests
    """Requests on one connection."""
    max_head: Count = _HTTP.max_head
    """Size of a request's line and headers together."""
    max_headers: Count = _HTTP.max_headers
    """Count of a request's headers."""
    max_body: Count = _HTTP.max_body
    """Size of a request's body that is not IPP; documents have `spooler.max-document`."""
    handshake_time: Positive = _HTTP.handshake_time
    """For a TLS handshake."""
    head_time: Positive = _HTTP.head_time
    """For a request's line and headers to come, from the connection or the first octet on."""
    idle_time: Positive = _HTTP.idle_time
    """Between an answer and the next request on the same connection."""
    body_silence: Positive = _HTTP.body_silence
    """Without an octet of a body before its sender is taken for gone."""
    min_upload_rate: Positive = _HTTP.min_upload_rate
    """Octets a second; who sends more slowly on the whole uses up `body-silence`."""
    answer_silence: Positive = _HTTP.answer_silence
    """For a client to take more of its answer."""
    vanished_time: Positive = _HTTP.vanished_time
    """Without a sign of life from a client's computer before it is taken for gone, also while the client waits."""


class TlsTable(_Table, frozen=True):
    """`[tls]`: encrypted connections, on the same port as the others."""

    mode: TlsMode = TlsMode.ALLOW
    """"off", "allow" or "require"."""
    certificate: str = ""
    """File with the certificate and its chain in PEM; empty for a self-signed one, made at the first start."""
    key: str = ""
    """File with the certificate's key in PEM, without a passphrase. Both are read again when they change."""


class AccessTable(_Table, frozen=True):
    """`[access]`: who may do what."""

    admin_from: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    """Networks whose clients may administer without further proof."""
    auth: Auth = Auth.OFFER
    """What IPP and web clients must prove: "off", "offer" (only to do more than a stranger may) or "require"."""
    print: tuple[str, ...] = ("*",)
    """Who may print and manage their own jobs: names, groups as "@GROUP", and "*" for everybody who comes in."""
    operators: tuple[str, ...] = ()
    """Who may also manage everybody's jobs, and pause printers."""
    administrators: tuple[str, ...] = ()
    """Who may do everything, beside those whom `pagebell users add --admin` has made administrators."""
    groups: dict[str, tuple[str, ...]] = {}
    """Groups of this server's own: for each its members, names and security identifiers."""
    keytab: str = ""
    """File with the server's Kerberos keys, host/NAME for Windows clients and HTTP/NAME for others; empty for none."""
    bound_proofs: bool = False
    """Whether tickets and NTLM by HTTP have to name the encrypted connection that they are for (channel binding)."""
    ntlm_auth: str = ""
    """Samba's program ntlm_auth, which asks the domain that winbindd has joined about its people; empty for none."""


class RpcTable(_Table, frozen=True):
    """`[rpc]`: Windows clients."""

    listen: str = "127.0.0.1:8632"
    """HOST:PORT for [MS-RPRN] and [MS-PAR], or "off"."""
    epm: str = ""
    """HOST:PORT of the endpoint mapper, or "off"; empty for port 135 of the same host, if it can be had."""
    protection: Literal["none", "integrity", "privacy"] = "integrity"
    """What [MS-RPRN] calls need at least."""
    par_protection: Literal["integrity", "privacy"] = "privacy"
    """What [MS-PAR] calls need; the protocol wants privacy, and some programs can't (Samba's rpcclient)."""
    anonymous: bool = False
    """Whether people whom nobody knows may print, without any protection."""
    computer: str = ""
    """The server's NetBIOS name; empty for the host's."""
    names: tuple[str, ...] = ()
    """Further names by which clients may call it."""
    samba_np: str = ""
    """Socket by which smbd hands its pipe `spoolss` over, such as /run/samba/ncalrpc/np/spoolss; empty for none."""
    samba_spool: tuple[str, ...] = ("/var/spool/samba", "/var/tmp")
    """Folders in which smbd writes documents printed on its shares: the `path` of its printers."""
    default_driver: str = "MS Publisher Color Printer"
    """The driver that clients use for printers that name none; one that Windows brings along."""
    callbacks: bool = True
    """Whether clients that register for it are called, where they registered from; never with credentials."""
    callbacks_to: tuple[str, ...] = ()
    """Further networks and host names that clients may name as where to call."""
    callbacks_to_anonymous: bool = False
    """Whether clients are called back whom nobody knows."""
    accept_driver_records: bool = False
    """Let administrators add drivers' names, without files: only for testing other people's clients."""


class DirectoryTable(_Table, frozen=True):
    """`[directory]`: where printers are published whose administrators ask for it in Windows."""

    ldap: str = ""
    """The directory's address, such as ldaps://dc.example.org; empty for none."""
    host: str = ""
    """The server's full name, as clients know it; empty for this machine's."""
    base: str = ""
    """Distinguished name of the printers' place; empty for the server's own entry."""
    bind: str = ""
    """Whom to log in as; empty for the server's Kerberos ticket, if it has one."""
    password_file: str = ""
    """File with that user's password."""
    ca: str = ""
    """File with the certificate that the directory's is signed by; empty for the system's."""


class DnsSdTable(_Table, frozen=True):
    """`[dns-sd]`: whether computers and phones on the local network find the printers by themselves."""

    enabled: Literal["auto"] | bool = "auto"
    """true, false, or "auto": where the server listens on more than the loopback address."""


class ResourcesTable(_Table, frozen=True):
    """`[resources]`: what administrators install for printers."""

    signers: tuple[str, ...] = ()
    """Files with public keys or certificates, in PEM, of those whose signatures of resources count."""


class PrinterTable(_Table, frozen=True):
    """`[printers.NAME]`: a printer that is there from the start."""

    device: str
    """Where its pages go: a device URI."""
    info: str = ""
    """What it is, in a few words; empty for its name."""
    location: str = ""
    """Where it stands."""
    driver: str = ""
    """The driver that Windows clients use."""


class Config(_Table, frozen=True):
    """The whole file."""

    server: ServerTable = ServerTable()
    spooler: SpoolerTable = SpoolerTable()
    ipp: IppTable = IppTable()
    http: HttpTable = HttpTable()
    tls: TlsTable = TlsTable()
    access: AccessTable = AccessTable()
    rpc: RpcTable = RpcTable()
    directory: DirectoryTable = DirectoryTable()
    dns_sd: DnsSdTable = DnsSdTable()
    resources: ResourcesTable = ResourcesTable()
    printers: dict[str, PrinterTable] = {}
    couriers: dict[str, dict[str, Any]] = {}
    sources: dict[str, dict[str, Any]] = {}
    """Who takes events to recipients, by name; each courier has its own settings, which it checks at the start."""

    def policy(self) -> Policy:
        """The spooler's limits and habits."""
        return Policy(**msgspec.structs.asdict(self.spooler))

    def http_limits(self) -> HttpLimits:
        """The limits of connections."""
        return HttpLimits(**msgspec.structs.asdict(self.http))

    def rules(self) -> Rules:
        """Who has which rights."""
        access = self.access
        return Rules.of(access.print, access.operators, access.administrators, access.groups)

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
    printers = values.get("printers")
    if isinstance(
        printers, dict
    ):  # one by one, since msgspec does not tell the key of what is wrong in a dict
        for name, table in printers.items():
            _convert(table, PrinterTable, where, f"printers.{_key(name)}")
    config = _convert(values, Config, where)
    for network in config.access.admin_from:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            raise ConfigError(f"{where}: access.admin-from: {error}") from None
    split_address(config.server.ipp, f"{where}: server.ipp")
    try:
        zone(config.spooler.time_zone)
    except ValueError as error:
        raise ConfigError(f"{where}: spooler.time-zone: {error}") from None
    for name, address in (("listen", config.rpc.listen), ("epm", config.rpc.epm)):
        if address not in ("", "off"):
            split_address(address, f"{where}: rpc.{name}")
    if not config.rpc.listen:
        raise ConfigError(f'{where}: rpc.listen: name HOST:PORT, or "off"')
    if bool(config.tls.certificate) != bool(config.tls.key):
        raise ConfigError(f"{where}: tls: a certificate needs its key, and a key its certificate")
    return config


def _convert(values: Any, to: type[T], where: str, path: str = "") -> T:
    """Check a part of the file that stands at `path`. Raises ConfigError."""
    try:
        return msgspec.convert(values, to)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{where}: {_in_words(str(error), path)}") from None


def _in_words(text: str, above: str) -> str:
    """msgspec's message with the key's path as one writes it in TOML."""
    what, _, place = text.partition(" - at `")
    path = ".".join(part for part in (above, place.rstrip("`").removeprefix("$").removeprefix(".")) if part)
    for start, words in (("unknown", "there is no setting {}"), ("missing required", "{} is missing")):
        told, found, key = what.partition(f"{start} field `")
        if found and told.startswith("Object "):
            return words.format(".".join(part for part in (path, key.rstrip("`")) if part))
    return f"{path}: {what[0].lower()}{what[1:]}"


def _key(name: str) -> str:
    """A key as one writes it in TOML."""
    bare = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return name if bare else '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def split_address(text: str, where: str) -> tuple[str, int]:
    """HOST:PORT as a pair; IPv6 addresses in brackets. Raises ConfigError."""
    given, colon, port = text.rpartition(":")
    host = given.removeprefix("[").removesuffix("]")
    if (
        not colon
        or not host
        or (":" in host and given != f"[{host}]")
        or not port.isascii()
        or not port.isdigit()
        or int(port) > 65535
    ):
        raise ConfigError(f"{where}: {text!r} is not HOST:PORT, such as 127.0.0.1:8631 or [::1]:8631")
    return host, int(port)
