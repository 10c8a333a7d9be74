"""Plain pages for people: printers, jobs, and what became of them."""

from __future__ import annotations

import html
import time
from collections.abc import AsyncIterator, Iterable

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from pagebell.entrance import TurnedAway, admission_of
from pagebell.model.access import Right
from pagebell.model.errors import Gone, NotAuthorized, NotFound
from pagebell.model.event import PrinterName, ResourceId
from pagebell.model.job import Job
from pagebell.model.printer import Printer, Supply
from pagebell.spooler.ports import JobQuery
from pagebell.spooler.spooler import Spooler
from pagebell.web.icon import SIZES, icon
from pagebell.web.strings import strings

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #222 }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid #ddd; vertical-align: top }
th { font-weight: 600; color: #555 } .quiet { color: #666 } .bad { color: #a40000 }
"""
_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; connect-src 'self'",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}
_KEPT = {"cache-control": "max-age=86400", "x-content-type-options": "nosniff"}
SHOWN = 50


def routes(spooler: Spooler) -> list[BaseRoute]:
    """The pages and where they are."""

    async def index(request: Request) -> HTMLResponse:
        _demand(request)
        living = await spooler.jobs.list(JobQuery(limit=SHOWN))
        finished = await spooler.jobs.list(JobQuery(finished=True, limit=SHOWN))
        page = index_page(spooler.printers.list(), living, finished)
        return HTMLResponse(page, headers=_HEADERS)

    async def printer(request: Request) -> Response:
        _demand(request)
        try:
            found = spooler.printers.printer(PrinterName(request.path_params["name"]))
        except NotFound as error:
            return Response(str(error), 404, _HEADERS, "text/plain; charset=utf-8")
        jobs = await spooler.jobs.list(JobQuery(printer=found.name, limit=SHOWN))
        return HTMLResponse(printer_page(found, jobs), headers=_HEADERS)

    async def picture(request: Request) -> Response:
        size = request.path_params["size"]
        if size not in SIZES:
            return Response("there is no such icon", 404, _HEADERS, "text/plain; charset=utf-8")
        return Response(icon(size), headers=_KEPT, media_type="image/png")

    async def words(request: Request) -> Response:
        return Response(strings(), headers=_KEPT, media_type="text/strings; charset=utf-8")

    async def resource(request: Request) -> Response:
        number = ResourceId(request.path_params["number"])
        if not spooler.resources.uses(number):  # what a printer shows is for all who see the printer
            _demand(request)
        try:
            found = spooler.resources.resource(number)
            chunks = spooler.resources.read(found)
            first = await anext(chunks, b"")
        except (NotFound, Gone) as error:
            return Response(str(error), 404, _HEADERS, "text/plain; charset=utf-8")
        format_ = found.data.format if found.data is not None else ""
        headers = {**_KEPT, "content-length": str(found.data.octets if found.data is not None else 0)}
        return StreamingResponse(_from(first, chunks), headers=headers, media_type=format_)

    return [
        Route("/", index),
        Route("/printers/{name}", printer),
        Route("/resources/{number:int}", resource),
        Route("/icon-{size:int}.png", picture),
        Route("/strings/en.strings", words),
    ]


async def _from(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk


def _demand(request: Request) -> None:
    """Jobs are seen by those who may come in. Raises TurnedAway."""
    admission = admission_of(request.scope)
    try:
        admission.principal().demand(Right.LOOK)
    except NotAuthorized as refusal:
        raise admission.turned_away(refusal) from None


async def turn_away(request: Request, error: Exception) -> Response:
    """The answer to TurnedAway, which starlette looks up by its class."""
    assert isinstance(error, TurnedAway)
    response = Response(f"{error}\n", error.status, _HEADERS, "text/plain; charset=utf-8")
    response.raw_headers += error.headers
    return response


def index_page(printers: Iterable[Printer], living: Iterable[Job], finished: Iterable[Job]) -> str:
    """The page at `/`."""
    parts = [
        "<h2>Printers</h2>",
        _table(("Printer", "State", "Where", "About"), (_printer_row(printer) for printer in printers)),
        "<h2>Jobs</h2>",
        _jobs(living, "Nothing is waiting to be printed."),
        "<h2>Finished</h2>",
        _jobs(finished, "Nothing has been printed yet."),
    ]
    return _page("Pagebell", parts)


def printer_page(printer: Printer, living: Iterable[Job]) -> str:
    """The page of one printer (IPP printer-more-info and printer-supply-info-uri)."""
    about = [("State", _printer_row(printer)[1]), ("Where", html.escape(printer.location))]
    if printer.operator_message:
        about.append(("From the operator", html.escape(printer.operator_message)))
    supplies = [(html.escape(supply.description), _level(supply)) for supply in printer.supplies]
    parts = [
        f"<p>{html.escape(printer.info)}</p>",
        _table(("About", ""), about),
        "<h2 id='supplies'>Supplies</h2>",
        _table(("Supply", "Left"), supplies) if supplies else "<p class='quiet'>It does not tell.</p>",
        "<h2>Jobs</h2>",
        _jobs(living, "Nothing is waiting to be printed."),
    ]
    return _page(printer.name, parts)


def _level(supply: Supply) -> str:
    return f"{supply.level} %" if supply.level >= 0 else "unknown"


def _page(title: str, parts: Iterable[str]) -> str:
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{html.escape(title)}</title>"
        "<meta name='viewport' content='width=device-width'>"
        f"<style>{_STYLE}</style></head><body><h1>{html.escape(title)}</h1>{''.join(parts)}</body></html>"
    )


def _jobs(jobs: Iterable[Job], none: str) -> str:
    rows = [_job_row(job) for job in jobs]
    if not rows:
        return f"<p class='quiet'>{none}</p>"
    return _table(("Job", "Name", "From", "Printer", "State", "Pages", "Since"), rows)


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f"<th>{html.escape(text)}</th>" for text in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _printer_row(printer: Printer) -> tuple[str, ...]:
    state = printer.state.name.lower()
    if not printer.accepting:
        state += ", takes no new jobs"
    return (
        f"<b>{html.escape(printer.name)}</b>",
        _state(state, printer.message, bad=printer.state.name == "STOPPED"),
        html.escape(printer.location),
        html.escape(printer.info),
    )


def _job_row(job: Job) -> tuple[str, ...]:
    of = "" if job.impressions is None else f" of {job.impressions}"
    since = job.completed_at or job.processing_at or job.created
    state = job.state.name.lower().replace("_", "-")
    return (
        str(job.id),
        html.escape(job.name),
        html.escape(job.owner),
        html.escape(job.printer),
        _state(state, job.message, bad=state in ("aborted", "processing-stopped")),
        f"{job.impressions_completed}{of}",
        time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(since)),
    )


def _state(state: str, message: str, *, bad: bool) -> str:
    text = f"<span class='bad'>{state}</span>" if bad else state
    return text + (f"<br><span class='quiet'>{html.escape(message)}</span>" if message else "")
