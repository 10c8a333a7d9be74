"""How a client makes jobs and asks about them (RFC 8011 4.2, 4.3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pagebell.ipp import registry as r
from pagebell.ipp.asking import JOB_ATTRIBUTES, cut, job_groups, requested, unsupported
from pagebell.ipp.attributes import Attr
from pagebell.ipp.errors import BadAnswer
from pagebell.ipp.message import Message
from pagebell.ipp.options import Options, read_options
from pagebell.ipp.registry import Op
from pagebell.ipp.results import JobInfo
from pagebell.ipp.upload import Progress, Source, Upload
from pagebell.ipp.values import Attribute, GroupTag

if TYPE_CHECKING:
    from pagebell.ipp.client import Client


async def validate(client: Client, options: Options, format_: str) -> tuple[str, ...]:
    """Validate-Job."""
    operation, job = job_groups(read_options(options))
    return unsupported(
        await client.call(Op.VALIDATE_JOB, r.document_format(format_), *operation, groups=[job])
    )


async def submit(
    client: Client, document: Source, options: Options, title: str, format_: str, progress: Progress | None
) -> JobInfo:
    """Print-Job."""
    operation, job = job_groups(read_options(options))
    answer = await client.call(
        Op.PRINT_JOB,
        *_unless_given(operation, r.job_name, cut(title, 255)),
        *_unless_given(operation, r.document_format, format_),
        *operation,
        groups=[job],
        upload=_upload(document, progress),
    )
    return _made(client, answer, title)


async def create(client: Client, options: Options, title: str) -> JobInfo:
    """Create-Job."""
    operation, job = job_groups(read_options(options))
    named = _unless_given(operation, r.job_name, cut(title, 255))
    return _made(client, await client.call(Op.CREATE_JOB, *named, *operation, groups=[job]), title)


async def send(
    client: Client,
    job_id: int,
    document: Source,
    name: str,
    format_: str,
    progress: Progress | None,
    *,
    last: bool,
) -> JobInfo:
    """Send-Document."""
    answer = await client.call(
        Op.SEND_DOCUMENT,
        r.job_id(job_id),
        r.document_format(format_),
        r.last_document(last),
        *([r.document_name(cut(name, 255))] if name else []),
        upload=_upload(document, progress),
    )
    return _made(client, answer, name)


async def job(client: Client, job_id: int) -> JobInfo:
    """Get-Job-Attributes."""
    answer = await client.call(Op.GET_JOB_ATTRIBUTES, r.job_id(job_id), requested(JOB_ATTRIBUTES))
    group = answer.group(GroupTag.JOB)
    if group is None:
        raise BadAnswer(client.uri, "its answer tells nothing of the job")
    return JobInfo.of(group.add(r.job_id(job_id)))


async def jobs(client: Client, which: str, *, mine: bool, limit: int | None) -> list[JobInfo]:
    """Get-Jobs."""
    answer = await client.call(
        Op.GET_JOBS,
        *([] if limit is None else [r.limit(limit)]),
        requested(JOB_ATTRIBUTES),
        r.which_jobs(which),
        r.my_jobs(mine),
    )
    return [JobInfo.of(group) for group in answer.groups_of(GroupTag.JOB)]


def _made(client: Client, answer: Message, title: str) -> JobInfo:
    group = answer.group(GroupTag.JOB)
    if group is None or group.get(r.job_id) is None:
        raise BadAnswer(client.uri, "it took the job, but does not tell its number")
    if title and r.job_name.name not in group:
        group.add(r.job_name(cut(title, 255)))
    return JobInfo.of(group, unsupported(answer))


def _unless_given(given: Iterable[Attribute], attr: Attr[str], value: str) -> list[Attribute]:
    """The default of an operation attribute, unless an option says otherwise or there is none."""
    return [attr(value)] if value and all(one.name != attr.name for one in given) else []


def _upload(document: Source, progress: Progress | None) -> Upload:
    return Upload(document) if progress is None else Upload(document, progress)
