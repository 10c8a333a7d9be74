"""kill -9, and no resource that was acknowledged is lost; half an upload leaves nothing."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.codec import GroupTag, Message, encode
from pagebell.ipp.registry import Op, ResourceState, Status
from tests.asking import Asker, build
from tests.server import ServerProcess

AT = "/ipp/system"
PNG = b"\x89PNG\r\n\x1a\n"
SMALL, LARGE = PNG + b"small", PNG + bytes(300_000)
"""One that is stored with its row, and one that is a file."""


def made(ask: Asker) -> int:
    answer = ask.ask(Op.CREATE_RESOURCE, r.resource_type("static-image"), path=AT)
    group = answer.group(GroupTag.RESOURCE)
    assert group is not None, str(answer)
    return group.get(r.resource_id) or 0


def ok(answer: Message) -> Message:
    assert answer.code == Status.SUCCESSFUL_OK, str(answer)
    return answer


def states(server: ServerProcess) -> dict[int | None, tuple[object, int | None]]:
    """State and use count of each resource."""
    with Asker(server.authority) as ask:
        answer = ok(ask.ask(Op.GET_RESOURCES, r.requested_attributes("all"), path=AT))
    return {
        group.get(r.resource_id): (group.get(r.resource_state), group.get(r.resource_use_count))
        for group in answer.groups_of(GroupTag.RESOURCE)
    }


def test_resources_survive_a_crash(tmp_path: Path) -> None:
    with ServerProcess(tmp_path, devices={"Null": "null:"}) as server:
        with Asker(server.authority) as ask:
            numbers = [made(ask), made(ask)]
            for number, octets in zip(numbers, (SMALL, LARGE), strict=True):
                of = r.resource_id(number)
                ok(ask.ask(Op.SEND_RESOURCE_DATA, of, r.resource_format("image/png"), data=octets, path=AT))
                ok(ask.ask(Op.INSTALL_RESOURCE, of, path=AT))
            ok(ask.ask(Op.ALLOCATE_PRINTER_RESOURCES, r.resource_ids(*numbers), path="/ipp/print/Null"))
            broken = made(ask)
            head = build(
                *(Op.SEND_RESOURCE_DATA, ask.uri(AT), r.resource_id(broken), r.resource_format("image/png"))
            )

            def pieces() -> Iterator[bytes]:
                yield encode(head) + LARGE
                server.kill()
                yield LARGE

            with pytest.raises((OSError, http.client.HTTPException)):
                ask.post(pieces())
        server.start()
        assert states(server) == {
            numbers[0]: (ResourceState.INSTALLED, 1),
            numbers[1]: (ResourceState.INSTALLED, 1),
            broken: (ResourceState.PENDING, 0),
        }
        for number, octets in zip(numbers, (SMALL, LARGE), strict=True):
            with urlopen(f"http://{server.authority}/resources/{number}", timeout=30) as answer:
                assert answer.headers["content-type"] == "image/png"
                assert answer.read() == octets
        files = [path for path in (server.state / "spool").rglob("*") if path.is_file()]
        assert [path.stat().st_size for path in files] == [len(LARGE)]
