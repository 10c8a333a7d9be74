"""The JSON API over HTTP: requests are read and checked by their endpoint's types, and answered in JSON."""

from __future__ import annotations

import ipaddress
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from yarl import URL

from pagebell.entrance import TurnedAway, admission_of
from pagebell.model.access import EVERYBODY, Principal
from pagebell.model.errors import NotAuthorized, NotFound, Refusal
from pagebell.spooler.spooler import Spooler
from pagebell.web.api.endpoint import REASONS, Ask, Endpoint, status_of
from pagebell.web.api.messages import Problem
from pagebell.web.api.openapi import description
from pagebell.web.api.operations import ENDPOINTS

log = logging.getLogger(__name__)

PREFIX: Final = "/api/v1"
USER: Final = "requesting-user-name"
"""The header by which somebody who proves nothing says who they are, as IPP's attribute of that name."""
JSON: Final = "application/json"
LARGEST: Final = 2**31 - 1
"""No job or subscription has a higher number."""
_HEADERS: Final = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_RETRY: Final = {503: {"retry-after": "10"}}


class BadRequest(Exception):
    """The request makes no sense; `str()` of it says where."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def routes(spooler: Spooler) -> list[BaseRoute]:
    """The routes of all endpoints, and of their description."""

    async def describe(request: Request) -> Response:
        return _json(description(ENDPOINTS, PREFIX), 200)

    found: list[BaseRoute] = [route("/api/openapi.json", describe, ["GET"])]
    for path in dict.fromkeys(endpoint.path for endpoint in ENDPOINTS):
        at_path = {endpoint.method: endpoint for endpoint in ENDPOINTS if endpoint.path == path}
        found.append(route(PREFIX + path, _answer_to(spooler, at_path), at_path))
    return found


def route(path: str, answer: Callable[[Request], Awaitable[Response]], methods: Collection[str]) -> Route:
    """A route that tells by OPTIONS which methods it has (RFC 9110 9.3.7)."""
    taken = {*methods, "OPTIONS"} | ({"HEAD"} if "GET" in methods else set())
    allowed = ", ".join(sorted(taken))

    async def act(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={**_HEADERS, "allow": allowed})
        return await answer(request)

    return Route(path, act, methods=taken)


def _answer_to(spooler: Spooler, at_path: dict[str, Endpoint]) -> Any:
    async def answer(request: Request) -> Response:
        endpoint = at_path["GET" if request.method == "HEAD" else request.method]
        return await answered(request, lambda: _do(spooler, endpoint, request))

    return answer


async def answered(request: Request, act: Any) -> Response:
    """What `act` answers, or a problem in words (RFC 9457)."""
    try:
        response: Response = await act()
    except BadRequest as error:
        return problem(error.status, str(error))
    except NotAuthorized as refusal:
        turned = admission_of(request.scope).turned_away(refusal)
        return turned_away(turned)
    except TurnedAway as turned:
        return turned_away(turned)
    except Refusal as refusal:
        return problem(status_of(refusal), str(refusal))
    return response


async def _do(spooler: Spooler, endpoint: Endpoint, request: Request) -> Response:
    by = principal_of(request)
    query = None if endpoint.query is None else read_query(request, endpoint.query)
    if endpoint.query is None and request.query_params:
        raise BadRequest(f"{request.url.path} takes no parameters")
    if any(isinstance(value, int) and value > LARGEST for value in request.path_params.values()):
        raise NotFound(f"there is nothing at {request.url.path}")
    body = await _read_body(request, endpoint)
    ask = Ask(spooler, by, request.path_params, query, body, _media_type(request), lambda: _octets(request))
    try:
        answer = await endpoint.handler(ask)
    except ClientDisconnect:
        raise BadRequest("the body did not arrive completely") from None
    if answer is None:
        return Response(status_code=204, headers=_HEADERS)
    response = _json(answer, endpoint.status)
    if endpoint.created:
        response.headers["location"] = f"{PREFIX}/{endpoint.created}/{answer.id}"  # type: ignore[attr-defined]
    return response


def principal_of(request: Request) -> Principal:
    """Who asks. Raises NotAuthorized for a request that another site's page has sent.

    Rights that an address alone gives are for requests that name this server as only its own users would: a page of
    another site can make a browser send requests here by a name of its own, whose answers that page can read.
    """
    headers = request.headers
    host, origin = headers.get("host", ""), headers.get("origin")
    if origin is not None and request.method not in _SAFE and origin.partition("://")[2] != host:
        raise NotAuthorized("pages of other sites may not do that")
    by = admission_of(request.scope).principal(headers.get(USER))
    if not by.authenticated and not _is_own(host):
        by = replace(by, rights=by.rights & EVERYBODY)
    return by


def _is_own(host: str) -> bool:
    """Whether that is how this machine is called, by no other name server's will."""
    try:
        name = (URL(f"http://{host}").host or "").lower()
    except ValueError:
        return False
    if name in _names():
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    return frozenset({"localhost", socket.gethostname().lower()})


def read_query(request: Request, to: type[msgspec.Struct]) -> Any:
    """The parameters behind the question mark. Raises BadRequest."""
    given = request.query_params.multi_items()
    values = dict(given)
    if len(values) != len(given):
        raise BadRequest("a parameter is given twice")
    try:
        found = msgspec.convert(values, to, strict=False)
    except msgspec.ValidationError as error:
        raise BadRequest(_in_words(error)) from None
    for name in values:
        if getattr(found, name) is None:  # msgspec takes the word "null" for it
            raise BadRequest(f"in {name}: a value is missing")
    return found


async def _read_body(request: Request, endpoint: Endpoint) -> Any:
    if endpoint.body is None:
        return None
    if _media_type(request) != JSON:
        raise BadRequest(f"what is sent here must be {JSON}", 415)
    try:
        return msgspec.convert(_decode(await request.body()), endpoint.body)
    except msgspec.ValidationError as error:
        raise BadRequest(_in_words(error), 422) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequest(f"the body is not JSON: {error}") from None
    except RecursionError:
        raise BadRequest("the body is nested too deeply") from None


def _number(text: str) -> int | float:
    """JSON has one kind of numbers: 3600.0 is a whole one."""
    number = float(text)
    return int(number) if number.is_integer() else number


_decode = msgspec.json.Decoder(float_hook=_number).decode


def _in_words(error: msgspec.ValidationError) -> str:
    what, _, place = str(error).partition(" - at `")
    key = place.rstrip("`").removeprefix("$").removeprefix(".")
    what = what.removeprefix("Object ")
    return f"in {key}: {what[:1].lower()}{what[1:]}" if key else what


async def _octets(request: Request) -> AsyncIterator[bytes]:
    async for chunk in request.stream():
        if chunk:
            yield chunk


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _json(value: object, status: int) -> Response:
    return Response(msgspec.json.encode(value), status, _HEADERS, JSON)


def problem(status: int, detail: str) -> Response:
    """Why something could not be done, as RFC 9457 has it."""
    told = f"{detail[:1].upper()}{detail[1:]}"
    body = msgspec.json.encode(Problem(title=REASONS[status], status=status, detail=told))
    headers = {**_HEADERS, **_RETRY.get(status, {})}
    return Response(body, status, headers, "application/problem+json")


def turned_away(turned: TurnedAway) -> Response:
    """What programs are answered that have to prove first who they are, or may not come in."""
    response = problem(turned.status, str(turned))
    response.raw_headers += turned.headers
    return response
