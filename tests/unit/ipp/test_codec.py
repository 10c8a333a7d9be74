"""The IPP codec against recorded messages, against itself, and against nonsense (RFC 8010)."""

import struct
import tomllib
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagebell.ipp.codec import (
    Attribute,
    CodecError,
    Collection,
    Fault,
    Group,
    GroupTag,
    IntRange,
    LangString,
    Limits,
    Message,
    MessageReader,
    Resolution,
    Tag,
    Value,
    decode,
    encode,
    encode_attribute,
    encode_message_parts,
)

VECTORS = [
    pytest.param(bytes.fromhex(vector["octets"]), id=vector["name"])
    for vector in tomllib.loads((Path(__file__).parents[2] / "data/ipp_vectors.toml").read_text())["vector"]
]
HEADER = bytes.fromhex("0200 0002 00000007")


def one(tag: int, name: bytes, value: bytes) -> bytes:
    """An attribute with one value."""
    return struct.pack(">BH", tag, len(name)) + name + struct.pack(">H", len(value)) + value


def request(*records: bytes) -> bytes:
    """A message with one group of these records."""
    return HEADER + b"\x01" + b"".join(records) + b"\x03"


@pytest.mark.parametrize("octets", VECTORS)
def test_recorded_message_encodes_to_the_octets_it_came_from(octets: bytes) -> None:
    message, consumed = decode(octets)
    assert encode(message) == octets[:consumed]


@pytest.mark.parametrize("octets", VECTORS)
def test_recorded_message_is_the_same_octet_by_octet_and_with_data_behind_it(octets: bytes) -> None:
    whole, consumed = decode(octets)
    reader = MessageReader()
    for position in range(consumed - 1):
        assert reader.feed(octets[position : position + 1]) is None
    assert reader.feed(octets[consumed - 1 : consumed] + b"%PDF") == whole
    assert reader.rest == b"%PDF"
    assert decode(octets[:consumed] + b"%PDF") == (whole, consumed)


@pytest.mark.parametrize("octets", VECTORS)
def test_recorded_message_cut_anywhere_is_an_error(octets: bytes) -> None:
    consumed = decode(octets)[1]
    for size in range(0, consumed, 1 if consumed < 1000 else 97):
        with pytest.raises(CodecError):
            decode(octets[:size])


def test_what_the_printer_answered_reads_as_python_values() -> None:
    octets = next(p.values[0] for p in VECTORS if p.id == "print-job-from-ipptool")
    assert isinstance(octets, bytes)
    message, consumed = decode(octets)
    assert octets[consumed:] == b"hello\n"
    job = message.group(GroupTag.JOB)
    assert job is not None
    values = {name: attribute.values[0].data for name, attribute in job.attributes.items()}
    assert values["printer-resolution"] == Resolution(600, 600, 3)
    assert [value.data for value in job.attributes["page-ranges"].values] == [IntRange(1, 2), IntRange(4, 4)]
    assert isinstance(media := values["media-col"], Collection)
    assert isinstance(size := media["media-size"].values[0].data, Collection)
    assert size["x-dimension"].values[0] == Value(Tag.INTEGER, 21000)


names = st.from_regex(r"[a-z][a-z0-9-]{0,30}", fullmatch=True)
text = st.text(st.characters(codec="utf-8"), max_size=60)
int32 = st.integers(-(2**31), 2**31 - 1)
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(timezones=zones).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 100_000 * 100_000, fold=0)
)


def value_of(tags: tuple[Tag, ...], data: st.SearchStrategy[Any]) -> st.SearchStrategy[Value]:
    return st.builds(Value, st.sampled_from(tags), data)


plain_values = st.one_of(
    value_of((Tag.INTEGER, Tag.ENUM), int32),
    value_of((Tag.BOOLEAN,), st.booleans()),
    value_of((Tag.OCTET_STRING,), st.binary(max_size=60)),
    value_of((Tag.EXTENSION,), st.binary(min_size=4, max_size=60)),
    st.builds(Value, st.sampled_from([0x11, 0x2A, 0x3F, 0x5F, 0x60, 0xFE]), st.binary(max_size=9)),
    value_of((Tag.DATE_TIME,), moments),
    value_of((Tag.RESOLUTION,), st.builds(Resolution, int32, int32, st.integers(-128, 127))),
    value_of((Tag.RANGE,), st.builds(IntRange, int32, int32)),
    value_of((Tag.TEXT_LANG, Tag.NAME_LANG), st.builds(LangString, text, st.just("fr-ca"))),
    value_of((Tag.TEXT, Tag.NAME, Tag.URI, Tag.KEYWORD, Tag.MIME, Tag.CHARSET, Tag.LANGUAGE), text),
    value_of((Tag.UNSUPPORTED, Tag.UNKNOWN, Tag.NO_VALUE, Tag.DELETE_ATTRIBUTE), st.none()),
)


def attributes(values: st.SearchStrategy[Value]) -> st.SearchStrategy[Attribute]:
    return st.builds(Attribute, names, st.lists(values, min_size=1, max_size=4).map(tuple))


values = st.recursive(
    plain_values,
    lambda inner: st.lists(attributes(inner), max_size=3).map(
        lambda members: Value(Tag.BEGIN_COLLECTION, Collection.of(*members))
    ),
    max_leaves=6,
)
groups = st.builds(
    lambda tag, members: Group.of(tag, *members),
    st.sampled_from([GroupTag(tag) for tag in range(1, 16) if tag != 3]),
    st.lists(attributes(values), max_size=4),
)
messages = st.builds(
    Message,
    st.tuples(st.integers(0, 255), st.integers(0, 255)),
    st.integers(0, 0xFFFF),
    int32,
    st.lists(groups, max_size=4),
)


@given(messages, st.binary(max_size=8))
def test_what_was_encoded_decodes_to_the_same(message: Message, data: bytes) -> None:
    octets = encode(message)
    assert decode(octets + data) == (message, len(octets))
    assert "\n" not in str(message)


@given(st.binary(max_size=400))
def test_random_octets_give_a_message_or_a_codec_error(octets: bytes) -> None:
    for data in (octets, HEADER + b"\x01" + octets, HEADER + b"\x01\x34\0\1a\0\0" + octets):
        reader, found = MessageReader(), None
        try:
            found = decode(data)[0]
        except CodecError as error:
            line = str(error)
            assert "octet" in line
        try:
            assert reader.feed(data) == found
        except CodecError:
            assert found is None


@given(st.data())
def test_a_changed_octet_of_a_real_message_is_harmless(data: st.DataObject) -> None:
    octets = bytearray(data.draw(st.sampled_from([p.values[0] for p in VECTORS[:12]])))
    position = data.draw(st.integers(8, len(octets) - 1))
    octets[position] = data.draw(st.integers(0, 255))
    try:
        message, consumed = decode(bytes(octets))
    except CodecError:
        return
    assert encode(message) == octets[:consumed]


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"", "header"),
        (HEADER, "message ends"),
        (HEADER + b"\x00\x03", "reserved delimiter"),
        (HEADER + one(0x21, b"a", bytes(4)) + b"\x03", "before any group"),
        (request(one(0x21, b"a", bytes(3))), "3 octets instead of 4"),
        (request(one(0x23, b"a", bytes(5))), "5 octets instead of 4"),
        (request(one(0x22, b"a", b"\x02")), "boolean is 0x02"),
        (request(one(0x22, b"a", b"\0\0")), "2 octets instead of 1"),
        (request(one(0x33, b"a", bytes(7))), "7 octets instead of 8"),
        (request(one(0x32, b"a", bytes(8))), "8 octets instead of 9"),
        (request(one(0x31, b"a", bytes(10))), "10 octets instead of 11"),
        (request(one(0x31, b"a", bytes.fromhex("07e8 0d 01 00 00 00 00 2b 00 00"))), "month"),
        (request(one(0x31, b"a", bytes.fromhex("07e8 01 01 00 00 00 00 2a 00 00"))), "out of range"),
        (request(one(0x35, b"a", b"\0\2en\0\3ab")), "do not add up"),
        (request(one(0x36, b"a", b"\0")), "do not add up"),
        (request(one(0x41, b"a", b"\xff")), "invalid UTF-8"),
        (request(one(0x44, b"\xc3\xa9", b"x")), "not ASCII"),
        (request(one(0x13, b"a", b"x")), "1 octets instead of 0"),
        (request(one(0x7F, b"a", b"abc")), "four octets"),
        (request(one(0x44, b"", b"x")), "without an attribute"),
        (request(one(0x44, b"a", b"x"), one(0x44, b"b", b"x"), one(0x44, b"a", b"y")), "twice"),
        (request(one(0x37, b"", b"")), "not begun"),
        (request(one(0x4A, b"", b"x")), "without an attribute"),
        (request(one(0x4A, b"a", b"x")), "outside a collection"),
        (request(one(0x34, b"a", b"x")), "instead of 0"),
        (request(one(0x34, b"a", b"")), "where a member's name"),
        (request(one(0x34, b"a", b""), one(0x21, b"", bytes(4))), "where a member's name"),
        (request(one(0x34, b"a", b""), one(0x4A, b"", b"m"), one(0x37, b"", b"")), "without a value"),
        (request(one(0x34, b"a", b""), one(0x4A, b"", b""), one(0x37, b"", b"")), "empty member name"),
        (request(one(0x34, b"a", b""), one(0x37, b"", b"x")), "has a value"),
        (
            request(one(0x34, b"a", b""), *[one(0x4A, b"", b"m"), one(0x21, b"", bytes(4))] * 2),
            "member occurs twice",
        ),
        (HEADER + b"\x01\x44\x80\x00" + bytes(0x8002) + b"\x03", "negative length"),
        (HEADER + b"\x01\x44\x00\x01a\x80\x00" + bytes(0x8000) + b"\x03", "negative length"),
    ],
)
def test_malformed_message_is_an_error(octets: bytes, words: str) -> None:
    with pytest.raises(CodecError, match=words) as caught:
        decode(octets)
    assert caught.value.kind is Fault.BAD_REQUEST
    assert 0 <= caught.value.offset <= len(octets)
    if len(octets) >= 8:
        assert (caught.value.version, caught.value.code, caught.value.request_id) == ((2, 0), 2, 7)


def test_error_tells_where_it_is() -> None:
    octets = request(
        one(0x34, b"media-col", b""),
        one(0x4A, b"", b"media-size"),
        one(0x34, b"", b""),
        one(0x4A, b"", b"x-dimension"),
        one(0x21, b"", bytes(4)),
        one(0x21, b"", bytes(3)),
    )
    with pytest.raises(CodecError) as caught:
        decode(octets)
    assert caught.value.path == "group 1 'media-col'[0] member 'media-size'[0] member 'x-dimension'[1]"


@pytest.mark.parametrize(("charset", "kind"), [(b"iso-8859-1", Fault.CHARSET), (b"utf-8", Fault.BAD_REQUEST)])
def test_text_in_a_charset_that_we_do_not_have_is_told_apart(charset: bytes, kind: Fault) -> None:
    octets = request(one(0x47, b"attributes-charset", charset), one(0x42, b"job-name", b"caf\xe9"))
    with pytest.raises(CodecError) as caught:
        decode(octets)
    assert caught.value.kind is kind


def nested(depth: int) -> bytes:
    inner = one(0x4A, b"", b"m") + one(0x34, b"", b"")
    return request(one(0x34, b"a", b""), inner * (depth - 1), one(0x37, b"", b"") * depth)


@pytest.mark.parametrize(
    ("octets", "limits"),
    [
        (request(one(0x41, b"a", bytes(100))), Limits(octets=64)),
        (request(one(0x41, b"a", b"x")), Limits(octets=16)),
        (request(*[one(0x21, b"a%d" % n, bytes(4)) for n in range(5)]), Limits(attributes=4)),
        (
            request(
                one(0x34, b"a", b""), one(0x4A, b"", b"m"), one(0x21, b"", bytes(4)), one(0x37, b"", b"")
            ),
            Limits(attributes=1),
        ),
        (request(one(0x21, b"a", bytes(4)), one(0x21, b"", bytes(4)) * 4), Limits(values=4)),
        (HEADER + b"\x01\x02\x02\x02\x03", Limits(groups=3)),
        (nested(5), Limits(depth=4)),
        (nested(5000), Limits()),
    ],
)
def test_what_is_beyond_a_limit_is_too_large(octets: bytes, limits: Limits) -> None:
    with pytest.raises(CodecError) as caught:
        decode(octets, limits)
    assert caught.value.kind is Fault.TOO_LARGE
    with pytest.raises(CodecError) as caught:
        MessageReader(limits).feed(octets)
    assert caught.value.kind is Fault.TOO_LARGE


def test_document_data_does_not_count_against_the_limit() -> None:
    octets = request(one(0x21, b"a", bytes(4)))
    reader = MessageReader(Limits(octets=len(octets)))
    assert reader.feed(octets + bytes(1000)) is not None
    assert reader.rest == bytes(1000)
    with pytest.raises(ValueError, match="complete"):
        reader.feed(b"x")


def test_reader_says_when_the_end_came_too_early() -> None:
    reader = MessageReader()
    reader.feed(HEADER + b"\x01")
    with pytest.raises(CodecError, match="message ends") as caught:
        reader.finish()
    assert caught.value.request_id == 7


def test_attribute_name_longer_than_a_keyword_is_too_long() -> None:
    with pytest.raises(CodecError) as caught:
        decode(request(one(0x21, b"a" * 256, bytes(4))))
    assert caught.value.kind is Fault.VALUE_TOO_LONG


def test_group_of_the_future_and_unknown_syntax_are_kept() -> None:
    octets = HEADER + b"\x01\x0d" + one(0x2F, b"a", b"xyz") + b"\x03"
    message = decode(octets)[0]
    assert message.groups[1].tag.name == "FUTURE_0D"
    assert message.groups[1].attributes["a"].values == (Value(0x2F, b"xyz"),)
    assert encode(message) == octets
    assert GroupTag(0x0D) is message.groups[1].tag
    with pytest.raises(ValueError):
        GroupTag(0x10)


def test_leap_second_becomes_the_second_before_it() -> None:
    octets = request(one(0x31, b"a", bytes.fromhex("07e0 0c 1f 17 3b 3c 00 2b 00 00")))
    value = decode(octets)[0].groups[0].attributes["a"].values[0]
    assert value.data == datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        Value(Tag.INTEGER, 2**31),
        Value(Tag.INTEGER, "1"),
        Value(Tag.NO_VALUE, "x"),
        Value(Tag.KEYWORD, 5),
        Value(Tag.TEXT, "x" * 32768),
        Value(Tag.DATE_TIME, datetime(2024, 1, 1)),
        Value(Tag.TEXT_LANG, "x"),
        Value(300, b""),
    ],
)
def test_data_that_do_not_fit_their_tag_are_not_encoded(value: Value) -> None:
    with pytest.raises(ValueError, match="'job-name'"):
        encode_attribute(Attribute("job-name", (value,)))


def test_message_of_fragments_is_the_message() -> None:
    message = Message((2, 0), 0, 1, [Group.of(GroupTag.JOB, Attribute("a", (Value(Tag.INTEGER, 1),)))])
    fragments = [(group.tag, map(encode_attribute, group.attributes.values())) for group in message.groups]
    assert encode_message_parts((2, 0), 0, 1, fragments) == encode(message)


def test_log_line_is_short_and_keeps_secrets() -> None:
    job = Group.of(
        GroupTag.OPERATION,
        Attribute("job-password", (Value(Tag.OCTET_STRING, b"1234"),)),
        Attribute("document-password", (Value(Tag.OCTET_STRING, b"1234"),)),
        Attribute("auth-info", (Value(Tag.TEXT, "hunter2"),)),
        Attribute("job-name", (Value(Tag.NAME, "a\r\nb"),)),
        Attribute("notify-user-data", (Value(Tag.OCTET_STRING, b"abc"),)),
        Attribute("message", (Value(Tag.TEXT, "x" * 500),)),
    )
    line = str(Message((2, 0), 2, 1, [job]))
    assert line.startswith(
        "IPP/2.0 0x0002 #1 [operation job-password=*** document-password=*** auth-info=***"
    )
    assert "1234" not in line
    assert "hunter2" not in line
    assert "notify-user-data=<3 octets>" in line
    assert "job-name='a\\r\\nb'" in line
    assert len(line) < 300


def test_text_with_a_language_equals_plain_text_but_not_the_text_in_another() -> None:
    assert LangString("chat", "fr") == "chat"
    assert LangString("chat", "fr") != LangString("chat", "en")
    assert hash(LangString("chat", "fr")) == hash("chat")


def test_attribute_without_a_value_cannot_be() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Attribute("a", ())
