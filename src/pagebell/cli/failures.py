"""Errors as people read them: one sentence that says what is wrong, and one that says what to do about it."""

from __future__ import annotations

import signal
from typing import Final

from pagebell.cli.text import plain_text
from pagebell.ipp import errors as e


class Interrupted(Exception):
    """Ctrl-C was pressed, or something else has ended the command: by this signal."""

    def __init__(self, number: int = signal.SIGINT) -> None:
        super().__init__(f"interrupted by signal {number}")
        self.number = number


class CommandError(Exception):
    """A command cannot be done; ``str()`` is what to tell."""


class UsageError(CommandError):
    """A command was not written as it should be."""


def no_subscription(number: int) -> str:
    """There is none of that number."""
    return f"There is no subscription {number}. 'pagebell subscriptions list' shows those that there are."


_REMEDIES: Final[tuple[tuple[type[e.IppError], str, str], ...]] = (
    (e.NotAccepting, "The printer takes no jobs at present", "Try again later, or ask who looks after it."),
    (e.NotAllowed, "You are not allowed to do that", "Name another user with --user, or ask who may."),
    (
        e.NotFound,
        "There is no such printer or job",
        "'pagebell printers list' and 'pagebell jobs' show them.",
    ),
    (e.NotPossible, "That is not possible in its present state", "'pagebell jobs --all' shows the states."),
    (
        e.DocumentRejected,
        "The printer cannot print this document",
        "Check the file, or send it in another format.",
    ),
    (
        e.TooLarge,
        "That is more than the server accepts",
        "Print less at a time, or raise the server's limits.",
    ),
    (e.AccountRefused, "The printing account does not allow it", "Ask who looks after the accounts."),
    (e.Unavailable, "The server is too busy at present", "Try again in a moment."),
    (e.BadRequest, "The server does not understand the request", "Report this with the output of --debug."),
    (e.ServerFailed, "The server or its printer broke down over this", "Its log should tell why."),
)


def sentence(error: BaseException) -> str:
    """Any error in plain words."""
    if isinstance(error, e.Untrusted):
        return f"Cannot trust {error.uri}: {error.reason}. If you know the server, add --insecure."
    if isinstance(error, e.Refused):
        return (
            f"No print server answers at {error.uri} ({error.reason}). "
            "Start one with 'pagebell serve', or name another with --server."
        )
    if isinstance(error, e.Silent):
        return f"The server at {error.uri} is silent: {error.reason}. Try again later."
    if isinstance(error, e.ConnectionFailed):
        return f"Lost the server at {error.uri}: {error.reason}. Try again."
    if isinstance(error, e.HttpError):
        return _http(error)
    if isinstance(error, e.BadAnswer):
        return f"Cannot understand {error.uri}: {error.reason}. Check that the address is a printer's."
    if isinstance(error, e.IppError):
        return _ipp(error)
    if isinstance(error, OSError):
        return _file(error)
    return plain_text(str(error))


def _http(error: e.HttpError) -> str:
    remedy = {
        401: "Name the user with -u and set PAGEBELL_PASSWORD, or get a ticket with kinit.",
        404: "'pagebell printers list' shows the printers' addresses.",
    }.get(error.status, "Check the address.")
    return f"Cannot print by way of {error.uri}: {error.reason} (HTTP {error.status}). {remedy}"


def _ipp(error: e.IppError) -> str:
    if isinstance(error, e.Unsupported):
        return _unsupported(error)
    kinds = (row for row in _REMEDIES if isinstance(error, row[0]))
    _, what, remedy = next(kinds, (e.IppError, f"The server refuses: {error.status.keyword}", "Try --debug."))
    said = plain_text(error.message).rstrip(".")
    return f"{what}{f' (it says: {said})' if said else ''}. {remedy}"


def _unsupported(error: e.Unsupported) -> str:
    said = plain_text(error.message).rstrip(".") or error.status.keyword
    status = error.status.keyword
    if status == "server-error-operation-not-supported":
        return f"This printer cannot do that (it says: {said})."
    if "document-format" in error.unsupported or status == "client-error-document-format-not-supported":
        return f"The printer does not print this kind of document (it says: {said}). Try a PDF file."
    if error.unsupported:
        names = ", ".join(error.unsupported)
        return (
            f"The printer does not offer {names} as you asked (it says: {said}). Leave it out, or change it."
        )
    return f"The printer does not offer that (it says: {said})."


def _file(error: OSError) -> str:
    name = f"{error.filename}: " if error.filename else ""
    return f"Cannot read {name}{(error.strerror or str(error)).lower()}. Check the name and your rights."
