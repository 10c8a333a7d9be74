"""The one error of the NDR codec."""

from __future__ import annotations


class NdrError(ValueError):
    """The octets are no representation of the type, or the value has none.

    `offset` counts octets from the start of the stub; `path` names the field as one would write it in an
    expression (`pOptions.pTypes[1].Count`), with an empty string for the whole.
    """

    def __init__(self, reason: str, offset: int = 0, path: str = "") -> None:
        super().__init__(f"{path or 'stub'} at octet {offset}: {reason}")
        self.reason = reason
        self.offset = offset
        self.path = path
