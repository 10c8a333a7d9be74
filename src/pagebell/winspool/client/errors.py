"""What a Windows print server refuses, as exceptions with a sentence."""

from __future__ import annotations

from typing import Final

from pagebell.ipp.errors import ClientError
from pagebell.winspool.werror import Win32

_WORDS: Final[dict[int, str]] = {
    Win32.ACCESS_DENIED: "you are not allowed to do that; name another user with --user, or ask who may",
    Win32.INVALID_PRINTER_NAME: "there is no such printer; 'pagebell printers list --server' shows those that are",
    Win32.INVALID_PARAMETER: "there is no such job, or not any more",
    Win32.INVALID_DATATYPE: "it does not print this kind of document; try a PDF file",
    Win32.INVALID_PRINTER_COMMAND: "that is not possible in its present state",
    Win32.DISK_FULL: "it has no room for the document",
    Win32.NO_SYSTEM_RESOURCES: "it is too busy at present; try again in a moment",
    Win32.NOT_SUPPORTED: "it does not offer that",
    Win32.CANCELLED: "the document was cancelled",
    Win32.SHUTDOWN_IN_PROGRESS: "it is shutting down; try again in a minute",
    Win32.INVALID_DATA: "the document is damaged",
}


class WindowsError(ClientError):
    """A call came back with an error code."""

    def __init__(self, code: int, what: str) -> None:
        known = {one.value for one in Win32}
        said = _WORDS.get(code) or (Win32(code).name if code in known else f"error {code:#x}")
        super().__init__(f"{what}: {said}.")
        self.code = code


class NotLetIn(WindowsError):
    """The server does not take who we say that we are."""

    def __init__(self, uri: str, user: str, reason: str = "", *, lasting: bool = False) -> None:
        super().__init__(Win32.ACCESS_DENIED, uri)
        self.lasting = lasting
        """It was asked in the last way there is: to ask again would only count as one more attempt."""
        told = f"{uri} does not let {user} in: check --user and the password, or get a Kerberos ticket."
        self.args = (f"{told} {reason}".strip(),)


class NoSuchJob(WindowsError):
    """The server does not know that job, or not any more."""

    def __init__(self, number: int, where: str) -> None:
        super().__init__(Win32.INVALID_PARAMETER, f"{where}, job {number}")


class NotOffered(ClientError):
    """Windows print servers have no such thing; ``str()`` says what."""
