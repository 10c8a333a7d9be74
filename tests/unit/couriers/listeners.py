"""Real recipients on loopback: a web server and a mail server that are not ours; and a courier to the one."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from aiosmtpd.smtp import SMTP as SmtpProtocol

from pagebell.couriers.webhook import WebhookCourier, WebhookSettings
from pagebell.http.certificates import own_certificate
from pagebell.http.signing import key_of, new_secret
from pagebell.model.dialog import Addressees, Notice, Statement
from pagebell.model.event import Event, EventKind, JobId, JobState, JobStatus, PrinterName
from pagebell.model.subscription import SERVER, Subscription, SubscriptionId
from pagebell.spooler.ports import Parcel


def event(number: int = 7, name: str = "Brief", message: str = "") -> Event:
    status = JobStatus(
        JobState.COMPLETED, frozenset({"job-completed-successfully"}), message, name, "ada", 3, 3
    )
    return Event(EventKind.JOB_COMPLETED, 1_700_000_000.25, PrinterName("p1"), JobId(12), status, seq=number)


def subscription(recipient: str, **values: object) -> Subscription:
    given: dict[str, object] = {
        "id": SubscriptionId(5),
        "uuid": "3f2b7f0e-97a1-4c2e-8f3c-0d6f0e6f7a11",
        "scope": SERVER,
        "events": frozenset({EventKind.JOB_COMPLETED}),
        "owner": "ada",
        "created": 1_700_000_000.0,
        "recipient": recipient,
        **values,
    }
    return Subscription(**given)  # type: ignore[arg-type]


def parcel(recipient: str, *numbers: int, missed: int = 0, after: int = 0, **values: object) -> Parcel:
    events = tuple((number, event()) for number in numbers)
    return Parcel(subscription(recipient, **values), events, after, missed)


@dataclass
class Hook:
    """A web server that notes what is posted."""

    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)
    requests: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)
    port: int = 0
    scheme: str = "http"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.path, request.headers, await request.read()))
        if request.path == "/round":
            return web.Response(status=307, headers={"Location": "/round"})
        if request.path == "/to":
            return web.Response(
                status=int(request.query["status"]), headers={"Location": request.query["there"]}
            )
        return web.Response(status=self.status, headers=self.headers)

    def uri(self, host: str = "127.0.0.1", path: str = "/hook") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"


P1 = PrinterName("p1")


def private(sent: Parcel, owner: str) -> Parcel:
    """The same with what is said to ada, to bob and to everybody, for a subscription of `owner`."""
    told = (
        Event(
            EventKind.NOTICE, 1.0, P1, notice=Notice(Addressees(P1, user=to), Statement("Fax", f"For {to}."))
        )
        for to in ("ada", "bob", None)
    )
    return replace(
        sent, events=tuple(enumerate(told, 1)), subscription=replace(sent.subscription, owner=owner)
    )


HIDDEN, PUBLIC = "Printer p1 says something to somebody.", "Fax: For None."
PRIVATE = [
    ("ada", ["Fax: For ada.", HIDDEN, PUBLIC]),
    ("bob", [HIDDEN, "Fax: For bob.", PUBLIC]),
    ("kim", [HIDDEN, HIDDEN, PUBLIC]),
]


@asynccontextmanager
async def hook(context: ssl.SSLContext | None = None) -> AsyncIterator[Hook]:
    it = Hook(scheme="http" if context is None else "https")
    application = web.Application()
    application.router.add_post("/{path:.*}", it.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    it.port = runner.addresses[0][1]
    try:
        yield it
    finally:
        await runner.cleanup()


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS context, and the file that makes it trusted."""
    chain, key = own_certificate(folder / "tls", "127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    return context, chain


@asynccontextmanager
async def listener(begins: bytes) -> AsyncIterator[int]:
    """The port of a program that says so much to whoever connects, and nothing more."""
    over = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(begins)
        await over.wait()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        over.set()
        server.close()
        await server.wait_closed()


SECRET = new_secret()


def courier(
    *allowed: str,
    addresses: tuple[str, ...] = ("127.0.0.1",),
    now: float | None = None,
    ca_file: str = "",
    timeout: float = 5,
) -> WebhookCourier:
    async def look_up(host: str, port: int) -> list[str]:
        return list(addresses)

    settings = WebhookSettings(allow=allowed or ("127.0.0.0/8",), ca_file=ca_file, timeout=timeout)
    clock = time.time if now is None else lambda: now
    return WebhookCourier(settings, (key_of(SECRET),), look_up, clock)


@dataclass
class Mailbox:
    """A mail server that keeps what it is given."""

    port: int = 0
    mails: list[Envelope] = field(default_factory=list)
    refusal: str = ""
    encrypted: list[bool] = field(default_factory=list)
    logins: list[LoginPassword] = field(default_factory=list)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refusal:
            return self.refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.mails.append(envelope)
        self.encrypted.append(session.ssl is not None)
        return "250 taken"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, how: str, data: object
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append(data)
        return AuthResult(success=data.password == b"secret", handled=False)


@asynccontextmanager
async def mailbox(context: ssl.SSLContext | None = None, *, login: bool = False) -> AsyncIterator[Mailbox]:
    it = Mailbox()
    server = await asyncio.get_running_loop().create_server(
        lambda: SmtpProtocol(
            it,
            hostname="mail.test",
            tls_context=context,
            require_starttls=context is not None,
            authenticator=it.authenticate,
            auth_required=login,
            enable_SMTPUTF8=True,
        ),
        "127.0.0.1",
        0,
    )
    it.port = server.sockets[0].getsockname()[1]
    try:
        yield it
    finally:
        server.close()
        await server.wait_closed()
