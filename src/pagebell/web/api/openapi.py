"""The OpenAPI 3.1 description of the JSON API, made from the table of its endpoints and their types."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec

from pagebell.event_json import EventView
from pagebell.web.api.endpoint import REASONS, STATUS, Endpoint
from pagebell.web.api.messages import Problem
from pagebell.web.queries import EventsQuery

VERSION: Final = "1"
_REF: Final = "#/components/schemas/{name}"
_PARAMETER: Final = re.compile(r"\{(\w+)(:int)?\}")
_ABOUT: Final = """Printers, jobs and subscriptions of a Pagebell server.

Everything is done with the rights of who asks, as with IPP. Who proves nothing may say who they are in the header
`Requesting-User-Name`. Problems are told as RFC 9457 has them; `detail` is a sentence for people."""


@lru_cache(maxsize=1)
def description(endpoints: Sequence[Endpoint], prefix: str) -> dict[str, Any]:
    """The whole of it."""
    types = {kind for one in endpoints for kind in (one.query, one.body, one.answer) if kind is not None}
    schemas, components = msgspec.json.schema_components(
        sorted(types | {Problem, EventView, EventsQuery}, key=lambda kind: kind.__name__), ref_template=_REF
    )
    del schemas
    queries = [one for one in components if one.endswith("Query")]
    parameters = {name: _query_parameters(components[name]) for name in queries}
    for name in queries:
        del components[name]
    paths: dict[str, Any] = {}
    for one in endpoints:
        at = paths.setdefault(prefix + _PARAMETER.sub(r"{\1}", one.path), {})
        at[one.method.lower()] = _operation(one, parameters)
    paths["/events"] = {"get": _events(parameters["EventsQuery"])}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Pagebell", "version": VERSION, "description": _ABOUT},
        "paths": paths,
        "security": [{}, {"basic": []}],
        "components": {
            "schemas": components,
            "securitySchemes": {"basic": {"type": "http", "scheme": "basic"}},
        },
    }


def _operation(one: Endpoint, parameters: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    told = inspect.getdoc(one.handler) or ""
    found: dict[str, Any] = {
        "operationId": getattr(one.handler, "__name__", ""),
        "summary": " ".join(told.split()),
        "responses": _responses(one),
    }
    inputs = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "integer", "minimum": 0} if is_int else {"type": "string"},
        }
        for name, is_int in _PARAMETER.findall(one.path)
    ]
    if one.query is not None:
        inputs += parameters[one.query.__name__]
    if inputs:
        found["parameters"] = inputs
    if one.body is not None:
        content: dict[str, Any] = {"schema": _ref(one.body)}
        if one.example:
            content["example"] = one.example
        found["requestBody"] = {"required": True, "content": {"application/json": content}}
    if one.document:
        found["requestBody"] = {"required": True, "content": {"application/octet-stream": {}}}
    return found


def _responses(one: Endpoint) -> dict[str, Any]:
    success: dict[str, Any] = {"description": "Done."}
    if one.answer is not None:
        success["content"] = {"application/json": {"schema": _ref(one.answer)}}
    if one.created:
        success["headers"] = {
            "Location": {
                "description": "Where it is.",
                "schema": {"type": "string", "format": "uri-reference"},
            }
        }
    codes = {STATUS[kind] for kind in one.refusals}
    if 403 in codes:
        codes |= {401, 426}
    codes.add(400)
    if one.body is not None:
        codes |= {415, 422}
    told = {"content": {"application/problem+json": {"schema": _ref(Problem)}}}
    problems = {str(code): {"description": REASONS[code], **told} for code in sorted(codes)}
    if one.body is not None:  # it is refused before it is looked what it is for
        problems.setdefault("413", {"description": REASONS[413], "content": {"text/plain": {}}})
    return {str(one.status): success, **problems}


def _events(parameters: list[dict[str, Any]]) -> dict[str, Any]:
    last = {
        "name": "Last-Event-ID",
        "in": "header",
        "description": "Where to go on: the `id` of the last event that was read.",
        "schema": {"type": "string"},
    }
    told = {"content": {"application/problem+json": {"schema": _ref(Problem)}}}
    problems = {str(code): {"description": REASONS[code], **told} for code in (400, 401, 403, 404, 426, 503)}
    stream = {
        "description": "Server-sent events, as they happen: `event` is a keyword such as job-completed, `data` an "
        "EventView in JSON, `id` the place to go on from. An event `gap` tells of events that can't be had any more.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
    return {
        "operationId": "events",
        "summary": "What happens, as it happens.",
        "parameters": [*parameters, last],
        "responses": {"200": stream, **problems},
    }


def _query_parameters(schema: dict[str, Any]) -> list[dict[str, Any]]:
    required = schema.get("required", ())
    found = []
    for name, given in schema["properties"].items():
        inner = {key: value for key, value in given.items() if (key, value) != ("default", None)}
        about = inner.pop("description", "")
        choices = [one for one in inner.pop("anyOf", ()) if one != {"type": "null"}]
        if choices:
            inner |= choices[0]
        found.append({"name": name, "in": "query", "required": name in required, "schema": inner})
        if about:
            found[-1]["description"] = about
    return found


def _ref(kind: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": _REF.format(name=kind.__name__)}
