"""Get-Notifications that waits (RFC 3996 5.2 and 11), read by the standard library's HTTP client and MIME parser."""

from __future__ import annotations

import email.parser
import email.policy
import http.client
import socket
import threading
from urllib.parse import urlsplit

import pytest

from pagebell.ipp import SyncClient
from pagebell.ipp import registry as r
from pagebell.ipp.codec import Attribute, Group, GroupTag, Message, decode, encode
from pagebell.ipp.registry import Op, Status
from pagebell.testing import PrintServer, pdf
from tests.server import wait_for

USER = r.requesting_user_name("kim")


def octets(uri: str, op: Op, *attributes: Attribute, more: tuple[Group, ...] = ()) -> bytes:
    group = Group.of(
        GroupTag.OPERATION,
        r.attributes_charset("utf-8"),
        r.attributes_natural_language("en"),
        r.printer_uri(uri),
    )
    return encode(Message((2, 0), op, 7, [group.add(USER, *attributes), *more]))


def open_request(server: PrintServer, body: bytes, **headers: str) -> http.client.HTTPResponse:
    parts = urlsplit(server.uri)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    connection.request(
        "POST", parts.path, body, {"Content-Type": "application/ipp", "Connection": "close", **headers}
    )
    return connection.getresponse()


def subscribe(server: PrintServer, op: Op, *attributes: Attribute) -> int:
    template = Group.of(
        GroupTag.SUBSCRIPTION,
        r.notify_pull_method("ippget"),
        r.notify_events("job-state-changed", "job-progress", "job-completed"),
    )
    answer = decode(open_request(server, octets(server.uri, op, *attributes, more=(template,))).read())[0]
    number = answer.groups_of(GroupTag.SUBSCRIPTION)[0].get(r.notify_subscription_id)
    assert number is not None
    return number


def wait_on(server: PrintServer, *numbers: int) -> http.client.HTTPResponse:
    ids = r.notify_subscription_ids(*numbers)
    answer = open_request(server, octets(server.uri, Op.GET_NOTIFICATIONS, ids, r.notify_wait(True)))
    assert answer.headers.get_content_type() == "multipart/related"
    assert answer.headers.get_param("type") == "application/ipp"
    return answer


def parts_of(answer: http.client.HTTPResponse) -> list[Message]:
    """All parts of an answer that has come to its end, as the standard library takes them apart."""
    head = f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode()
    parser = email.parser.BytesParser(policy=email.policy.HTTP)
    whole = parser.parsebytes(head + answer.read())  # parse() would take a bare CR for a line's end
    assert not whole.defects
    messages = []
    for part in whole.iter_parts():
        assert part.get_content_type() == "application/ipp"
        message, used = decode(part.get_payload(decode=True))
        assert used == len(part.get_payload(decode=True))
        messages.append(message)
    return messages


def numbers_of(messages: list[Message]) -> list[int | None]:
    groups = [group for message in messages for group in message.groups_of(GroupTag.EVENT_NOTIFICATION)]
    return [group.get(r.notify_sequence_number) for group in groups]


def test_each_burst_is_a_part_until_the_job_is_done() -> None:
    with PrintServer("simulated://?ppm=6000&media=2") as server, SyncClient(server.uri, user="kim") as client:
        job = client.print_document(pdf(3))
        number = subscribe(server, Op.CREATE_JOB_SUBSCRIPTIONS, r.notify_job_id(job.id))
        answer = wait_on(server, number)
        wait_for(lambda: server.jobs()[0].impressions_completed == 2, "two pages")
        server.command("refill")
        messages = parts_of(answer)
    assert [message.request_id for message in messages] == [7] * len(messages)
    assert numbers_of(messages) == list(range(1, len(numbers_of(messages)) + 1))
    last = messages[-1].groups_of(GroupTag.EVENT_NOTIFICATION)[-1]
    assert last.get(r.notify_subscribed_event) == "job-completed"
    assert messages[-1].code == Status.SUCCESSFUL_OK_EVENTS_COMPLETE
    assert all(message.code == Status.SUCCESSFUL_OK for message in messages[:-1])
    assert all("notify-get-interval" not in message.groups[0] for message in messages)
    assert all("printer-up-time" in message.groups[0] for message in messages)


def test_pages_of_one_scope_have_nothing_else_in_them() -> None:
    with PrintServer() as server, SyncClient(server.uri, user="kim") as client:
        scopes = ("printer", "server", "printer", "server")
        made = [client.create_subscription("job-created", scope=scope).id for scope in scopes]
        of_all = [[one.id for one in client.subscriptions(limit=3, first=first)] for first in (1, 4)]
        assert of_all == [made[:3], made[3:]]
        of_server = [[one.id for one in client.subscriptions("server", limit=1, first=n)] for n in (1, 2, 3)]
        assert of_server == [[made[1]], [made[3]], []]


def test_client_of_the_first_http_gets_parts_until_the_connection_ends() -> None:
    with PrintServer() as server:
        number = subscribe(server, Op.CREATE_PRINTER_SUBSCRIPTIONS)
        asked = octets(
            server.uri, Op.GET_NOTIFICATIONS, r.notify_subscription_ids(number), r.notify_wait(True)
        )
        parts = urlsplit(server.uri)
        with socket.create_connection((parts.hostname, parts.port), timeout=30) as connection:
            head = f"POST {parts.path} HTTP/1.0\r\nContent-Type: application/ipp\r\n"
            connection.sendall(f"{head}Content-Length: {len(asked)}\r\n\r\n".encode() + asked)
            wait_for(lambda: server.waiting() == 1, "the client to wait")
            cancel = octets(server.uri, Op.CANCEL_SUBSCRIPTION, r.notify_subscription_id(number))
            open_request(server, cancel).read()
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            assert "transfer-encoding" not in answer.headers
            messages = parts_of(answer)
    assert [message.code for message in messages] == [
        Status.SUCCESSFUL_OK,
        Status.SUCCESSFUL_OK_EVENTS_COMPLETE,
    ]


def test_server_that_goes_down_says_when_to_come_back() -> None:
    with PrintServer() as server:
        answer = wait_on(server, subscribe(server, Op.CREATE_PRINTER_SUBSCRIPTIONS))
    messages = parts_of(answer)
    assert [message.code for message in messages] == [Status.SUCCESSFUL_OK] * 2
    assert "notify-get-interval" not in messages[0].groups[0]
    assert messages[1].groups[0].get(r.notify_get_interval) == 300


def test_wait_ends_when_the_subscription_is_cancelled() -> None:
    with PrintServer() as server:
        number = subscribe(server, Op.CREATE_PRINTER_SUBSCRIPTIONS)
        answer = wait_on(server, number)
        cancel = octets(server.uri, Op.CANCEL_SUBSCRIPTION, r.notify_subscription_id(number))
        assert decode(open_request(server, cancel).read())[0].code == Status.SUCCESSFUL_OK
        assert parts_of(answer)[-1].code == Status.SUCCESSFUL_OK_EVENTS_COMPLETE


def test_who_does_not_wait_is_told_when_to_come_back() -> None:
    with PrintServer() as server:
        number = subscribe(server, Op.CREATE_PRINTER_SUBSCRIPTIONS)
        ask = octets(server.uri, Op.GET_NOTIFICATIONS, r.notify_subscription_ids(number))
        message = decode(open_request(server, ask).read())[0]
    interval = message.groups[0].get(r.notify_get_interval)
    assert interval == 300  # no shorter than ippget-event-life (RFC 3996 5.2.1)


@pytest.mark.parametrize("farewell", [True, False])
def test_client_that_vanishes_frees_its_place_at_once(farewell: bool) -> None:
    """Whether it closes the connection or its computer resets it; and others wait on."""
    with PrintServer() as server:
        number = subscribe(server, Op.CREATE_PRINTER_SUBSCRIPTIONS)
        other = wait_on(server, number)
        asked = octets(
            server.uri, Op.GET_NOTIFICATIONS, r.notify_subscription_ids(number), r.notify_wait(True)
        )
        parts = urlsplit(server.uri)
        connection = socket.create_connection((parts.hostname, parts.port), timeout=30)
        head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/ipp\r\n"
        connection.sendall(f"{head}Content-Length: {len(asked)}\r\n\r\n".encode() + asked)
        wait_for(lambda: server.waiting() == 2, "both to wait")
        if not farewell:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.close()
        wait_for(lambda: server.waiting() == 1, "the place to be free", 5)
        other.close()
        wait_for(lambda: server.waiting() == 0, "the other's place to be free", 5)


LIBCUPS = {"User-Agent": "ipptool/2.4.2 CUPS/2.4.2 (Linux; x86_64) IPP/2.0"}
"""It takes the first octets of an answer in parts for those of a message: "Unable to read response."."""


def test_libcups_gets_the_first_events_in_a_plain_answer_and_is_told_when_to_come_back() -> None:
    with PrintServer() as server, SyncClient(server.uri, user="kim") as client:
        number = subscribe(server, Op.CREATE_PRINTER_SUBSCRIPTIONS)
        ids = r.notify_subscription_ids(number)
        ask = octets(server.uri, Op.GET_NOTIFICATIONS, ids, r.notify_wait(True))
        answers: list[Message] = []

        def wait() -> None:
            answer = open_request(server, ask, **LIBCUPS)
            assert answer.headers.get_content_type() == "application/ipp"
            answers.append(decode(answer.read())[0])

        thread = threading.Thread(target=wait)
        thread.start()
        wait_for(lambda: server.waiting() == 1, "the client to wait")
        client.print_document(pdf(1))
        thread.join(20)
    assert numbers_of(answers)[0] == 1
    assert answers[0].groups[0].get(r.notify_get_interval) == 300  # Event Wait Mode is left: RFC 3996 5.2


def test_libcups_client_that_vanishes_frees_its_place() -> None:
    with PrintServer() as server:
        ids = r.notify_subscription_ids(subscribe(server, Op.CREATE_PRINTER_SUBSCRIPTIONS))
        ask = octets(server.uri, Op.GET_NOTIFICATIONS, ids, r.notify_wait(True))
        parts = urlsplit(server.uri)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        connection.request("POST", parts.path, ask, {"Content-Type": "application/ipp", **LIBCUPS})
        wait_for(lambda: server.waiting() == 1, "the client to wait")
        connection.close()
        wait_for(lambda: server.waiting() == 0, "the place to be free")
