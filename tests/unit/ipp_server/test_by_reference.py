"""Print-URI and Send-URI: each status, and no connection where none is allowed."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.codec import Group, GroupTag
from pagebell.ipp.registry import JobState, Op
from pagebell.ipp.registry import Status as S
from pagebell.ipp.server import Service
from pagebell.model.event import JobId
from pagebell.spooler.ports import FetchFailed, SchemeRefused
from tests.asking import subscription_group
from tests.unit.ipp_server.door import Door, first, status

HERE, GONE, WHERE, SCHEME = "http://a.test/x", "http://a.test/gone", "http://evil.test/x", "bogus://bogus"


class ScriptedFetcher:
    """`ports.Fetcher`"""

    schemes = ("http",)

    def __init__(self) -> None:
        self.fetched: list[str] = []

    def check(self, uri: str) -> None:
        if uri == SCHEME:
            raise SchemeRefused("documents are not fetched by bogus:")
        if uri == WHERE:
            raise FetchFailed("documents are not fetched from evil.test")

    async def fetch(self, uri: str) -> AsyncIterator[bytes]:
        self.fetched.append(uri)
        yield b"%PDF-"
        if uri == GONE:
            raise FetchFailed("it is gone")


class Referring(Door):
    async def __aenter__(self) -> Referring:
        await super().__aenter__()
        self.fetcher = ScriptedFetcher()
        self.service = Service(self.spooler, self.limits, self.fetcher)
        return self


ROWS = [
    (HERE, S.SUCCESSFUL_OK),
    (GONE, S.CLIENT_ERROR_DOCUMENT_ACCESS_ERROR),
    (WHERE, S.CLIENT_ERROR_DOCUMENT_ACCESS_ERROR),
    (SCHEME, S.CLIENT_ERROR_URI_SCHEME_NOT_SUPPORTED),
]


@pytest.mark.parametrize(("uri", "expected"), ROWS)
async def test_status_of_print_uri(uri: str, expected: S) -> None:
    async with Referring() as d:
        assert status(await d.ask(Op.PRINT_URI, r.document_uri(uri))) is expected
        assert d.fetcher.fetched == ([uri] if uri in (HERE, GONE) else [])


@pytest.mark.parametrize(("uri", "expected"), ROWS)
async def test_status_of_send_uri(uri: str, expected: S) -> None:
    async with Referring() as d:
        number = await d.open()
        answer = await d.ask(Op.SEND_URI, r.job_id(number), r.document_uri(uri), r.last_document(True))
        assert status(answer) is expected


async def test_subscriptions_come_with_a_job_whose_document_is_fetched() -> None:
    """RFC 3995 11.1.3.1: Print-URI takes them as Print-Job does, each with its own answer."""
    async with Referring() as d:
        groups = [subscription_group(), Group.of(GroupTag.SUBSCRIPTION, r.notify_pull_method("pigeon"))]
        answer = await d.ask(Op.PRINT_URI, r.document_uri(HERE), groups=groups)
        assert status(answer) is S.SUCCESSFUL_OK_IGNORED_SUBSCRIPTIONS
        made, refused = answer.groups_of(GroupTag.SUBSCRIPTION)
        described = await d.ask(Op.GET_SUBSCRIPTION_ATTRIBUTES, *made.attributes.values())
        assert first(described, GroupTag.SUBSCRIPTION).get(r.notify_job_id) == 1
        assert refused.get(r.notify_status_code) == S.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED


async def test_fetched_document_is_detected_printed_and_named() -> None:
    async with Referring() as d:
        answer = await d.ask(Op.PRINT_URI, r.document_uri(HERE))
        number = JobId(first(answer, GroupTag.JOB).get(r.job_id) or 0)
        (document,) = (await d.job(number)).documents
        assert (document.format, document.uri) == ("application/pdf", HERE)


async def test_job_whose_document_breaks_off_is_aborted_and_says_why() -> None:
    async with Referring() as d:
        await d.ask(Op.PRINT_URI, r.document_uri(GONE))
        job = await d.job(JobId(1))
        assert (job.state, job.message) == (JobState.ABORTED, "it is gone")
        assert "document-access-error" in job.reasons


async def test_it_is_claimed_only_where_fetching_is_allowed() -> None:
    async with Referring() as d:
        told = first(await d.ask(Op.GET_PRINTER_ATTRIBUTES), GroupTag.PRINTER)
        assert Op.PRINT_URI in told.all(r.operations_supported)
        assert told.all(r.reference_uri_schemes_supported) == ["http"]
    async with Door() as plain:
        told = first(await plain.ask(Op.GET_PRINTER_ATTRIBUTES), GroupTag.PRINTER)
        assert Op.PRINT_URI not in told.all(r.operations_supported)
        answer = await plain.ask(Op.PRINT_URI, r.document_uri(HERE))
        assert status(answer) is S.SERVER_ERROR_OPERATION_NOT_SUPPORTED
