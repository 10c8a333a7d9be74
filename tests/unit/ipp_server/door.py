"""The IPP service without HTTP, before a spooler in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from pagebell.ipp import registry as r
from pagebell.ipp.codec import Attribute, Group, GroupTag, Limits, Message, decode, encode
from pagebell.ipp.registry import Op, Status
from pagebell.ipp.server import Service
from pagebell.ipp.server.call import Origin
from pagebell.model.access import ADMINISTRATOR, EVERYBODY, Principal
from pagebell.model.event import JobId
from pagebell.spooler.policy import Policy
from tests.asking import build, job_id
from tests.unit.spooler.stage import Stage

ORIGIN = Origin("printer.test")
ADMIN = "root"
"""Who may do everything; everybody else prints and manages what is theirs."""
P1 = "/ipp/print/p1"


def principal(user: str | None) -> Principal:
    return Principal(user or "anonymous", rights=ADMINISTRATOR if user == ADMIN else EVERYBODY)


class Door(Stage):
    """A stage whose spooler is reached by IPP messages; the scripted device keeps each job until told."""

    limits = Limits()
    origin = ORIGIN

    async def up(self) -> None:
        await super().up()
        self.service = Service(self.spooler, self.limits)

    def principal(self, user: str | None) -> Principal:
        """Who asks, by the name that the request gives."""
        return principal(user)

    async def send(self, octets: bytes, *chunks: bytes) -> Message:
        """Octets in, the decoded answer out."""

        async def body() -> AsyncIterator[bytes]:
            for chunk in (octets, *chunks):
                yield chunk

        answer = await self.service.answer(body(), self.principal, self.origin)
        message, end = decode(answer.octets)
        assert end == len(answer.octets)
        assert message.code == answer.status
        await self.clock.settle()
        return message

    async def ask(
        self,
        op: int,
        *attributes: Attribute,
        path: str = P1,
        groups: Iterable[Group] = (),
        data: bytes = b"",
        user: str = "ada",
    ) -> Message:
        """Do an operation."""
        request = build(op, f"ipp://printer.test{path}", *attributes, groups=groups, user=user)
        answer = await self.send(encode(request), data)
        assert answer.request_id == request.request_id
        return answer

    # --- what stands on the stage ---

    async def printing(self) -> JobId:
        """A job on the device."""
        number = await self.submit()
        assert self.device.job == number
        return number

    async def held(self) -> JobId:
        return await self.submit(job_hold_until="indefinite")

    async def waiting(self) -> JobId:
        """A job behind another one."""
        await self.printing()
        return await self.submit()

    async def completed(self) -> JobId:
        number = await self.printing()
        self.device.finish()
        await self.clock.settle()
        return number

    async def open(self) -> JobId:
        """A job that waits for its documents."""
        return JobId(job_id(await self.ask(Op.CREATE_JOB)))

    async def watched(self, path: str = P1) -> int:
        """A subscription of ada's."""
        group = Group.of(
            GroupTag.SUBSCRIPTION, r.notify_pull_method("ippget"), r.notify_events("job-completed")
        )
        answer = await self.ask(Op.CREATE_PRINTER_SUBSCRIPTIONS, groups=[group], path=path)
        number = first(answer, GroupTag.SUBSCRIPTION).get(r.notify_subscription_id)
        assert number is not None
        return number


def door(**policy: float) -> Door:
    """A door whose spooler has these limits."""
    return Door(policy=Policy(**policy))  # type: ignore[arg-type]


def first(answer: Message, tag: GroupTag) -> Group:
    group = answer.group(tag)
    assert group is not None, str(answer)
    return group


def status(answer: Message) -> Status:
    return Status(answer.code)


def text(answer: Message) -> str:
    """status-message."""
    said: str | None = first(answer, GroupTag.OPERATION).get(r.status_message)
    return said or ""
