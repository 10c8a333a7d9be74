"""The IPP service: octets of a request in, octets of its answer out; handlers by operation."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import aclosing, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from pagebell.http.push import Pusher
from pagebell.ipp.decoder import CodecError, Limits, decode
from pagebell.ipp.encoder import END, encode_message_parts
from pagebell.ipp.operations import OPERATIONS, Operation, Target
from pagebell.ipp.reader import MessageReader
from pagebell.ipp.registry import Op, Status
from pagebell.ipp.requests import Request, RequestRefused, check_request
from pagebell.ipp.requests import status_of as status_of_fault
from pagebell.ipp.server import (
    by_reference,
    cups,
    document_handlers,
    job_handlers,
    operator_handlers,
    printer_handlers,
    resource_handlers,
    setting_handlers,
    subscription_handlers,
    system_handlers,
)
from pagebell.ipp.server.call import BodyBroken, Call, Following, Origin, Reply, encode_reply
from pagebell.ipp.server.describe_printer import Announced, PrinterDescriber
from pagebell.ipp.server.status import status_of
from pagebell.model.access import Principal, Right
from pagebell.model.errors import NotFound, Refusal
from pagebell.model.event import JobId, PrinterName
from pagebell.spooler.absent import NullFetcher
from pagebell.spooler.ports import Fetcher
from pagebell.spooler.spooler import Spooler

log = logging.getLogger(__name__)

Authenticate = Callable[[str | None], Principal]
"""Makes a principal of the requesting-user-name; the transport knows the rest."""

Parts = Callable[[Pusher], AsyncGenerator[bytes]]
"""Makes messages that follow; by what it is given it can send one at once."""


@dataclass(slots=True)
class Answer:
    """Octets to send back, and the status that they tell; `more` are those that follow in their own time."""

    octets: bytes
    status: Status
    more: Parts | None = None
    message: str = ""
    """In plain words, where something was refused."""
    later: Coroutine[None, None, bytes] | None = None
    """The octets in the stead of those, which take their time."""


class Service:
    """All operations on one spooler."""

    def __init__(
        self,
        spooler: Spooler,
        limits: Limits | None = None,
        fetcher: Fetcher | None = None,
        announced: Announced | None = None,
    ) -> None:
        self._spooler = spooler
        self._limits = limits or Limits()
        describer = PrinterDescriber(spooler, lambda: self._handlers, fetcher, announced)
        self._handlers: dict[Op, Callable[[Call], Awaitable[Reply]]] = {
            **job_handlers.handlers(),
            **printer_handlers.handlers(describer),
            **operator_handlers.handlers(),
            **setting_handlers.handlers(describer),
            **document_handlers.handlers(),
            **by_reference.handlers(fetcher or NullFetcher()),
            **subscription_handlers.handlers(),
            **system_handlers.handlers(describer, lambda: self._handlers, announced or (lambda _: None)),
            **resource_handlers.handlers(),
            **cups.handlers(describer),
        }
        self._operations: dict[int, Operation] = {code: OPERATIONS[code] for code in self._handlers}
        self._known_question = lru_cache(_QUESTIONS_KEPT)(self._checked)

    async def answer(
        self,
        body: AsyncIterator[bytes],
        authenticate: Authenticate,
        origin: Origin,
        *,
        reads_parts: bool = True,
    ) -> Answer:
        """Read a request off `body` and do what it says; document data are read as the handler needs them.

        `reads_parts` tells whether the client can read an answer in parts.

        Raises BodyBroken, which `body` raises: there is nobody to answer then.
        """
        reader = MessageReader(self._limits)
        version, request_id = (1, 1), 1
        try:
            octets = None
            async for chunk in body:
                octets = reader.collect(chunk)
                if octets is not None:
                    break
            if octets is None:
                reader.finish()
                raise AssertionError("finish() raises when there is no message")
            version, request_id = (octets[0], octets[1]), int.from_bytes(octets[4:8], signed=True)
            request = self._understood(octets, request_id)
            by = authenticate(request.user)
            if request.operation.code not in _FOR_STRANGERS:
                by.demand(Right.LOOK)
            call = Call(request, by, origin, self._spooler, _rest(reader.rest, body), reads_parts)
            if request.operation.code not in _WHEN_OUT_OF_SERVICE:
                await _refuse_out_of_service(call)
            reply = await self._handlers[request.operation.code](call)
            _mention_ignored(reply, call)
        except CodecError as error:
            version, request_id = error.version or version, error.request_id or request_id
            reply = Reply(status_of_fault(error.kind), f"the request can't be read: {error}")
        except RequestRefused as refused:
            unsupported = list(refused.unsupported.attributes.values()) if refused.unsupported else []
            reply = Reply(refused.status, refused.message, unsupported=unsupported)
        except Refusal as refusal:
            reply = Reply(status_of(refusal), str(refusal))
        except BodyBroken:
            raise
        except Exception:
            log.exception("internal error while answering an IPP request")
            reply = Reply(Status.SERVER_ERROR_INTERNAL_ERROR, "internal error; see the server's log")
        version = _answer_version(version)
        more = None if reply.more is None else _encoded(reply.more, version, request_id)
        later = None if reply.later is None else _encoded_later(reply.later, version, request_id)
        return Answer(encode_reply(reply, version, request_id), reply.status, more, reply.message, later)

    def _understood(self, octets: bytes, request_id: int) -> Request:
        """What a message asks for; of short questions, which clients ask again and again, that is found out once."""
        code = int.from_bytes(octets[2:4])
        if (
            code not in _QUESTIONS
            or len(octets) > _SHORT
            or request_id < 1
            or log.isEnabledFor(logging.DEBUG)
        ):
            return self._checked(octets)
        return self._known_question(octets[:4] + _ANY_ID + octets[8:])

    def _checked(self, octets: bytes) -> Request:
        """Raises CodecError, RequestRefused."""
        message, _ = decode(octets, self._limits)
        log.debug("%s", message)
        return check_request(message, self._operations)


async def _encoded_later(
    later: Coroutine[None, None, Reply], version: tuple[int, int], request_id: int
) -> bytes:
    return encode_reply(await later, version, request_id)


def _encoded(following: Following, version: tuple[int, int], request_id: int) -> Parts:
    head = encode_message_parts(version, Status.SUCCESSFUL_OK, request_id, ())[: -len(END)]

    async def parts(pusher: Pusher) -> AsyncGenerator[bytes]:
        async with aclosing(following(pusher(head, END))) as replies:
            async for reply in replies:
                yield encode_reply(reply, version, request_id)

    return parts


_QUESTIONS: Final = frozenset(code for code, operation in OPERATIONS.items() if "Get-" in operation.name)
"""Operations that only ask; nothing that others shall not know is among what they say."""
_QUESTIONS_KEPT: Final = 256
_SHORT: Final = 2048
"""Octets of such a question."""
_ANY_ID: Final = b"\0\0\0\1"
"""Stands for every request-id, of which the answer alone depends."""
_FOR_STRANGERS: Final = frozenset(
    {
        *(Op.GET_PRINTER_ATTRIBUTES, Op.GET_PRINTER_SUPPORTED_VALUES),
        *(Op.CUPS_GET_PRINTERS, Op.CUPS_GET_DEFAULT, Op.GET_SYSTEM_ATTRIBUTES),
    }
)
"""What everybody may ask: it tells what there is and how to prove who one is, and nothing of anybody's jobs.

Get-System-Attributes is not authenticated either (PWG 5100.22 6.3.8, access rights).
"""
_WHEN_OUT_OF_SERVICE: Final = frozenset(
    {
        *_QUESTIONS,
        *(Op.ACTIVATE_PRINTER, Op.DEACTIVATE_PRINTER, Op.STARTUP_PRINTER, Op.SHUTDOWN_PRINTER),
        *(Op.RESTART_ONE_PRINTER, Op.SHUTDOWN_ONE_PRINTER, Op.STARTUP_ONE_PRINTER, Op.DELETE_PRINTER),
        *(
            code
            for code, operation in OPERATIONS.items()
            if operation.target in (Target.SYSTEM, Target.RESOURCE, Target.RESOURCE_SUBSCRIBED)
        ),
        *(Op.ALLOCATE_PRINTER_RESOURCES, Op.DEALLOCATE_PRINTER_RESOURCES),
        *(Op.RESTART_PRINTER, Op.SEND_DOCUMENT, Op.SEND_URI, Op.CLOSE_JOB, Op.CUPS_DELETE_PRINTER),
    }
)
"""What a printer does that is deactivated or shut down: it answers, and what has begun may end (RFC 3998 3.4.1)."""


async def _refuse_out_of_service(call: Call) -> None:
    """Raises OutOfService. Where nothing is aimed at, that is the handler's to say."""
    printers = call.spooler.printers
    if not any(printer.is_out_of_service for printer in printers.all()):
        return
    with suppress(NotFound, RequestRefused):
        place = call.place
        name: PrinterName | None = None
        if place.printer is not None:
            name = PrinterName(place.printer)
        elif place.job is not None:
            name = (await call.spooler.jobs.job(JobId(place.job))).printer
        elif not place.server:
            name = printers.default.name
        if name is not None:
            printers.refuse_out_of_service(name)


def _mention_ignored(reply: Reply, call: Call) -> None:
    """What the generic checks set aside is told, also where the operation was done (RFC 8011 4.1.7)."""
    reply.unsupported = call.request.unsupported + reply.unsupported
    if reply.unsupported and reply.status is Status.SUCCESSFUL_OK:
        reply.status = Status.SUCCESSFUL_OK_IGNORED_OR_SUBSTITUTED_ATTRIBUTES


_VERSIONS: Final = ((1, 0), (1, 1), (2, 0), (2, 1), (2, 2))


def _answer_version(version: tuple[int, int]) -> tuple[int, int]:
    """The client's version where we speak it, else the nearest (RFC 8011 4.1.8)."""
    return max((known for known in _VERSIONS if known <= version), default=_VERSIONS[0])


async def _rest(first: bytes, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for chunk in body:
        yield chunk
