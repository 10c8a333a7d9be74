"""What a printer says to people, and what it asks them: notices and dialogs ([MS-PAN] 1.3).

Their contents are words, which every door can show, or a vendor's own octets, which only a client of that vendor
understands; `kind` says which.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NewType
from uuid import UUID

from pagebell.model.names import JobId, PrinterName

DialogId = NewType("DialogId", int)
"""Never the same twice, also after a restart: a dialog does not outlive the server, what asks asks anew."""

WORDS: Final = UUID("f6853f92-eb31-4e23-b6e7-fd69056153f0")
"""The kind of what people read. [MS-PAN] 2.2.1 has it for AsyncUI."""
MOST_OF_MESSAGE: Final = 1023
"""Octets of a message of a job or a printer."""
OK: Final = "ok"
CANCEL: Final = "cancel"


@dataclass(frozen=True, slots=True)
class Addressees:
    """Who is spoken to: everybody who looks at a printer (None: at the server), or one user; perhaps about a job."""

    printer: PrinterName | None = None
    job: JobId | None = None
    user: str | None = None

    def include(self, reader: str | None) -> bool:
        """Whether that reader is told the words themselves; None: nobody who is known."""
        return self.user in (None, reader)


@dataclass(frozen=True, slots=True)
class Statement:
    """Something to know."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """Something to decide, and perhaps to type."""

    title: str
    text: str
    choices: tuple[str, ...] = (OK, CANCEL)
    entry: str = ""
    """What is to be typed, such as "PIN"; empty for nothing."""
    secret: bool = False
    """It is not to be seen while it is typed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the question's choices, and what was typed."""

    choice: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something said that wants no answer."""

    to: Addressees
    content: Statement | bytes
    kind: UUID = WORDS

    @property
    def words(self) -> str:
        """It as a line of text; empty for a vendor's octets."""
        return _line(self.content)


@dataclass(frozen=True, slots=True)
class DialogStatus:
    """A dialog as it was right after an event."""

    id: DialogId
    to: Addressees
    content: Question | bytes
    kind: UUID = WORDS
    answered_by: str = ""
    """Who has the conversation to themselves; empty for nobody yet."""
    is_open: bool = True
    turn: int = 1
    """Rises with each thing that the source says."""

    @property
    def words(self) -> str:
        """The question as a line of text; empty for a vendor's octets."""
        return _line(self.content)


def _line(content: Statement | Question | bytes) -> str:
    if isinstance(content, bytes):
        return ""
    return short(f"{content.title}: {content.text}" if content.title else content.text)


def short(text: str) -> str:
    """What of a text fits where messages stand (RFC 8011 5.1.2: 1023 octets)."""
    octets = text.encode()
    if len(octets) <= MOST_OF_MESSAGE:
        return text
    return octets[: MOST_OF_MESSAGE - len("…".encode())].decode(errors="ignore") + "…"
