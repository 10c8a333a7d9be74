"""Plays: what is asked at a door, one request or several, of which the last answer counts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from pagebell.ipp import registry as r
from pagebell.ipp.codec import Attribute, Group, GroupTag, Message, Tag, Value
from pagebell.ipp.registry import Op
from pagebell.ipp.registry import Status as S
from pagebell.model.event import JobId
from tests.unit.ipp_server.door import ADMIN, Door, status

Play = Callable[[Door], Awaitable[Message]]
NOWHERE = "/ipp/print/nowhere"
OK, IGNORED = S.SUCCESSFUL_OK, S.SUCCESSFUL_OK_IGNORED_OR_SUBSTITUTED_ATTRIBUTES
BAD, FORBIDDEN, NOT_FOUND = (
    S.CLIENT_ERROR_BAD_REQUEST,
    S.CLIENT_ERROR_NOT_AUTHORIZED,
    S.CLIENT_ERROR_NOT_FOUND,
)
IMPOSSIBLE = S.CLIENT_ERROR_NOT_POSSIBLE
UNSUPPORTED, UNSETTABLE = (
    S.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED,
    S.CLIENT_ERROR_ATTRIBUTES_NOT_SETTABLE,
)
FORMAT = S.CLIENT_ERROR_DOCUMENT_FORMAT_NOT_SUPPORTED
UNAVAILABLE = S.SERVER_ERROR_SERVICE_UNAVAILABLE
DELETE = (Value(Tag.DELETE_ATTRIBUTE, None),)


def plain(op: Op, *attributes: Attribute, **more: object) -> Play:
    return lambda d: d.ask(op, *attributes, **more)  # type: ignore[arg-type]


def on(op: Op, job: Callable[[Door], Awaitable[int]], *attributes: Attribute, **more: object) -> Play:
    async def play(d: Door) -> Message:
        return await d.ask(op, r.job_id(await job(d)), *attributes, **more)  # type: ignore[arg-type]

    return play


def after(*steps: Op | Play) -> Play:
    """Do one after the other, as an administrator where only an operation is named; the last answer counts."""

    async def play(d: Door) -> Message:
        for step in steps:
            answer = await (d.ask(step, user=ADMIN) if isinstance(step, Op) else step(d))
        return answer

    return play


def job_group(*attributes: Attribute) -> list[Group]:
    return [Group.of(GroupTag.JOB, *attributes)]


def printer_group(*attributes: Attribute) -> list[Group]:
    return [Group.of(GroupTag.PRINTER, *attributes)]


def document_group(*attributes: Attribute) -> list[Group]:
    return [Group.of(GroupTag.DOCUMENT, *attributes)]


async def suspended(d: Door) -> JobId:
    number = await d.printing()
    assert status(await d.ask(Op.SUSPEND_CURRENT_JOB)) is OK
    return number


async def forgotten(d: Door) -> JobId:
    number = await d.completed()
    await d.clock.advance(d.policy.keep_documents + 1)
    return number
