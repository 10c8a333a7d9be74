"""Messages in a multipart stream come out as soon as they are whole, however the octets come in."""

from __future__ import annotations

import pytest

from pagebell.ipp.codec import CodecError, encode
from pagebell.ipp.multipart import MAX_HEADER, MultipartReader, boundary_of
from pagebell.ipp.registry import JobState
from tests.scripted import answer, event

FIRST, SECOND = answer(event(1, JobState.PROCESSING)), answer(event(2, JobState.COMPLETED))
HEAD = b"--b\r\nContent-Type: application/ipp\r\n\r\n"
STREAM = b"preamble\r\n" + HEAD + encode(FIRST) + b"\r\n" + HEAD + encode(SECOND) + b"\r\n--b--\r\ntrailer"


def test_whole_stream_gives_all_messages() -> None:
    reader = MultipartReader(b"b")
    assert reader.feed(STREAM) == [FIRST, SECOND]
    assert reader.finished


def test_octet_by_octet_gives_the_same() -> None:
    reader = MultipartReader(b"b")
    found = [message for octet in STREAM for message in reader.feed(bytes((octet,)))]
    assert found == [FIRST, SECOND]


def test_message_is_not_held_back_until_the_next_boundary() -> None:
    reader = MultipartReader(b"b")
    assert reader.feed(HEAD + encode(FIRST)) == [FIRST]
    assert not reader.finished


def test_endless_header_is_refused() -> None:
    reader = MultipartReader(b"b")
    with pytest.raises(CodecError, match="no part begins"):
        reader.feed(bytes(MAX_HEADER + 1))


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ('multipart/related; boundary="a b"', b"a b"),
        ("multipart/related; boundary=x; type=application/ipp", b"x"),
        ("multipart/related", None),
        ("application/ipp", None),
        ("", None),
    ],
)
def test_boundary_of_a_content_type(content_type: str, boundary: bytes | None) -> None:
    assert boundary_of(content_type) == boundary
