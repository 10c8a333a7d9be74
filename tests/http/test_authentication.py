"""Who may come in by HTTP: names and passwords, what is asked of whom, and how often one may be wrong."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from pathlib import Path
from typing import Any

import pytest

from pagebell.app import Running
from pagebell.dcerpc.ntlm_keys import nt_hash
from pagebell.entrance import Doorkeeper, Entry
from pagebell.entrance.attempts import Attempts
from pagebell.ipp import registry as r
from pagebell.ipp.codec import encode
from pagebell.ipp.registry import Op, Status
from pagebell.model.access import Right
from pagebell.spooler.ports import JobQuery
from pagebell.stores.users import UserFile, make_user
from tests.asking import build
from tests.http.wire import Response, Wire

PRINTER = "ipps://printer.test:631/ipp/print/PDF"
PASSWORD = "Grüße 123"
PEOPLE = [
    make_user(name, PASSWORD, nt_hash(PASSWORD), admin=name == "root") for name in ("alice", "carol", "root")
]
EVERYTHING = {"auth": "require", "admin-from": [], "operators": ["carol"]}


async def get(wire: Wire, path: str, *lines: str) -> Response:
    await wire.send("\r\n".join([f"GET {path} HTTP/1.1", "Host: x", *lines, "", ""]).encode())
    return await wire.response()


def basic(name: str, password: str = PASSWORD) -> str:
    return f"Authorization: Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"


def request(op: Op, *attributes: Any, user: str = "ada") -> bytes:
    return encode(build(op, PRINTER, *attributes, user=user))


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"access": EVERYTHING}


@pytest.fixture
async def wire(running: Running) -> Any:
    users = UserFile(running.state)
    for user in PEOPLE:
        users.add(user)
    trust = ssl.create_default_context(cafile=running.certificate)
    async with Wire(running.host, running.port, trust) as wire:
        yield wire


async def test_stranger_learns_how_to_prove_who_they_are_and_nothing_else(wire: Wire) -> None:
    names = ("uri-authentication-supported", "uri-security-supported", "printer-uri-supported")
    told = (await wire.post(request(Op.GET_PRINTER_ATTRIBUTES, r.requested_attributes(*names)))).ipp
    values = {n: [v.data for v in a.values] for n, a in told.groups[-1].attributes.items()}
    assert values == dict(zip(names, (["basic"], ["tls"], [PRINTER]), strict=True))
    for op in (Op.GET_JOBS, Op.VALIDATE_JOB, Op.CREATE_JOB):
        answer = await wire.post(request(op))
        assert answer.status == 401
        assert answer.headers["www-authenticate"] == 'basic realm="pagebell", charset="utf-8"'
    assert (await get(wire, "/")).status == 401
    for path in ("/events", "/api/v1/jobs"):
        for lines in ((), (basic("alice", "wrong"),)):
            answer = await get(wire, path, *lines)
            assert answer.status == 401, path
            assert answer.headers["content-type"] == "application/problem+json"
            assert json.loads(answer.body)["status"] == 401
    assert (await get(wire, "/icon-48.png")).status == 200


async def test_job_belongs_to_whoever_proved_to_be_somebody(wire: Wire, running: Running) -> None:
    answer = await wire.post(request(Op.CREATE_JOB, user="root"), basic("ALICE"))
    assert answer.ipp.code == Status.SUCCESSFUL_OK
    (job,) = await running.spooler.jobs.list(JobQuery())
    assert job.owner == "alice"
    assert (await get(wire, "/", basic("alice"))).status == 200


async def test_rights_follow_from_who_it_is(wire: Wire) -> None:
    assert (await wire.post(request(Op.CREATE_JOB), basic("alice"))).ipp.code == Status.SUCCESSFUL_OK
    pause = request(Op.PAUSE_PRINTER)
    assert (await wire.post(pause, basic("alice"))).ipp.code == Status.CLIENT_ERROR_NOT_AUTHORIZED
    assert (await wire.post(pause, basic("carol"))).ipp.code == Status.SUCCESSFUL_OK
    remove = request(Op.CUPS_DELETE_PRINTER)
    assert (await wire.post(remove, basic("carol"))).ipp.code == Status.CLIENT_ERROR_NOT_AUTHORIZED
    assert (await wire.post(remove, basic("root"))).ipp.code == Status.SUCCESSFUL_OK


@pytest.mark.parametrize(
    "header",
    [
        basic("alice", "wrong"),
        basic("mallory"),
        basic("", ""),
        "Authorization: Basic !",
        "Authorization: Basic",
        "Authorization: Bearer abc",
        f"Authorization: Basic {'A' * 4000}",
    ],
)
async def test_wrong_proof_is_answered_by_the_question(
    wire: Wire, header: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    answer = await wire.post(request(Op.GET_JOBS), header)
    assert answer.status == 401
    assert "basic" in answer.headers["www-authenticate"]
    for secret in ("wrong", PASSWORD, "abc", base64.b64encode(b"alice:wrong").decode()):
        assert secret not in caplog.text.replace("wrong user name or password", "")


async def test_password_of_old_is_refused_at_once(wire: Wire, running: Running) -> None:
    assert (await wire.post(request(Op.GET_JOBS), basic("alice"))).status == 200
    UserFile(running.state).change_password(make_user("alice", "new", nt_hash("new")))
    assert (await wire.post(request(Op.GET_JOBS), basic("alice"))).status == 401
    assert (await wire.post(request(Op.GET_JOBS), basic("alice", "new"))).status == 200
    UserFile(running.state).remove("alice")
    assert (await wire.post(request(Op.GET_JOBS), basic("alice", "new"))).status == 401


async def test_guessing_comes_to_an_end(wire: Wire) -> None:
    for _ in range(10):
        assert (await wire.post(request(Op.GET_JOBS), "Authorization: Basic !")).status == 401
    answer = await wire.post(request(Op.GET_JOBS), basic("alice"))
    assert answer.status == 429
    assert 0 < int(answer.headers["retry-after"]) <= 6


async def test_passwords_in_the_clear_are_answered_by_the_way_to_encryption(
    wire: Wire, running: Running
) -> None:
    async with Wire(running.host, running.port) as plain:
        for header in ((basic("alice"),), ()):
            answer = await plain.post(request(Op.GET_JOBS), *header)
            assert answer.status == 426
            assert answer.headers["upgrade"] == "tls/1.2, http/1.1"
            told_of = await get(plain, "/api/v1/jobs", *header)
            assert (told_of.status, json.loads(told_of.body)["status"]) == (426, 426)
        told = await plain.post(
            request(Op.GET_PRINTER_ATTRIBUTES, r.requested_attributes("printer-uri-supported"))
        )
        uri = told.ipp.groups[-1].attributes["printer-uri-supported"]
        assert [value.data for value in uri.values] == [PRINTER]


async def test_document_is_not_taken_before_its_sender_is_known(wire: Wire, running: Running) -> None:
    await wire.send(
        b"POST /ipp/print HTTP/1.1\r\nHost: x\r\nContent-Type: application/ipp\r\n"
        b"Expect: 100-continue\r\nAuthorization: Basic !\r\nContent-Length: 1000000\r\n\r\n"
    )
    assert (await wire.response()).status == 401
    assert await running.spooler.jobs.list(JobQuery()) == []


class TestOffer:
    """As it is without any setting: strangers print, and who wants more is asked."""

    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"access": {"admin-from": []}}

    async def test_proof_is_asked_for_where_it_would_help(self, wire: Wire) -> None:
        assert (await wire.post(request(Op.CREATE_JOB))).ipp.code == Status.SUCCESSFUL_OK
        assert (await wire.post(request(Op.PAUSE_PRINTER))).status == 401
        assert (await wire.post(request(Op.PAUSE_PRINTER), basic("root"))).ipp.code == Status.SUCCESSFUL_OK

    async def test_without_users_nobody_is_asked(self, wire: Wire, running: Running) -> None:
        (running.state / "users.json").unlink()
        answer = await wire.post(request(Op.PAUSE_PRINTER))
        assert answer.ipp.code == Status.CLIENT_ERROR_NOT_AUTHORIZED
        assert (await wire.post(request(Op.PAUSE_PRINTER), basic("root"))).status == 403

    async def test_address_counts_neither_behind_a_proxy_nor_for_a_page(self, tmp_path: Path) -> None:
        door = Doorkeeper(Entry(("127.0.0.0/8",)), UserFile(tmp_path), (), Attempts(lambda: 0.0))
        for header, administers in ((b"accept", True), (b"origin", False), (b"x-forwarded-for", False)):
            scope = {"headers": [(header, b"x")], "client": ("127.0.0.1", 1)}
            ada = (await door.admit(scope)).principal("ada")
            assert (ada.name, ada.may(Right.ADMINISTER)) == ("ada", administers)


async def test_many_hashes_do_not_keep_others_waiting(wire: Wire, running: Running, tmp_path: Path) -> None:
    users = UserFile(running.state)
    checks = [asyncio.ensure_future(users.prove("alice", f"guess {n}")) for n in range(4)]
    answer = await wire.post(request(Op.GET_PRINTER_ATTRIBUTES, r.requested_attributes("printer-name")))
    assert answer.status == 200
    assert not all(check.done() for check in checks)
    assert await asyncio.gather(*checks) == [None] * 4


async def test_json_and_events_ask_for_the_same_proof_and_give_the_same_rights(wire: Wire) -> None:
    for path in ("/api/v1/jobs", "/api/v1/printers", "/api/v1/subscriptions", "/events"):
        answer = await get(wire, path, "Requesting-User-Name: carol")
        assert answer.status == 401
        assert answer.headers["www-authenticate"] == 'basic realm="pagebell", charset="utf-8"'
        assert answer.headers["content-type"] == "application/problem+json"
    assert (await get(wire, "/api/v1/jobs", basic("alice"))).status == 200
    assert (await get(wire, "/api/v1/jobs", basic("alice", "wrong"))).status == 401
    pause = "POST /api/v1/printers/PDF/pause HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n{}\r\n\r\n"
    for name, status in (("alice", 403), ("carol", 200)):
        await wire.send(pause.format(basic(name)).encode())
        assert (await wire.response()).status == status
