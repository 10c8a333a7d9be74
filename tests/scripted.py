"""An IPP server that says what a test tells it to, over real HTTP on a loopback port."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from aiohttp import web

from pagebell.ipp import registry as r
from pagebell.ipp.codec import Attribute, Group, GroupTag, Message, MessageReader, encode
from pagebell.ipp.registry import JobState, Op, PrinterState, Status

Handler = Callable[[web.Request, Message], Awaitable[web.StreamResponse]]
Answer = Message | Handler


class ScriptedServer:
    """Answers each operation by its own script; the last line of a script is said again and again."""

    def __init__(self) -> None:
        self.seen: list[Message] = []
        self.documents: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self._scripts: dict[Op, deque[Answer]] = {}
        application = web.Application(client_max_size=0)
        application.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        self.port = 0

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    @property
    def uri(self) -> str:
        return f"ipp://127.0.0.1:{self.port}/ipp/print"

    def on(self, operation: Op, *answers: Answer) -> None:
        self._scripts[operation] = deque(answers)

    def asked(self, operation: Op) -> list[Message]:
        return [message for message in self.seen if message.code == operation]

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        message, rest = await read_message(request)
        self.seen.append(message)
        self.headers.append(dict(request.headers))
        script = self._scripts.get(Op(message.code))
        if script is None:
            return reply(failed(Status.SERVER_ERROR_OPERATION_NOT_SUPPORTED))
        answer = script[0] if len(script) == 1 else script.popleft()
        if isinstance(answer, Message):
            self.documents.append(rest + await request.content.read())
            return reply(answer)
        return await answer(request, message)


async def read_message(request: web.Request) -> tuple[Message, bytes]:
    """The request's IPP message, and what came along of its document."""
    reader = MessageReader()
    while True:
        piece = await request.content.readany()
        message = reader.feed(piece)
        if message is not None:
            return message, reader.rest
        assert piece, "the request ended within its message"


def reply(message: Message) -> web.Response:
    return web.Response(body=encode(message), content_type="application/ipp")


async def drop(request: web.Request, message: Message) -> web.StreamResponse:
    """Close the connection without a word."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def answer(
    *groups: Group, status: Status = Status.SUCCESSFUL_OK, operation: tuple[Attribute, ...] = ()
) -> Message:
    first = Group.of(
        GroupTag.OPERATION, r.attributes_charset("utf-8"), r.attributes_natural_language("en"), *operation
    )
    return Message((2, 0), int(status), 1, [first, *groups])


def failed(status: Status, text: str = "", *unsupported: Attribute) -> Message:
    message = answer(status=status, operation=(r.status_message(text),) if text else ())
    if unsupported:
        message.groups.append(Group.of(GroupTag.UNSUPPORTED, *unsupported))
    return message


def job(state: JobState, *attributes: Attribute, number: int = 7) -> Message:
    return answer(Group.of(GroupTag.JOB, r.job_id(number), r.job_state(state), *attributes))


def printer(*attributes: Attribute) -> Message:
    return answer(Group.of(GroupTag.PRINTER, r.printer_state(PrinterState.IDLE), *attributes))


def event(sequence: int, state: JobState, *attributes: Attribute, number: int = 7) -> Group:
    return Group.of(
        GroupTag.EVENT_NOTIFICATION,
        r.notify_subscription_id(1),
        r.notify_sequence_number(sequence),
        r.notify_subscribed_event("job-state-changed"),
        r.notify_job_id(number),
        r.job_state(state),
        *attributes,
    )


IPPGET = printer(
    r.notify_pull_method_supported("ippget"),
    r.notify_events_supported("job-state-changed", "job-progress", "job-completed", "printer-state-changed"),
    r.operations_supported(Op.CREATE_JOB_SUBSCRIPTIONS, Op.GET_NOTIFICATIONS, Op.GET_JOB_ATTRIBUTES),
)
"""A printer that delivers events."""

SUBSCRIBED = answer(Group.of(GroupTag.SUBSCRIPTION, r.notify_subscription_id(1)))
