"""IPP messages over HTTP: a request, its answer, and every way in which that fails (RFC 8010 3.4)."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

import aiohttp

from pagebell.ipp.addresses import Address
from pagebell.ipp.decoder import CodecError, Limits, decode
from pagebell.ipp.encoder import encode
from pagebell.ipp.errors import (
    BadAnswer,
    ClientError,
    ConnectionFailed,
    HttpError,
    Refused,
    Silent,
    Untrusted,
)
from pagebell.ipp.login import Login, may_carry_secrets
from pagebell.ipp.message import Message
from pagebell.ipp.multipart import MultipartReader, boundary_of
from pagebell.ipp.registry import Op
from pagebell.ipp.trust import Trust
from pagebell.ipp.upload import Upload

IDLE_CONNECTION: Final = 4.0
"""Seconds a connection stays in the pool: less than servers keep theirs, lest it be closed when used."""

_HARMLESS: Final = frozenset(
    {
        *(
            Op.GET_PRINTER_ATTRIBUTES,
            Op.GET_JOB_ATTRIBUTES,
            Op.GET_JOBS,
            Op.GET_NOTIFICATIONS,
            Op.VALIDATE_JOB,
        ),
        *(Op.GET_SUBSCRIPTION_ATTRIBUTES, Op.GET_SUBSCRIPTIONS, Op.CUPS_GET_PRINTERS, Op.CUPS_GET_DEFAULT),
    }
)
"""What may be sent again when a pooled connection turns out to be closed."""

_REASONS: Final = {
    401: "it wants a user name and a password, or does not accept those given",
    403: "it does not allow this",
    404: "there is no such printer there",
    405: "it speaks HTTP, but not IPP",
    413: "the document is larger than it accepts",
    426: "it demands an encrypted connection: use an ipps:// address",
    500: "it broke down over this request",
    501: "it speaks HTTP, but not IPP",
    429: "it has seen too many wrong passwords from here: try again in a minute",
    503: "it is too busy at present",
}
_OPEN: Final = "it wants a password, which does not go over an open connection: use an ipps:// address"
_MOST_JSON: Final = 16 << 20
"""Octets of an answer in JSON."""
_ATTEMPTS: Final = 4
"""Of one request: without proof, with a ticket, with a password, and once more for a connection that was closed."""


@dataclass(frozen=True, slots=True)
class Times:
    """Time limits in seconds."""

    connect: float = 10.0
    answer: float = 60.0
    """From the request's last octet to the answer's first, and between two octets of the answer."""
    upload: float = 600.0
    """Without any progress of an upload; a printer that waits for paper takes no data in the meantime."""
    wait: float = 120.0
    """Without an event on an open Get-Notifications; then it is asked again."""


ANSWER_LIMITS: Final = Limits(octets=32 << 20, attributes=1_000_000, values=100_000, groups=100_000)
"""What an answer may be: a list of many thousand jobs."""


class Transport:
    """A pool of connections to servers, for requests of any kind. Made inside a running event loop."""

    def __init__(
        self,
        *,
        login: Login | None = None,
        user: str = "",
        verify: bool | ssl.SSLContext = True,
        times: Times | None = None,
        limits: Limits = ANSWER_LIMITS,
    ) -> None:
        self.times = times or Times()
        self.limits = limits
        self._login, self._user = login or Login(), user
        self._trust = Trust(verify)
        connector = aiohttp.TCPConnector(keepalive_timeout=IDLE_CONNECTION, limit=32)
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            headers={"Accept-Encoding": "identity", "User-Agent": "Pagebell"},
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    async def exchange(self, address: Address, request: Message, upload: Upload | None = None) -> Message:
        """Send a request, perhaps with a document behind it, and return the answer, whatever its status.

        An error answer is taken as soon as it comes, though the document is still on its way.
        Raises ConnectionFailed, HttpError, BadAnswer; OSError when the document cannot be read.
        """
        messages = self._messages(address, request, upload, self.times.answer)
        try:
            async for message in messages:
                return message
        finally:
            await messages.aclose()
        raise BadAnswer(str(address), "its answer is empty")

    def stream(self, address: Address, request: Message) -> AsyncGenerator[Message]:
        """Send a request and yield each message of its answer as it arrives (RFC 3996 11).

        Raises as ``exchange`` does.
        """
        return self._messages(address, request, None, self.times.wait)

    async def json(self, address: Address, method: str, body: object = None) -> Any:
        """Ask a JSON API; None where it answers without a body. Raises ClientError.

        Who asks is told as in IPP: the user's name in a header, and a proof where the server wants one.
        """
        limits = aiohttp.ClientTimeout(total=self.times.answer, sock_connect=self.times.connect)
        try:
            for attempt in range(_ATTEMPTS):
                proof = await self._login.header(address)
                headers = {"Requesting-User-Name": self._user, "Accept": "application/json"} | proof
                asked = self._session.request(
                    *(method, address.url),
                    json=body,
                    headers=headers,
                    timeout=limits,
                    allow_redirects=False,
                    ssl=self._trust.context if address.secure else True,
                )
                async with asked as response:
                    if attempt < _ATTEMPTS - 1 and await self._log_in(address, response, None):
                        continue
                    return await _told(address, response)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _failure(address, error) from error
        raise AssertionError

    async def _messages(
        self, address: Address, request: Message, upload: Upload | None, silence: float
    ) -> AsyncGenerator[Message]:
        octets = encode(request)
        harmless = upload is None and request.code in _HARMLESS
        for attempt in range(_ATTEMPTS):
            last = attempt == _ATTEMPTS - 1
            try:
                response = await self._post(address, octets, upload, silence)
                async with response:
                    if not last and await self._log_in(address, response, upload):
                        continue
                    async for message in _answer(address, response, self.limits):
                        _refuse_early_success(address, message, upload)
                        yield message
                return
            except (aiohttp.ClientError, TimeoutError) as error:
                if upload is not None and upload.error is not None:
                    raise upload.error from None
                if harmless and attempt == 0 and isinstance(error, aiohttp.ServerDisconnectedError):
                    continue
                raise _failure(address, error) from error

    async def _post(
        self, address: Address, octets: bytes, upload: Upload | None, silence: float
    ) -> aiohttp.ClientResponse:
        """Send the request; return as soon as the answer's headers are there."""
        times = self.times
        if upload is not None:
            upload.answered = False
        headers = {"Content-Type": "application/ipp"}
        proof = await self._login.header(address)
        limits = aiohttp.ClientTimeout(total=None, sock_connect=times.connect, sock_read=silence)
        async with asyncio.timeout(None) as deadline:
            body = octets if upload is None else _with_document(octets, upload, deadline, times.upload)
            response = await self._session.post(
                address.url,
                data=body,
                headers=headers | proof,
                timeout=limits,
                allow_redirects=False,
                ssl=self._trust.context if address.secure else True,
            )
            if upload is not None:
                upload.answered = True
            return response

    async def _log_in(
        self, address: Address, response: aiohttp.ClientResponse, upload: Upload | None
    ) -> bool:
        """Whether to send the request again, now with a proof of who asks (RFC 9110 11.6)."""
        if response.status != 401:
            return False
        challenges = response.headers.getall("WWW-Authenticate", [])
        another = await self._login.another(
            address, challenges, self._user, self._trust.channel(address.host)
        )
        return another and (upload is None or upload.repeatable)


async def _told(address: Address, response: aiohttp.ClientResponse) -> Any:
    """What a JSON API answers. Raises HttpError with the reason that it gives, BadAnswer for no JSON."""
    octets = bytearray()
    async for piece in response.content.iter_any():
        octets += piece
        if len(octets) > _MOST_JSON:
            raise BadAnswer(str(address), f"its answer is larger than {_MOST_JSON} octets")
    is_json = "json" in response.headers.get("Content-Type", "")
    try:
        told = json.loads(octets) if is_json else None
    except (ValueError, RecursionError):
        told = None
    if response.status == 204:
        return None
    if response.status < 300 and told is not None:
        return told
    detail = told.get("detail") if isinstance(told, dict) else None
    if isinstance(detail, str) and response.status != 401:
        raise HttpError(str(address), response.status, detail)
    if response.status < 300:
        raise BadAnswer(str(address), "its answer is no JSON")
    raise _http_error(address, response)


async def _with_document(
    octets: bytes, upload: Upload, deadline: asyncio.Timeout, stall: float
) -> AsyncIterator[bytes]:
    """The message and the document behind it; each piece must be taken in time."""
    clock = asyncio.get_running_loop().time

    def push(when: float | None) -> None:
        if not deadline.expired() and not upload.answered:
            deadline.reschedule(when)

    push(clock() + stall)
    yield octets
    try:
        async for piece in upload.pieces():
            push(clock() + stall)
            yield piece
    except Exception as error:
        upload.error = error
        raise
    push(None)


async def _answer(
    address: Address, response: aiohttp.ClientResponse, limits: Limits
) -> AsyncGenerator[Message]:
    """The answer's messages: one, or those of a multipart stream as they come."""
    if response.status != 200:
        raise _http_error(address, response)
    content_type = response.headers.get("Content-Type", "")
    try:
        boundary = boundary_of(content_type)
        if boundary is not None:
            reader = MultipartReader(boundary, limits)
            async for piece in response.content.iter_any():
                for message in reader.feed(piece):
                    yield message
            return
        if not content_type.lower().startswith("application/ipp"):
            raise BadAnswer(str(address), "it speaks HTTP, but not IPP")
        octets = bytearray()
        async for piece in response.content.iter_any():
            octets += piece
            if len(octets) > limits.octets:
                raise BadAnswer(str(address), f"its answer is longer than {limits.octets} octets")
        yield decode(bytes(octets), limits)[0]
    except CodecError as error:
        raise BadAnswer(str(address), f"its answer is no IPP message: {error}") from error


def _refuse_early_success(address: Address, message: Message, upload: Upload | None) -> None:
    """A success before the document was sent cannot be about the whole of it."""
    if upload is not None and not upload.finished and message.code < 0x0400:
        raise BadAnswer(
            str(address), "it answered before it had the whole document, which may be printed in part"
        )


def _http_error(address: Address, response: aiohttp.ClientResponse) -> HttpError:
    status = response.status
    if status == 401 and not may_carry_secrets(address):
        return HttpError(str(address), status, _OPEN)
    if 300 <= status < 400:
        there = response.headers.get("Location", "nowhere")
        return HttpError(str(address), status, f"it refers to another address: {there[:200]}")
    reason = _REASONS.get(status) or f"it answers '{(response.reason or 'nothing')[:80]}' instead of IPP"
    return HttpError(str(address), status, reason)


def _failure(address: Address, error: Exception) -> ClientError:
    """What a failure of HTTP means, in plain words."""
    uri = str(address)
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        cause = getattr(error.certificate_error, "verify_message", "") or str(error.certificate_error)
        return Untrusted(uri, f"its certificate cannot be verified: {cause}")
    if isinstance(error, aiohttp.ClientSSLError):
        return Untrusted(uri, "no encrypted connection comes about; perhaps it speaks plain ipp:// only")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return Refused(uri, f"no computer is known by the name {address.host}")
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return Refused(uri, "it does not answer")
    if isinstance(error, aiohttp.ClientConnectorError):
        return Refused(uri, os.strerror(error.errno).lower() if error.errno else "nobody answers")
    if isinstance(error, aiohttp.SocketTimeoutError):
        return Silent(uri, "it took the request, but gives no answer")
    if isinstance(error, TimeoutError):
        return Silent(uri, "it takes no more of the document")
    if isinstance(error, aiohttp.ClientResponseError):
        return BadAnswer(uri, "what answers there does not speak HTTP")
    return ConnectionFailed(uri, "the connection was lost")
