"""AsyncUI messages: XML both ways, what is refused, and how they read."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagebell.winspool.asyncui import (
    CANCEL,
    OK,
    Action,
    Balloon,
    Bitmap,
    Button,
    CustomData,
    CustomUI,
    CustomUIReply,
    EntryPoint,
    MessageBox,
    MessageBoxReply,
    Parameter,
    Request,
    Response,
    Text,
    wants_answer,
)
from pagebell.winspool.asyncui_strings import LANGUAGES, label, lookup, words
from pagebell.winspool.asyncui_xml import (
    MOST_CHARACTERS,
    REQUESTS,
    RESPONSES,
    AsyncUIError,
    read_request,
    read_response,
    write_request,
    write_response,
)

ENTRY = EntryPoint("driver.dll", "Show")
REQUESTS_MADE: list[Request] = [
    Balloon(Text("Paper"), (Text("Tray 2 is empty"),)),
    Balloon(
        Text(string_id=103),
        (Text(string_id=104, parameters=(Parameter(printer_name=True),)), Text("And <more> & more")),
        Action(ENTRY, "argument"),
        icon_id=7,
        resource="driver.dll",
    ),
    MessageBox(
        Text(string_id=1100),
        (Text("%1 of %2", parameters=(Parameter("one"), Parameter("many", 2000, "x.dll"))),),
        (Button(OK), Button(CANCEL), Button(-3, 102, "driver.dll")),
        Bitmap(5, "driver.dll"),
    ),
    CustomUI(ENTRY, True, "Grüße 🖨"),
    CustomUI(ENTRY, False),
    CustomData(ENTRY, True, b"\0\1\0\0\0binary"),
    CustomData(ENTRY, False),
]


@pytest.mark.parametrize("request_", REQUESTS_MADE, ids=lambda r: type(r).__name__)
def test_request_reads_as_it_was_written(request_: Request) -> None:
    assert read_request(write_request(request_)) == request_


@pytest.mark.parametrize("response", [MessageBoxReply(4), MessageBoxReply(-1), CustomUIReply("yes & <no>")])
def test_response_reads_as_it_was_written(response: Response) -> None:
    assert read_response(write_response(response)) == response


@given(st.text(min_size=1))
def test_any_text_survives_or_loses_only_what_xml_can_not_say(text: str) -> None:
    legal = re.sub("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)
    got = read_response(write_response(CustomUIReply(text)))
    assert got == CustomUIReply(legal.replace("\r\n", "\n").replace("\r", "\n"))


def document(root: str, namespace: str, inner: str) -> bytes:
    return f'<{root} xmlns="{namespace}"><v1>{inner}</v1></{root}>'.encode("utf-16-le")


def request(inner: str, namespace: str = REQUESTS) -> bytes:
    return document("asyncPrintUIRequest", namespace, f"<requestOpen>{inner}</requestOpen>")


def response(inner: str) -> bytes:
    return document("asyncPrintUIResponse", RESPONSES, f"<requestClose>{inner}</requestClose>")


def test_example_of_the_specification_in_one_direction() -> None:
    """[MS-PAN] 4.2: all words are in the driver's file."""
    octets = (
        '<?xml version="1.0" ?>\n<asyncPrintUIRequest xmlns=\n"' + REQUESTS + '">\n<v1>\n<requestOpen>\n'
        '<balloonUI iconID="1" resourceDll="IHV.dll">\n<title stringID="1234" resourceDll="IHV.dll" />\n'
        '<body stringID="100" resourceDll="IHV.dll" />\n</balloonUI>\n</requestOpen>\n</v1>\n</asyncPrintUIRequest>'
    ).encode("utf-16-le")
    assert read_request(octets) == Balloon(
        Text(string_id=1234, resource="IHV.dll"),
        (Text(string_id=100, resource="IHV.dll"),),
        icon_id=1,
        resource="IHV.dll",
    )


def test_example_of_the_specification_in_two_directions() -> None:
    """[MS-PAN] 4.4: a box with two buttons of the driver's, of which the second is chosen."""
    octets = request(
        '<messageBoxUI><title stringID="100" resourceDll="IHV.dll" /><body stringID="101" resourceDll="IHV.dll" />'
        '<buttons><button stringID="102" resourceDll="IHV.dll" buttonID="3"/>'
        '<button stringID="103" resourceDll="IHV.dll" buttonID="4"/></buttons></messageBoxUI>'
    )
    box = read_request(octets)
    assert isinstance(box, MessageBox)
    assert [button.answer for button in box.buttons] == [3, 4]
    reply = response("<messageBoxUI><buttonID>4</buttonID></messageBoxUI >")
    assert read_response(reply) == MessageBoxReply(4)


@pytest.mark.parametrize(
    ("inner", "meant"),
    [
        # [MS-PAN] 3.2.3.4.1, one by one
        ("<BALLOONui><TITLE>a</TITLE><Body>b</Body></BALLOONui>", Balloon(Text("a"), (Text("b"),))),
        ("<balloonUI><body>b</body><title>a</title></balloonUI>", Balloon(Text("a"), (Text("b"),))),
        ('<balloonUI colour="red"><title size="9">a</title></balloonUI>', Balloon(Text("a"), ())),
        ('<balloonUI iconID="12abc"><title>a</title></balloonUI>', Balloon(Text("a"), (), icon_id=12)),
        ('<balloonUI iconID="abc"><title>a</title></balloonUI>', Balloon(Text("a"), (), icon_id=0)),
        ('<customUI dll="d" entrypoint="e" bidi="TRUE"/>', CustomUI(EntryPoint("d", "e"), True)),
        ('<customUI dll="d" entrypoint="e" bidi="perhaps"/>', CustomUI(EntryPoint("d", "e"), False)),
        (
            '<messageBoxUI><title>a</title><buttons><button buttonID="idok" stringID="9"/></buttons></messageBoxUI>',
            MessageBox(Text("a"), (), (Button(OK),)),
        ),
    ],
)
def test_what_a_client_takes_although_the_schema_does_not(inner: str, meant: Request) -> None:
    assert read_request(request(inner)) == meant


BOX = "<messageBoxUI><title>a</title><buttons>{}</buttons></messageBoxUI>"


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"", "not well formed"),
        (b"\xff", "no UTF-16"),
        ("\ud800".encode("utf-16-le", "surrogatepass"), "no UTF-16"),
        ("<a>".encode("utf-16-le"), "not well formed"),
        ("<a/>".encode("utf-16-le"), "the document is a foreign a"),
        (request("<balloonUI><title>a</title></balloonUI>", "http://example.org/"), "foreign"),
        (f'<asyncPrintUIRequest xmlns="{REQUESTS}"><v2/></asyncPrintUIRequest>'.encode("utf-16-le"), "0 times v1"),
        (request(""), "0 elements"),
        (request("<balloonUI/><balloonUI/>"), "2 elements"),
        (request("<surprise/>"), "nothing that can be shown"),
        (request("<balloonUI/>"), "0 times title"),
        (request("<balloonUI><title/></balloonUI>"), "needs words"),
        (request('<balloonUI><title stringID="1">a</title></balloonUI>'), "both a stringID and text"),
        (request("<balloonUI><title>a<parameter>b</parameter>c</title></balloonUI>"), "text behind a parameter"),
        (request('<balloonUI><title>a<parameter type="Job"/></title></balloonUI>'), "of type Job"),
        (request("<balloonUI><title>a<parameter/></title></balloonUI>"), "without a value"),
        (request("<balloonUI><title>a</title><b/></balloonUI>"), "b in balloonui"),
        (request('<customUI entrypoint="e" bidi="true"/>'), "lacks 'dll'"),
        (request(r'<customUI dll="..\evil" entrypoint="e" bidi="true"/>'), "no name of a driver's file"),
        (request(BOX.format("")), "one to 5 buttons"),
        (request(BOX.format('<button buttonID="IDOK"/>' * 6)), "6 buttons"),
        (request(BOX.format("<button/>")), "without a buttonID"),
        (request(BOX.format('<button buttonID="3"/>')), "needs the number of its text"),
        (b"x\0" * (MOST_CHARACTERS + 1), "more than"),
    ],
)  # fmt: skip
def test_request_that_makes_no_sense_is_refused(octets: bytes, why: str) -> None:
    with pytest.raises(AsyncUIError, match=re.escape(why)):
        read_request(octets)


@pytest.mark.parametrize(
    "document",
    [
        "<!DOCTYPE asyncPrintUIResponse><asyncPrintUIResponse/>",
        '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        '<!DOCTYPE a SYSTEM "http://example.org/a.dtd"><a/>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    ],
)
def test_document_types_and_entities_are_refused(document: str) -> None:
    for read in (read_request, read_response):
        with pytest.raises(AsyncUIError, match="document type or an entity"):
            read(document.encode("utf-16-le"))


@pytest.mark.parametrize(
    ("inner", "why"),
    [("<messageBoxUI/>", "0 times buttonid"), ("<other/>", "no answer"), ("", "0 elements")],
)
def test_response_that_makes_no_sense_is_refused(inner: str, why: str) -> None:
    with pytest.raises(AsyncUIError, match=why):
        read_response(response(inner))


def test_binary_data_behind_the_document_is_the_drivers_own() -> None:
    """[MS-PAN] 2.2.7.7. The letter before the terminator has a zero octet too."""
    octets = write_request(CustomData(ENTRY, False, b"\0\0\1"))
    assert octets.endswith(b">\0\0\0\0\0\1")
    wide = request('<customData dll="Ā" entrypoint="e" bidi="false"/>') + b"\0\0" + b"tail"
    assert read_request(wide) == CustomData(EntryPoint("Ā", "e"), False, b"tail")


def test_which_requests_want_an_answer() -> None:
    assert [wants_answer(made) for made in REQUESTS_MADE] == [False, False, True, True, False, True, False]


# --- words ---


def tags(text: str) -> set[str]:
    return set(re.findall(r"%[1-9]", text))


def test_every_language_has_every_text_with_the_same_parameters() -> None:
    english = LANGUAGES["en"]
    for language, strings in LANGUAGES.items():
        assert strings.keys() == english.keys(), language
        for number, text in strings.items():
            assert tags(text) == tags(english[number]), (language, number)


def test_numbers_and_parameters_are_those_of_the_specification() -> None:
    """[MS-PAN] 2.2.6: how many texts there are, and which have parameters."""
    english = LANGUAGES["en"]
    with_parameters = {number: len(tags(text)) for number, text in english.items() if tags(text)}
    assert len(english) == 128
    assert with_parameters == (
        {102: 4, 106: 4, 1502: 1, 1503: 2, 2601: 1, 2602: 1, 2702: 2}
        | dict.fromkeys(range(104, 133, 2), 1)
        | {106: 4}
        | dict.fromkeys(range(1000, 1006), 1)
    )


def test_words_have_their_parameters() -> None:
    text = Text(string_id=104, parameters=(Parameter(printer_name=True),))
    assert words(text, lookup("en"), "Office") == "“Office” has no paper left."
    assert words(text, lookup("de-AT"), "Büro") == "„Büro“ hat kein Papier mehr."
    assert words(text, lookup("xx"), "Office").startswith("“Office”")
    colour = Text("%2, %1!d!, %3", parameters=(Parameter("5"), Parameter(string_id=2003)))
    assert words(colour, lookup(), "") == "Black, 5, %3"


def test_words_of_a_driver_that_nobody_has_are_named() -> None:
    assert words(Text(string_id=9, resource="IHV.dll"), lookup()) == "(message 9 of IHV.dll)"
    assert words(Text(string_id=99999), lookup()) == "(message 99999)"
    given_too = Parameter("plain", 9, "IHV.dll")
    assert words(Text("%1", parameters=(given_too,)), lookup()) == "plain"


def test_parameters_are_not_searched_for_parameters() -> None:
    text = Text("%1 %2", parameters=(Parameter("%2"), Parameter("b")))
    assert words(text, lookup()) == "%2 b"


def test_buttons_have_labels() -> None:
    german = lookup("de")
    assert [label(Button(OK), german), label(Button(CANCEL), german)] == ["OK", "Abbrechen"]
    assert label(Button(3, 2700), german) == "Ihr Dokument ist gedruckt."


def test_what_is_written_is_escaped() -> None:
    octets = write_request(Balloon(Text("<&>"), ()))
    assert escape("<&>") in octets.decode("utf-16-le")
