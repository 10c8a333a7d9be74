"""Words of notices and dialogs as AsyncUI's messages, and their answers. [MS-PAN] 2.2.7, 3.1.3

A question that needs more than a message box has goes as custom UI (`asked`).
"""

from __future__ import annotations

from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from pagebell.model.dialog import CANCEL, OK, Answer, Question, Statement
from pagebell.model.errors import Unsupported
from pagebell.model.event import Event
from pagebell.winspool import asyncui
from pagebell.winspool.asked import read_answer, write_question
from pagebell.winspool.asyncui import Balloon, Button, MessageBox, MessageBoxReply, Text
from pagebell.winspool.asyncui_xml import read_response, write_request

_BIDI: Final = "http://schemas.microsoft.com/windows/2005/03/printing/bidi"
_BUTTONS: Final = {OK: asyncui.OK, CANCEL: asyncui.CANCEL}
_CHOICES: Final = {number: choice for choice, number in _BUTTONS.items()}


def octets_of(content: Statement | Question | bytes) -> bytes:
    """What goes out."""
    if isinstance(content, bytes):
        return content
    title, body = Text(content.title or "\N{NO-BREAK SPACE}"), (Text(content.text or "\N{NO-BREAK SPACE}"),)
    if isinstance(content, Statement):
        return write_request(Balloon(title, body))
    if content.entry or any(choice not in _BUTTONS for choice in content.choices):
        return write_request(write_question(content))
    buttons = tuple(Button(_BUTTONS[choice]) for choice in content.choices)
    return write_request(MessageBox(title, body, buttons))


def configuration(event: Event) -> bytes:
    """What changed of a printer, by name; its values are asked for elsewhere. [MS-PAN] 2.2.8"""
    root = Element("Notification", xmlns=_BIDI, printerName=event.printer)
    for name in event.changed or ("",):
        SubElement(root, "ReducedSchema", name=f"\\Printer:{name}" if name else "\\Printer")
    return tostring(root, encoding="unicode").encode("utf-16-le")


def answer_of(content: Question | bytes, octets: bytes) -> Answer | bytes:
    """What came back. Raises AsyncUIError, Unsupported."""
    if isinstance(content, bytes):
        return octets
    response = read_response(octets)
    if isinstance(response, MessageBoxReply):
        if response.answer not in _CHOICES:
            raise Unsupported(f"there is no button {response.answer}")
        return Answer(_CHOICES[response.answer])
    return read_answer(response)
