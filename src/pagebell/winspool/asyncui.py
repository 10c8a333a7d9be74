"""AsyncUI: what a print server shows a user and asks of them, as values and as XML. [MS-PAN] 2.2.7

A balloon informs, a message box asks, custom UI and custom data are a driver's own. Text stands in the message,
or is a number of a resource file, which each client has in its own language (`asyncui_strings`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

MOST_BUTTONS: Final = 5
"""[MS-PAN] 2.2.7.3.2"""
OK: Final = 1
CANCEL: Final = 2
"""What the buttons IDOK and IDCANCEL answer. [MS-PAN] 2.2.7.4.1"""

_NO_FILE_NAME: Final = re.compile(r'[\\/?*<>"|:]')
"""What a driver-file name must not contain. [MS-PAN] 2.2.7.2.1"""


@dataclass(frozen=True, slots=True)
class Parameter:
    """What stands for %1, %2, ... in a text: the printer's name, a text, or a resource. [MS-PAN] 2.2.7.1.5"""

    text: str = ""
    string_id: int | None = None
    resource: str | None = None
    printer_name: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """A title or a part of a body: text, or a resource's number; then its parameters. [MS-PAN] 2.2.7.1.3, 2.2.7.1.4"""

    text: str = ""
    string_id: int | None = None
    resource: str | None = None
    """The driver's file with the resource; None: the default file, which every client has."""
    parameters: tuple[Parameter, ...] = ()

    def __post_init__(self) -> None:
        if self.string_id is None and not self.text:
            raise ValueError("a text needs words or the number of a resource")
        if self.string_id is not None and self.text:
            raise ValueError("a text has words or the number of a resource, not both")


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """A function in a file of the driver, on the client. [MS-PAN] 2.2.7.2.1"""

    dll: str
    name: str

    def __post_init__(self) -> None:
        if _NO_FILE_NAME.search(self.dll):
            raise ValueError(f"{self.dll!r} is no name of a driver's file")


@dataclass(frozen=True, slots=True)
class Action:
    """A function that a balloon has the client call, with its argument."""

    entry: EntryPoint
    data: str = ""


@dataclass(frozen=True, slots=True)
class Balloon:
    """Something to show, without an answer. [MS-PAN] 2.2.7.2"""

    title: Text
    body: tuple[Text, ...]
    action: Action | None = None
    icon_id: int | None = None
    resource: str | None = None


@dataclass(frozen=True, slots=True)
class Button:
    """A choice: `answer` is what the reply says. OK and CANCEL have their texts already. [MS-PAN] 2.2.7.3.1"""

    answer: int
    string_id: int | None = None
    resource: str | None = None

    def __post_init__(self) -> None:
        if self.string_id is None and self.answer not in (OK, CANCEL):
            raise ValueError("a button other than OK and Cancel needs the number of its text")


@dataclass(frozen=True, slots=True)
class Bitmap:
    """A picture among a driver's resources. [MS-PAN] 2.2.7.3.3"""

    bitmap_id: int
    resource: str | None = None


@dataclass(frozen=True, slots=True)
class MessageBox:
    """A question with one to five answers. [MS-PAN] 2.2.7.3"""

    title: Text
    body: tuple[Text, ...]
    buttons: tuple[Button, ...]
    bitmap: Bitmap | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.buttons) <= MOST_BUTTONS:
            raise ValueError(f"a message box has one to {MOST_BUTTONS} buttons")


@dataclass(frozen=True, slots=True)
class CustomUI:
    """A call of a driver's function, with a string; `bidi`: it answers with one. [MS-PAN] 2.2.7.5"""

    entry: EntryPoint
    bidi: bool
    data: str = ""


@dataclass(frozen=True, slots=True)
class CustomData:
    """A call of a driver's function, with octets; `bidi`: it answers with a string. [MS-PAN] 2.2.7.7"""

    entry: EntryPoint
    bidi: bool
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class MessageBoxReply:
    """The button that was chosen. [MS-PAN] 2.2.7.4"""

    answer: int


@dataclass(frozen=True, slots=True)
class CustomUIReply:
    """What a driver's function answered. [MS-PAN] 2.2.7.6"""

    text: str


Request = Balloon | MessageBox | CustomUI | CustomData
Response = MessageBoxReply | CustomUIReply


def wants_answer(request: Request) -> bool:
    """Tell whether a request belongs on a bidirectional channel. [MS-PAN] 3.1.3.4.2, 3.1.3.4.3"""
    if isinstance(request, CustomUI | CustomData):
        return request.bidi
    return isinstance(request, MessageBox)
