"""Webhooks: each event is a CloudEvent, posted to a recipient's URL and signed.

CloudEvents 1.0 in structured mode (`application/cloudevents+json`), with the headers of the Standard Webhooks
specification. `webhook-id` and the CloudEvent's `id` are the same each time that an event is sent, so that a
recipient knows what it has had already.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Annotated, Final

import aiohttp
import msgspec
from yarl import URL

from pagebell.couriers.settings import Table, read, secret_of, trust
from pagebell.event_json import EventView, event_view, timestamp
from pagebell.http.outbound import AllowList, Lookup, SchemeUnknown, UriRefused, connector, lookup, refusal_in
from pagebell.http.signing import key_of, new_secret, signature
from pagebell.model.event import Event
from pagebell.spooler.ports import Parcel, Undelivered

MEDIA_TYPE: Final = "application/cloudevents+json; charset=utf-8"
TYPE: Final = "pagebell."
"""Before a notify-events keyword: the CloudEvent's `type`."""
GAP: Final = "pagebell.gap"
_SCHEMES: Final = ("http", "https")
_MOST_REDIRECTS: Final = 3
_GONE: Final = 410
_KEEP: Final = frozenset({307, 308})
"""Redirects by which a POST stays one (RFC 9110 15.4.8)."""
_ANSWER: Final = 2**16
_ANSWER_WAIT: Final = 1.0
"""Octets of an answer, and seconds for them, that are read so that its connection can be used again."""


class WebhookSettings(Table, frozen=True):
    """`[couriers.webhook]`: events as signed HTTP requests, to recipients by http: and https: URLs."""

    allow: tuple[str, ...]
    """Hosts and networks that requests may go to. A host's name is no leave for addresses of this machine or of private
    networks: those need their network in the list as well."""
    secret_file: str = ""
    """File with what signs the requests, `whsec_` and base64; a line for each secret, while an old one is still in use.
    Empty for one that is made at the first start, `couriers/webhook-secret` in the state folder."""
    ca_file: str = ""
    """File with the certificates of authorities in PEM; empty for the system's."""
    timeout: Annotated[float, msgspec.Meta(gt=0, le=300)] = 15.0
    """Seconds for a recipient to answer."""


class SubscriptionRef(msgspec.Struct, frozen=True, kw_only=True):
    """Whose news it is."""

    id: int
    uuid: str
    number: int
    """The event's number in the subscription (notify-sequence-number); after a gap, the last one's that was dropped."""
    user_data: str
    """What the subscriber wants to have with each event (notify-user-data)."""


class WebhookData(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The CloudEvent's `data`."""

    subscription: SubscriptionRef
    happened: EventView | None = None
    """What happened; not there where events were dropped, and nothing has happened since."""


class CloudEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """CloudEvents 1.0.2, with the extension attributes `sequence`, as CloudEvents has it, and `gap`."""

    specversion: str
    id: str
    source: str
    type: str
    time: str
    datacontenttype: str
    data: WebhookData
    sequence: str
    """The event's number in the subscription, in ten digits so that it can be compared as text."""
    subject: str = msgspec.field(default="")
    gap: int = 0
    """So many events of the subscription were dropped right before this one."""


def cloud_event(parcel: Parcel, now: float) -> CloudEvent:
    """The first of a parcel's events, or its gap."""
    subscription = parcel.subscription
    number, event = parcel.events[0] if parcel.events else (parcel.up_to, None)
    user_data = subscription.user_data.decode("utf-8", "backslashreplace")
    ref = SubscriptionRef(id=subscription.id, uuid=subscription.uuid, number=number, user_data=user_data)
    kind = "gap" if event is None else "event"
    return CloudEvent(
        specversion="1.0",
        id=f"{kind}_{subscription.uuid}_{number}",
        source=f"urn:uuid:{subscription.uuid}",
        type=GAP if event is None else TYPE + event.kind.value,
        subject=_subject(event),
        time=timestamp(now if event is None else event.at),
        datacontenttype="application/json",
        sequence=f"{number:010}",
        gap=parcel.missed,
        data=WebhookData(
            subscription=ref,
            happened=None if event is None else event_view(event, subscription.language, subscription.owner),
        ),
    )


def _subject(event: Event | None) -> str:
    if event is None:
        return ""
    if event.job is not None:
        return f"jobs/{event.job}"
    if event.resource is not None:
        return f"resources/{event.resource}"
    return f"printers/{event.printer}" if event.printer else "server"


@dataclass(frozen=True, slots=True)
class _Request:
    headers: dict[str, str]
    body: bytes


class WebhookCourier:
    """`ports.Courier` for http: and https:; `look_up` and `now` are seams for tests."""

    schemes = _SCHEMES
    at_once = 1

    def __init__(
        self,
        settings: WebhookSettings,
        keys: tuple[bytes, ...],
        look_up: Lookup = lookup,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._allowed = AllowList(settings.allow)
        if not self._allowed:
            raise ValueError("allow: name the hosts that requests may go to")
        self._keys = keys
        self._look_up = look_up
        self._now = now
        self._trusted = trust(settings.ca_file)
        self._timeout = settings.timeout
        self._session: aiohttp.ClientSession | None = None

    def check(self, uri: str) -> str:
        """The URL's host and port. Raises ValueError."""
        url = self._judge(uri)
        return f"{url.host}:{url.port}"

    def _judge(self, uri: str) -> URL:
        """Raises ValueError, also for a name that is not listed itself, whatever it stands for."""
        try:
            url = self._allowed.judge(uri, _SCHEMES)
        except SchemeUnknown as scheme:
            raise ValueError(f"webhooks are not sent by {scheme}:") from None
        except UriRefused as refused:
            raise ValueError(str(refused)) from None
        if not self._allowed.lists(url.host or ""):
            raise ValueError(f"{url.host} is not a host that may be connected to")
        return url

    async def deliver(self, parcel: Parcel) -> None:
        """Post it. Raises Undelivered."""
        request = self._request(parcel)
        url = self._judge(parcel.subscription.recipient)
        try:
            for _ in range(_MOST_REDIRECTS + 1):
                there = await self._post(url, request)
                if there is None:
                    return
                url = self._redirected(url, there)
        except aiohttp.ClientResponseError:  # its words have the whole URL in them
            raise Undelivered(f"{url.host} answers what is no HTTP") from None
        except TimeoutError:
            raise Undelivered(f"{url.host} does not answer in {self._timeout:g} seconds") from None
        except (aiohttp.ClientError, OSError, UriRefused) as error:
            raise Undelivered(f"{url.host} can't be reached: {_in_words(error)}") from None
        raise Undelivered(f"{url.host} leads from one place to the next without an end")

    def _redirected(self, old: URL, there: str) -> URL:
        try:
            new = self._judge(str(old.join(URL(there))))
        except ValueError:
            raise Undelivered(f"{old.host} leads to where nothing is sent") from None
        if old.scheme == "https" and new.scheme != "https":
            raise Undelivered(f"{old.host} leads from https: to {new.scheme}:")
        return new

    async def _post(self, url: URL, request: _Request) -> str | None:
        """Post it once; returns where else it should go. Raises Undelivered, and what aiohttp does."""
        if self._session is None:
            out = connector(self._allowed, self._look_up, ssl=self._trusted, limit=0, keepalive_timeout=15)
            times = aiohttp.ClientTimeout(total=self._timeout, sock_connect=min(10.0, self._timeout))
            self._session = aiohttp.ClientSession(
                connector=out,
                timeout=times,
                trust_env=False,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        async with self._session.post(
            url, data=request.body, headers=request.headers, allow_redirects=False
        ) as answer:
            if answer.status in _KEEP and "Location" in answer.headers:
                return answer.headers["Location"]
            if not 200 <= answer.status < 300:
                raise Undelivered(
                    f"{url.host} answers {answer.status} {answer.reason or ''}".rstrip(),
                    after=self._retry_after(answer.headers.get("Retry-After", "")),
                    gone=answer.status == _GONE,
                )
            with suppress(aiohttp.ClientError, OSError, TimeoutError):
                async with asyncio.timeout(_ANSWER_WAIT):
                    await answer.content.read(_ANSWER)
            return None

    def _retry_after(self, text: str) -> float | None:
        """RFC 9110 10.2.3"""
        if text.isascii() and text.isdigit():
            return float(text)
        try:
            return max(0.0, parsedate_to_datetime(text).timestamp() - self._now())
        except (ValueError, TypeError, OverflowError):
            return None

    def _request(self, parcel: Parcel) -> _Request:
        now = self._now()
        event = cloud_event(parcel, now)
        body = msgspec.json.encode(event)
        secret = parcel.subscription.secret
        keys = (key_of(secret),) if secret else self._keys
        headers = {
            "content-type": MEDIA_TYPE,
            "user-agent": "Pagebell",
            "webhook-id": event.id,
            "webhook-timestamp": str(int(now)),
            "webhook-signature": signature(keys, event.id, int(now), body),
        }
        return _Request(headers, body)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def _in_words(error: BaseException) -> str:
    """Why there is no connection, without aiohttp's own details."""
    refused = refusal_in(error)
    cause: object = getattr(error, "os_error", error) if refused is None else refused
    if isinstance(cause, OSError) and not isinstance(cause, ssl.SSLError) and cause.errno:
        return cause.strerror if cause.errno < 0 and cause.strerror else os.strerror(cause.errno).lower()
    return str(cause) or type(cause).__name__


def make(settings: Mapping[str, object], folder: Path) -> WebhookCourier:
    """`ports.CourierFactory`"""
    table = read(settings, WebhookSettings)
    text = secret_of(table.secret_file, "secret-file") if table.secret_file else _own_secret(folder)
    try:
        keys = tuple(key_of(line) for line in text.split())
    except ValueError as error:
        raise ValueError(f"secret-file: {error}") from None
    if not keys:
        raise ValueError("secret-file: there is no secret in it")
    return WebhookCourier(table, keys)


def _own_secret(folder: Path) -> str:
    """The server's secret, made at the first start. Raises ValueError."""
    path = folder / "webhook-secret"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(new_secret() + "\n")
    except FileExistsError:
        pass
    except OSError as error:
        raise ValueError(f"secret-file: {path} can't be made: {error.strerror}") from None
    try:
        return path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"secret-file: {path} can't be read: {error}") from None
