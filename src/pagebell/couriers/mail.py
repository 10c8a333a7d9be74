"""Mail: events for people, in the subscription's language, by way of a mail server (RFC 5321, RFC 6068)."""

from __future__ import annotations

import enum
import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import unquote, urlsplit

import aiosmtplib
import msgspec

from pagebell.couriers.settings import Table, read, secret_of, trust
from pagebell.model.names import one_line
from pagebell.model.wording import event_text, language_for, wording
from pagebell.spooler.ports import Parcel, Undelivered

_ADDRESS: Final = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)*[A-Za-z0-9-]{1,63}"
)
"""Addresses as people have them (RFC 5321 4.1.2 without quoted parts and addresses of hosts)."""
_NO_SUCH_MAILBOX: Final = frozenset({550, 551, 553})
"""RFC 5321 4.2.3, as answers to a recipient."""


class Encryption(enum.Enum):
    """How the way to the mail server is encrypted."""

    STARTTLS = "starttls"
    """After STARTTLS, which the server must have (RFC 3207)."""
    TLS = "tls"
    """From the first octet (RFC 8314), usually at port 465."""
    NONE = "none"
    """Not at all: for a mail server on this machine."""


class MailSettings(Table, frozen=True):
    """`[couriers.mail]`: events by mail, to recipients by mailto: URIs."""

    server: str
    """HOST:PORT of the mail server that takes the messages."""
    sender: str
    """The address that they come from."""
    allow: tuple[str, ...]
    """Domains and addresses that may be written to, such as "example.com" or "ada@example.org"."""
    encryption: Encryption = Encryption.STARTTLS
    """Of the way to the mail server."""
    user: str = ""
    """Whom to log in as; empty not to log in."""
    password_file: str = ""
    """File with the password."""
    ca_file: str = ""
    """File with the certificates of authorities in PEM; empty for the system's."""
    timeout: Annotated[float, msgspec.Meta(gt=0, le=300)] = 30.0
    """Seconds for each answer of the mail server."""


def address_of(uri: str) -> str:
    """The one address of a mailto: URI. Raises ValueError."""
    parts = urlsplit(uri)
    if parts.scheme != "mailto":
        raise ValueError(f"{uri} is no mailto: URI")
    if parts.query or parts.fragment or parts.netloc:
        raise ValueError("a mailto: URI names one address and nothing else here")
    address = unquote(parts.path)
    if not _ADDRESS.fullmatch(address):
        raise ValueError(f"{address!r} is no mail address")
    return address


def message(parcel: Parcel, sender: str) -> EmailMessage:
    """The mail for a parcel; the same parcel gives the same Message-ID, by which mail programs show it once."""
    subscription = parcel.subscription
    words = wording(subscription.language)
    language, owner = subscription.language, subscription.owner
    texts = [(event.at, one_line(event_text(event, language, owner))) for _, event in parcel.events]
    missed = words.missed.format(count=parcel.missed) if parcel.missed else ""
    subject = texts[0][1] if texts else missed
    more = f" (+{len(texts) - 1})" if len(texts) > 1 else ""
    last = parcel.up_to
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = address_of(subscription.recipient)
    mail["Subject"] = _cut(subject, 150) + more
    mail["Date"] = format_datetime(datetime.fromtimestamp(texts[-1][0], UTC) if texts else datetime.now(UTC))
    mail["Message-ID"] = f"<{subscription.uuid}.{last}.{_digest(parcel)}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834 5: nobody answers on their own
    lines = [missed, ""] if missed else []
    lines += [f"{datetime.fromtimestamp(at).astimezone():%Y-%m-%d %H:%M:%S}  {text}" for at, text in texts]
    details = _details(parcel)
    farewell = words.farewell.format(owner=one_line(subscription.owner), number=subscription.id)
    mail.set_content("\n".join([*lines, *(["", *details] if details else []), "", "-- ", farewell, ""]))
    mail["Content-Language"] = language_for(subscription.language)
    return mail


def _details(parcel: Parcel) -> list[str]:
    """The job's name and printer, where all is about one job."""
    jobs = {event.job for _, event in parcel.events}
    status = parcel.events[-1][1].job_status if parcel.events else None
    if len(jobs) != 1 or status is None:
        return []
    return [one_line(f"{status.name} ({status.owner}) @ {parcel.events[-1][1].printer}")]


def _digest(parcel: Parcel) -> str:
    numbers = ",".join(str(number) for number, _ in parcel.events)
    return hashlib.sha256(numbers.encode()).hexdigest()[:8]


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


class MailCourier:
    """`ports.Courier` for mailto:."""

    schemes = ("mailto",)
    at_once = 32

    def __init__(self, settings: MailSettings, password: str) -> None:
        host, colon, port = settings.server.rpartition(":")
        if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
            raise ValueError(f"server: {settings.server!r} is not HOST:PORT, such as smtp.example.com:587")
        if not _ADDRESS.fullmatch(settings.sender):
            raise ValueError(f"sender: {settings.sender!r} is no mail address")
        if not settings.allow:
            raise ValueError("allow: name the domains that may be written to")
        self._settings = settings
        self._host, self._port = host.removeprefix("[").removesuffix("]"), int(port)
        self._password = password
        self._allowed = frozenset(entry.lower() for entry in settings.allow)
        self._trusted = trust(settings.ca_file)

    def check(self, uri: str) -> str:
        """One lane for all: the way to the mail server. Raises ValueError."""
        address = address_of(uri).lower()
        if address not in self._allowed and address.rpartition("@")[2] not in self._allowed:
            raise ValueError(f"{address} is not an address that may be written to")
        return "mail"

    async def deliver(self, parcel: Parcel) -> None:
        """Hand the mail to the server. Raises Undelivered."""
        mail = message(parcel, self._settings.sender)
        server = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            timeout=self._settings.timeout,
            use_tls=self._settings.encryption is Encryption.TLS,
            start_tls=self._settings.encryption is Encryption.STARTTLS,
            tls_context=self._trusted,
            username=self._settings.user or None,
            password=self._password or None,
        )
        try:
            async with server:
                await server.send_message(mail)
        except aiosmtplib.SMTPRecipientsRefused as refused:
            first = refused.recipients[0]
            gone = first.code in _NO_SUCH_MAILBOX
            raise Undelivered(f"the mail server refuses {mail['To']}: {first.code}", gone=gone) from None
        except aiosmtplib.SMTPAuthenticationError as error:
            raise Undelivered(f"the mail server does not let us in: {error.code}") from None
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise Undelivered(f"the mail server {self._host} does not take it: {error}") from None

    async def aclose(self) -> None:
        """There is nothing to close."""


def make(settings: Mapping[str, object], folder: Path) -> MailCourier:
    """`ports.CourierFactory`"""
    table = read(settings, MailSettings)
    password = secret_of(table.password_file, "password-file") if table.password_file else ""
    return MailCourier(table, password)
