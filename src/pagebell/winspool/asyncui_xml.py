"""AsyncUI as XML in UTF-16LE, written and read. [MS-PAN] 2.2.7

Reading follows what [MS-PAN] 3.2.3.4.1 asks of a client: names in any ASCII case, elements in any order, unknown
attributes ignored, integers with rubbish behind them taken. Document types and entities are refused: no message
needs them, and they are what attacks by XML are made of.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from pagebell.winspool.asyncui import (
    CANCEL,
    MOST_BUTTONS,
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
)

REQUESTS: Final = "http://schemas.microsoft.com/2003/print/asyncui/v1/request"
RESPONSES: Final = "http://schemas.microsoft.com/2003/print/asyncui/v1/response"
MOST_CHARACTERS: Final = 1 << 19
"""The longest document that is read; a vendor's binary data behind it does not count."""

_BUTTONS: Final = {"idok": OK, "idcancel": CANCEL}
_BUTTON_NAMES: Final = {OK: "IDOK", CANCEL: "IDCANCEL"}
_LEADING_INTEGER: Final = re.compile(r"\s*([+-]?[0-9]{1,18})")


class AsyncUIError(ValueError):
    """Octets that are no AsyncUI message; `str()` of it says what is wrong."""


class AsyncUITooLarge(AsyncUIError):
    """More octets than any message has."""


# --- writing ---


def write_request(request: Request) -> bytes:
    """The octets of a notification."""
    root = Element("asyncPrintUIRequest", xmlns=REQUESTS)
    opened = SubElement(SubElement(root, "v1"), "requestOpen")
    if isinstance(request, Balloon):
        _write_balloon(opened, request)
    elif isinstance(request, MessageBox):
        _write_box(opened, request)
    elif isinstance(request, CustomUI):
        SubElement(opened, "customUI", _call(request.entry, request.bidi)).text = request.data
    else:
        SubElement(opened, "customData", _call(request.entry, request.bidi))
        return _octets(root) + b"\0\0" + request.data
    return _octets(root)


def write_response(response: Response) -> bytes:
    """The octets of an answer."""
    root = Element("asyncPrintUIResponse", xmlns=RESPONSES)
    closed = SubElement(SubElement(root, "v1"), "requestClose")
    if isinstance(response, MessageBoxReply):
        SubElement(SubElement(closed, "messageBoxUI"), "buttonID").text = str(response.answer)
    else:
        SubElement(closed, "CustomUI").text = response.text
    return _octets(root)


def _write_balloon(parent: Element, balloon: Balloon) -> None:
    written = SubElement(parent, "balloonUI", _resource(balloon.resource, iconID=balloon.icon_id))
    _write_text(written, "title", balloon.title)
    for part in balloon.body:
        _write_text(written, "body", part)
    if balloon.action is not None:
        entry = balloon.action.entry
        SubElement(written, "action", {"dll": entry.dll, "entrypoint": entry.name}).text = balloon.action.data


def _write_box(parent: Element, box: MessageBox) -> None:
    written = SubElement(parent, "messageBoxUI")
    _write_text(written, "title", box.title)
    if box.bitmap is not None:
        SubElement(written, "bitmap", _resource(box.bitmap.resource, bitmapID=box.bitmap.bitmap_id))
    for part in box.body:
        _write_text(written, "body", part)
    buttons = SubElement(written, "buttons")
    for button in box.buttons:
        known = {"buttonID": _BUTTON_NAMES.get(button.answer, str(button.answer))}
        SubElement(buttons, "button", _resource(button.resource, stringID=button.string_id) | known)


def _write_text(parent: Element, name: str, text: Text) -> None:
    written = SubElement(parent, name, _resource(text.resource, stringID=text.string_id))
    written.text = text.text or None
    for parameter in text.parameters:
        known = {"type": "PrinterName"} if parameter.printer_name else {}
        attributes = _resource(parameter.resource, stringID=parameter.string_id) | known
        SubElement(written, "parameter", attributes).text = parameter.text or None


def _resource(resource: str | None, **number: int | None) -> dict[str, str]:
    written = {name: str(value) for name, value in number.items() if value is not None}
    return written if resource is None else written | {"resourceDll": resource}


def _call(entry: EntryPoint, bidi: bool) -> dict[str, str]:
    return {"dll": entry.dll, "entrypoint": entry.name, "bidi": "true" if bidi else "false"}


def _octets(root: Element) -> bytes:
    """UTF-16LE without a byte order mark; what XML has no words for is left out. [MS-PAN] 2.2.7"""
    for element in root.iter():
        element.text = element.text and _legal(element.text)
        for name, value in element.attrib.items():
            element.set(name, _legal(value))
    return ('<?xml version="1.0"?>' + tostring(root, encoding="unicode")).encode("utf-16-le")


_ILLEGAL: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _legal(text: str) -> str:
    return _ILLEGAL.sub("", text)


# --- reading ---


def read_request(octets: bytes) -> Request:
    """A notification, as a client takes it. Raises AsyncUIError."""
    text, behind = _text(octets)
    opened = _only(_only(_root(text, "asyncprintuirequest", REQUESTS), "v1"), "requestopen")
    readers: dict[str, Callable[[Element], Request]] = {
        "balloonui": _read_balloon,
        "messageboxui": _read_box,
        "customui": lambda element: CustomUI(*_read_call(element), data=element.text or ""),
        "customdata": lambda element: CustomData(*_read_call(element), data=behind),
    }
    element, name = _choice(opened)
    if name not in readers:
        raise AsyncUIError(f"{name} is nothing that can be shown")
    try:
        return readers[name](element)
    except AsyncUIError:
        raise
    except ValueError as error:
        raise AsyncUIError(str(error)) from None


def read_response(octets: bytes) -> Response:
    """An answer, as a server takes it. Raises AsyncUIError."""
    text, _ = _text(octets)
    closed = _only(_only(_root(text, "asyncprintuiresponse", RESPONSES), "v1"), "requestclose")
    element, name = _choice(closed)
    if name == "messageboxui":
        return MessageBoxReply(_integer(_only(element, "buttonid").text or ""))
    if name == "customui":
        return CustomUIReply(element.text or "")
    raise AsyncUIError(f"{name} is no answer")


def _text(octets: bytes) -> tuple[str, bytes]:
    """The document, and what stands behind its terminator."""
    most = 2 * MOST_CHARACTERS
    end = octets.find(b"\0\0", 0, most + 2)
    while end % 2 and end > 0:  # the halves of two characters
        end = octets.find(b"\0\0", end + 1, most + 2)
    if end < 0:
        end = len(octets)
    if end > most:
        raise AsyncUITooLarge(f"a document of more than {MOST_CHARACTERS} characters")
    try:
        text = octets[:end].decode("utf-16-le")
    except UnicodeDecodeError:
        raise AsyncUIError("the document is no UTF-16") from None
    return text.removeprefix("\ufeff"), octets[end + 2 :]


def _root(text: str, name: str, namespace: str) -> Element:
    try:
        root: Element = fromstring(text, forbid_dtd=True)
    except DefusedXmlException:
        raise AsyncUIError("a document type or an entity, which no message needs") from None
    except (ParseError, ValueError) as error:
        raise AsyncUIError(f"the XML is not well formed: {error}") from None
    _strip(root, namespace)
    if root.tag != name:
        raise AsyncUIError(f"the document is a {root.tag}")
    return root


def _strip(root: Element, namespace: str) -> None:
    """Make names lower-case and bare; what stands in another namespace, or in none, is marked as foreign."""
    prefix = f"{{{namespace}}}"
    for element in root.iter():
        own = element.tag.startswith(prefix)
        element.tag = element.tag.removeprefix(prefix).lower() if own else f"foreign {element.tag}"
        lower = {name.lower(): value for name, value in element.attrib.items()}
        element.attrib.clear()
        element.attrib.update(lower)


def _only(parent: Element, name: str) -> Element:
    found = parent.findall(name)
    if len(found) != 1:
        raise AsyncUIError(f"{parent.tag} has {len(found)} times {name}")
    return found[0]


def _choice(parent: Element) -> tuple[Element, str]:
    if len(parent) != 1:
        raise AsyncUIError(f"{parent.tag} has {len(parent)} elements in it")
    return parent[0], parent[0].tag


def _read_balloon(element: Element) -> Balloon:
    _none_but(element, ("title", "body", "action"))
    icon, resource = _number(element.attrib, "iconid"), element.get("resourcedll")
    action = element.find("action")
    return Balloon(
        title=_read_text(_only(element, "title")),
        body=tuple(_read_text(part) for part in element.findall("body")),
        action=None if action is None else Action(_entry(action), action.text or ""),
        icon_id=icon,
        resource=resource,
    )


def _read_box(element: Element) -> MessageBox:
    _none_but(element, ("title", "bitmap", "body", "buttons"))
    bitmap = element.find("bitmap")
    buttons = _only(element, "buttons")
    _none_but(buttons, ("button",))
    if len(buttons) > MOST_BUTTONS:
        raise AsyncUIError(f"a message box with {len(buttons)} buttons")
    return MessageBox(
        title=_read_text(_only(element, "title")),
        body=tuple(_read_text(part) for part in element.findall("body")),
        buttons=tuple(_read_button(button) for button in buttons),
        bitmap=None
        if bitmap is None
        else Bitmap(_integer(bitmap.get("bitmapid", "")), bitmap.get("resourcedll")),
    )


def _read_button(element: Element) -> Button:
    wanted = element.get("buttonid")
    if wanted is None:
        raise AsyncUIError("a button without a buttonID")
    known = _BUTTONS.get(wanted.strip().lower())
    if known is not None:
        return Button(known)  # its other attributes are ignored ([MS-PAN] 2.2.7.3.1)
    return Button(_integer(wanted), _number(element.attrib, "stringid"), element.get("resourcedll"))


def _read_text(element: Element) -> Text:
    _none_but(element, ("parameter",))
    if any((parameter.tail or "").strip() for parameter in element):
        raise AsyncUIError(f"text behind a parameter of {element.tag}")
    number = _number(element.attrib, "stringid")
    words = element.text or ""
    if number is not None:
        if words.strip():
            raise AsyncUIError(f"{element.tag} has both a stringID and text")
        words = ""
    return Text(words, number, element.get("resourcedll"), tuple(_read_parameter(p) for p in element))


def _read_parameter(element: Element) -> Parameter:
    if element.get("type") is not None:
        if element.get("type", "").lower() != "printername":
            raise AsyncUIError(f"a parameter of type {element.get('type')}")
        return Parameter(printer_name=True)
    number = _number(element.attrib, "stringid")
    if number is None and not element.text:
        raise AsyncUIError("a parameter without a value")
    return Parameter(element.text or "", number, element.get("resourcedll"))


def _read_call(element: Element) -> tuple[EntryPoint, bool]:
    return _entry(element), element.get("bidi", "").lower() == "true"


def _entry(element: Element) -> EntryPoint:
    try:
        return EntryPoint(element.attrib["dll"], element.attrib["entrypoint"])
    except KeyError as error:
        raise AsyncUIError(f"{element.tag} lacks {error}") from None


def _none_but(element: Element, names: Iterable[str]) -> None:
    for child in element:
        if child.tag not in names:
            raise AsyncUIError(f"{child.tag} in {element.tag}")


def _number(attributes: Mapping[str, str], name: str) -> int | None:
    return None if name not in attributes else _integer(attributes[name])


def _integer(text: str) -> int:
    """What leads the text as an integer, else 0. [MS-PAN] 3.2.3.4.1"""
    found = _LEADING_INTEGER.match(text)
    return int(found[1]) if found else 0
