"""IPP requests for tests, and a plain client for them that shares nothing with ours but the codec."""

from __future__ import annotations

import http.client
from collections.abc import Iterable
from itertools import count
from types import TracebackType
from typing import Any, Self

from pagebell.ipp import registry as r
from pagebell.ipp.codec import Attribute, Group, GroupTag, Message, decode, encode
from pagebell.ipp.registry import Op

_numbers = count(1)


def build(
    op: int, uri: str | None, *attributes: Attribute, groups: Iterable[Group] = (), user: str = "ada"
) -> Message:
    """A request of `user` to what `uri` names: a job behind /jobs/, the server at /ipp/system, else a printer."""
    head = [r.attributes_charset("utf-8"), r.attributes_natural_language("en")]
    if uri is not None:
        target = r.job_uri if "/jobs/" in uri else r.system_uri if uri.endswith("/system") else r.printer_uri
        head.append(target(uri))
    head += [r.requesting_user_name(user), *attributes]
    return Message((2, 0), op, next(_numbers), [Group.of(GroupTag.OPERATION, *head), *groups])


def job_group(*attributes: Attribute) -> Group:
    """A job attributes group."""
    return Group.of(GroupTag.JOB, *attributes)


def subscription_group(*attributes: Attribute) -> Group:
    """What to be told of."""
    return Group.of(GroupTag.SUBSCRIPTION, r.notify_pull_method("ippget"), *attributes)


class Asker:
    """One kept-alive connection to a server."""

    def __init__(self, authority: str, timeout: float = 30) -> None:
        self.authority = authority
        host, _, port = authority.rpartition(":")
        self.http = http.client.HTTPConnection(host, int(port), timeout=timeout)
        self.asked: list[int] = []
        """The numbers of its requests."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()

    def uri(self, path: str) -> str:
        """A URI on the server."""
        return f"ipp://{self.authority}{path}"

    def post(self, body: Any, path: str = "/ipp/print", **headers: str) -> Message:
        """Send octets, or chunks of them; returns the IPP answer."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        self.http.request("POST", path, body, {"Content-Type": "application/ipp", **given})
        answer = self.http.getresponse()
        octets = answer.read()
        assert answer.status == 200, (answer.status, octets)
        assert answer.getheader("Content-Type") == "application/ipp"
        message, end = decode(octets)
        assert end == len(octets)
        return message

    def ask(
        self,
        op: Op,
        *attributes: Attribute,
        path: str = "/ipp/print",
        groups: Iterable[Group] = (),
        data: bytes = b"",
        user: str = "ada",
    ) -> Message:
        """Do an operation on what is at `path`."""
        request = build(op, self.uri(path), *attributes, groups=groups, user=user)
        self.asked.append(request.request_id)
        answer = self.post(encode(request) + data)
        assert answer.request_id == request.request_id
        return answer


def job_id(answer: Message) -> int:
    """The job that an answer tells of."""
    group = answer.group(GroupTag.JOB)
    assert group is not None, answer
    number = group.get(r.job_id)
    assert number is not None, answer
    return number
