"""One job on its way to an IPP printer: sent once, or once more with a word about it, then followed to its end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Final, TypeVar

from pagebell.devices import ipp_description as description
from pagebell.devices import settings
from pagebell.devices.ipp_mirror import Mirror
from pagebell.devices.settings import OnBreak
from pagebell.devices.waiting import within
from pagebell.ipp import registry as r
from pagebell.ipp.asking import cut
from pagebell.ipp.client import Client
from pagebell.ipp.errors import (
    BadAnswer,
    ClientError,
    ConnectionFailed,
    HttpError,
    IppError,
    NotAllowed,
    NotFound,
    Refused,
    Unavailable,
    Untrusted,
)
from pagebell.ipp.events import Pace
from pagebell.ipp.follow import Feedback, JobUpdate
from pagebell.ipp.registry import JobState, Op, Status
from pagebell.ipp.results import JobInfo
from pagebell.model.document import Document
from pagebell.model.lifecycle import PRINTED_TWICE
from pagebell.spooler.backoff import Backoff
from pagebell.spooler.ports import Clock, DeviceFailed, JobCanceled, Work

T = TypeVar("T")

CANCEL: Final = 5.0
"""Seconds to cancel a job there, before that is left for later."""
LOOKED_THROUGH: Final = 200
"""Jobs looked through for one that may have been taken."""
_OF_CANCEL: Final = "job-canceled-"
_WORTH_TELLING: Final = frozenset({"job-completed-with-warnings", "job-completed-with-errors"})
_INCOMPLETE: Final = frozenset({"job-incoming", "job-data-insufficient"})
_REASONS: Final = {
    Status.CLIENT_ERROR_DOCUMENT_FORMAT_NOT_SUPPORTED: "unsupported-document-format",
    Status.CLIENT_ERROR_DOCUMENT_FORMAT_ERROR: "document-format-error",
    Status.CLIENT_ERROR_DOCUMENT_UNPRINTABLE_ERROR: "document-unprintable-error",
    Status.CLIENT_ERROR_DOCUMENT_PASSWORD_ERROR: "document-password-error",
    Status.CLIENT_ERROR_DOCUMENT_PERMISSION_ERROR: "document-permission-error",
    Status.CLIENT_ERROR_DOCUMENT_SECURITY_ERROR: "document-security-error",
    Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED: "unsupported-attributes-or-values",
}


class _Unknown(Exception):
    """The printer may have taken the job or not."""


class _Later(Exception):
    """The printer took nothing; the same may work later."""


class Forwarding:
    """A job and its printer; `run` is used once."""

    def __init__(
        self,
        client: Client,
        work: Work,
        mirror: Mirror,
        policy: OnBreak,
        clock: Clock,
        chance: Callable[[], float],
        pace: Pace,
    ) -> None:
        self._client = client
        self._work = work
        self._mirror = mirror
        self._policy = policy
        self._clock = clock
        self._pace = pace
        self._backoff = Backoff(chance=chance)
        self._there: JobInfo | None = None
        """The job there that is not known to be final."""
        self._pages = 0
        """Out of the parts before this one."""
        self._told = 0
        """Out of this part."""
        self._breaks = 0
        self._lost = False
        """The printer was out of reach while the job was followed."""
        self._refused = ""

    async def run(self) -> None:
        """Print all parts. Raises DeviceFailed, JobCutOff."""
        await self._mirror.online.wait()
        parts = self._parts()
        try:
            for number, part in enumerate(parts, 1):
                name = self._work.job.name + (f" ({number}/{len(parts)})" if len(parts) > 1 else "")
                await self._part(name, part)
        finally:
            await self._withdraw()
        if not self._pages:
            await self._work.printed(self._work.job.impressions or len(self._work.documents))

    def _parts(self) -> list[Sequence[Document]]:
        """All documents as one job where the printer takes that, else each as its own."""
        documents = self._work.documents
        several = self._mirror.told.get(r.multiple_document_jobs_supported) is not False
        if len(documents) > 1 and not (several and self._has(Op.CREATE_JOB, Op.SEND_DOCUMENT)):
            return [[document] for document in documents]
        return [documents]

    def _has(self, *operations: Op) -> bool:
        offered = {int(code) for code in self._mirror.told.all(r.operations_supported)}
        return offered.issuperset(int(operation) for operation in operations)

    # --- sending ---

    async def _part(self, name: str, documents: Sequence[Document]) -> None:
        """Send it and follow it, again if need be."""
        while True:
            await self._mirror.online.wait()
            try:
                job = await self._send(name, documents)
                if self._refused:
                    self._refused = ""
                    await self._work.remark(settings.TWICE if self._breaks else "")
                await self._follow(job)
            except _Unknown as unknown:
                self._there = None
                self._breaks += 1
                settings.decide(self._policy, self._breaks, str(unknown))
                await self._pause()
                await self._work.remark(settings.TWICE, frozenset({PRINTED_TWICE}))
            except _Later as later:
                self._refused = str(later)
                if self._refused:
                    await self._work.remark(self._refused)
                await self._pause()
            else:
                return

    async def _pause(self) -> None:
        self._mirror.online.clear()
        self._mirror.doubt()
        await self._clock.sleep(self._backoff.next())

    async def _send(self, name: str, documents: Sequence[Document]) -> JobInfo:
        """The job there. Raises _Unknown, _Later, DeviceFailed."""
        asked = description.request(self._work.job.ticket, self._mirror.told)
        if asked.left_out:
            await self._work.remark(f"The printer has no way to do this: {', '.join(asked.left_out)}.")
        if self._has(Op.CREATE_JOB, Op.SEND_DOCUMENT):
            try:
                self._there = await self._client.create_job(asked.options, title=name)
            except ClientError as error:  # a job without documents prints nothing, even if it is there
                raise _refusal(error) from None
            for document in documents:
                await self._send_document(self._there, document, last=document is documents[-1])
            return self._there
        before = await self._known(name)
        try:
            self._there = await self._client.print_document(
                self._work.read(documents[0]),
                asked.options,
                title=name,
                document_format=self._format(documents[0]),
            )
        except ClientError as error:
            if not _may_have_arrived(error):
                raise _refusal(error) from None
            self._there = await self._look_for(name, before, error)
        return self._there

    async def _send_document(self, job: JobInfo, document: Document, *, last: bool) -> None:
        try:
            await self._client.send_document(
                job,
                self._work.read(document),
                last=last,
                name=document.name,
                document_format=self._format(document),
            )
        except ClientError as error:
            if _may_have_arrived(error):
                await self._ask_after(job, error, last=last)
                return
            await self._withdraw()
            raise _refusal(error) from None

    def _format(self, document: Document) -> str:
        """As it is, or for the printer to find out."""
        formats = self._mirror.told.all(r.document_format_supported)
        if document.format not in formats and description.AUTO in formats:
            return description.AUTO
        return document.format

    # --- after a lost connection ---

    async def _ask_after(self, job: JobInfo, error: ClientError, *, last: bool) -> None:
        """Return if the document arrived. Raises _Later if nothing of it was printed, else _Unknown."""
        seen = await self._again(lambda: self._client.job(job))
        if seen is None:
            raise _Unknown(
                f"The connection was lost, and the printer does not know the job any more. ({error})"
            )
        started = seen.state not in (JobState.PENDING, JobState.PENDING_HELD)
        incomplete = bool(_INCOMPLETE.intersection(seen.reasons)) or seen.state == JobState.PENDING_HELD
        if last and not incomplete and seen.state not in (JobState.ABORTED, JobState.CANCELED):
            return
        await self._withdraw()
        if started and seen.impressions_completed != 0:
            raise _Unknown("The connection was lost while the printer was printing what had arrived.")
        raise _Later

    async def _known(self, name: str) -> set[int] | None:
        """The owner's jobs by that name before ours is sent; None if the printer does not tell."""
        try:
            return {job.id for job in await self._mine() if job.name == cut(name, 255)}
        except IppError:
            return None
        except ClientError:
            raise _Later from None

    async def _look_for(self, name: str, before: set[int] | None, error: ClientError) -> JobInfo:
        """The job that may have been taken. Raises _Later if it was not, _Unknown if nobody can say."""
        jobs = None if before is None else await self._again(self._mine)
        if jobs is None or before is None:
            raise _Unknown(
                f"The connection was lost, and nobody can say whether the printer took the job. ({error})"
            )
        found = [job for job in jobs if job.name == cut(name, 255) and job.id not in before]
        if not found:
            raise _Later
        if found[-1].state in (JobState.ABORTED, JobState.CANCELED):
            raise _Unknown("The connection was lost, and the printer gave the job up.")
        return found[-1]

    async def _mine(self) -> list[JobInfo]:
        jobs = await self._client.jobs("completed", mine=True, limit=LOOKED_THROUGH)
        return jobs + await self._client.jobs("not-completed", mine=True, limit=LOOKED_THROUGH)

    async def _again(self, ask: Callable[[], Awaitable[T]]) -> T | None:
        """Ask until there is an answer; None if the printer refuses to say."""
        while True:
            try:
                return await ask()
            except Unavailable:
                pass
            except IppError:
                return None
            except ClientError:
                pass
            await self._pause()
            await self._mirror.online.wait()

    # --- following ---

    async def _follow(self, job: JobInfo) -> None:
        """Mirror the job there to its end. Raises DeviceFailed, _Unknown."""
        self._lost = False
        while True:
            try:
                async with aclosing(self._client.follow(job, pace=self._pace)) as updates:
                    async for update in updates:
                        if await self._take(update):
                            return
            except IppError:
                return await self._untold()
            except ClientError:
                self._lost = True
            await self._pause()
            await self._mirror.online.wait()

    async def _take(self, update: JobUpdate) -> bool:
        """Take an update over; tells whether it was the last."""
        job, mirrored = update.job, self._mirror.info
        if update.feedback is Feedback.INTERRUPTED:
            self._lost = True
            self._mirror.online.clear()
            self._mirror.doubt()
            return False
        if update.feedback is Feedback.NONE:
            if self._lost:
                raise _Unknown(f"The printer was away, and the job is lost there. {update.problem}")
            await self._untold()
            return True
        if (update.printer.state, update.printer.reasons) != (mirrored.state, mirrored.reasons):
            self._mirror.doubt()
        pages = job.impressions_completed or 0
        if pages > self._told:
            self._told = pages
            await self._work.printed(self._pages + pages)
        if not job.is_final:
            return False
        self._there = None
        self._pages, self._told = self._pages + self._told, 0
        await self._end(job)
        return True

    async def _untold(self) -> None:
        """The printer has all of the job, and does not tell what becomes of it."""
        self._there = None
        await self._work.remark("The printer took the job, and does not tell what became of it.")

    async def _end(self, job: JobInfo) -> None:
        """A job's end there as its end here."""
        reasons = frozenset(reason for reason in job.reasons if _is_keyword(reason))
        message = description.sentence(job.message)
        if job.state == JobState.CANCELED:
            others = {reason for reason in reasons if not reason.startswith(_OF_CANCEL)}
            message = message or "It was cancelled at the printer."
            raise JobCanceled(message, frozenset({"job-canceled-at-device", *others}))
        if job.state == JobState.ABORTED:
            raise DeviceFailed(
                message or "The printer gave it up.", reasons or frozenset({"aborted-by-system"})
            )
        told = reasons & _WORTH_TELLING
        if told:
            await self._work.remark(message, told)

    async def _withdraw(self) -> None:
        """Cancel what is there and not final: now, or when the printer answers again."""
        job, self._there = self._there, None
        if job is None:
            return
        cancelled = False
        try:
            await within(self._clock, CANCEL, self._client.cancel(job))
            cancelled = True
        except IppError:  # it is final, or forgotten
            cancelled = True
        except (ClientError, TimeoutError):
            self._mirror.doubt()
        finally:
            if not cancelled:
                self._mirror.unwanted.add(job.id)


def _is_keyword(reason: str) -> bool:
    try:
        r.job_state_reasons(reason)
    except ValueError:
        return False
    return True


def _may_have_arrived(error: ClientError) -> bool:
    """Whether the printer may have what was sent, though it did not say so."""
    if isinstance(error, Refused | Untrusted):
        return False
    if isinstance(error, HttpError):
        return error.status >= 500
    return isinstance(error, ConnectionFailed | BadAnswer)


def _refusal(error: ClientError) -> Exception:
    """What a printer's refusal means for the job; a printer that may change its mind is asked again."""
    if isinstance(error, ConnectionFailed):
        return _Later()
    if not isinstance(error, IppError) or isinstance(error, Unavailable | NotAllowed | NotFound):
        return _Later(
            description.sentence(f"The printer does not take it at present: {error}. Trying again.")
        )
    message = description.sentence(f"The printer refuses it: {error}.")
    if error.status == Status.SERVER_ERROR_JOB_CANCELED:
        return JobCanceled(message)
    return DeviceFailed(message, frozenset({_REASONS.get(error.status, "aborted-by-system")}))
