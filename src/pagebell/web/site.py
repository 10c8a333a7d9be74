"""All that is found by HTTP beside IPP: pages for people, events as they happen, and the JSON API."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from pagebell.entrance import TurnedAway
from pagebell.spooler.spooler import Spooler
from pagebell.web.api.application import PREFIX, problem
from pagebell.web.api.application import routes as api_routes
from pagebell.web.events import EventStreams
from pagebell.web.pages import routes as page_routes
from pagebell.web.pages import turn_away


def site(spooler: Spooler) -> Starlette:
    """The whole of it as an ASGI application."""
    return Starlette(
        routes=[*page_routes(spooler), EventStreams(spooler).route(), *api_routes(spooler)],
        exception_handlers={TurnedAway: turn_away, HTTPException: _told},
    )


def is_for_programs(path: str) -> bool:
    """Whether a request of any method may be for what is here."""
    return path == "/events" or path.startswith("/api/")


def takes_document(target: bytes) -> bool:
    """Whether a request to that path, perhaps with parameters, has a document for its body, of any size."""
    path = target.partition(b"?")[0].decode("latin-1")
    return path.startswith(f"{PREFIX}/printers/") and path.endswith("/jobs")


async def _told(request: Request, error: Exception) -> Response:
    """The answer where nothing is found, or not by that method."""
    assert isinstance(error, HTTPException)
    if is_for_programs(request.url.path):
        response = problem(error.status_code, f"{error.detail}: {request.method} {request.url.path}")
    else:
        response = Response(error.detail, error.status_code, media_type="text/plain; charset=utf-8")
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    return response
