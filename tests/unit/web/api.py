"""The web side over a spooler in memory, asked by httpx."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import httpx

from pagebell.entrance import Admission
from pagebell.entrance.admission import admit_to
from pagebell.entrance.visitor import visitor_of
from pagebell.model.access import ADMINISTRATOR, Principal
from pagebell.web.api.endpoint import REASONS
from pagebell.web.site import site
from tests.unit.spooler.stage import Stage

KNOWN = "x-known"
"""The header by which a test's client has proved who it is."""


CREATED = {"events": ["job-created"]}
"""A wish for a subscription."""


class Web(Stage):
    """A stage that is reached by HTTP; who is known to be `root` administers."""

    async def __aenter__(self) -> Web:
        await super().__aenter__()
        self.site = site(self.spooler)
        return self

    async def application(self, scope: Any, receive: Any, send: Any) -> None:
        known = dict(scope["headers"]).get(KNOWN.encode(), b"").decode()
        if known:
            rights = {"rights": ADMINISTRATOR} if known == "root" else {}
            who = Principal(known, authenticated=True, **rights)  # type: ignore[arg-type]
            admit_to(scope, Admission(visitor_of(scope), who))
        await self.site(scope, receive, send)

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        user: str = "ada",
        known: str = "",
        headers: Iterable[tuple[str, str]] = (),
        content: bytes | None = None,
    ) -> httpx.Response:
        given = {"requesting-user-name": user, **({KNOWN: known} if known else {}), **dict(headers)}
        if body is not None:
            content = json.dumps(body).encode()
            given.setdefault("content-type", "application/json")
        transport = httpx.ASGITransport(self.application)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8631") as client:
            answer = await client.request(method, path, content=content, headers=given)
        await self.clock.settle()
        return answer

    async def api(self, method: str, path: str, body: object = None, **how: Any) -> httpx.Response:
        return await self.ask(method, f"/api/v1{path}", body, **how)


def told(answer: Any) -> str:
    """A problem's sentence."""
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["title"] == REASONS[answer.status_code]
    return str(problem["detail"])
