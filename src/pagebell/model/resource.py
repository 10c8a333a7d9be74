"""Resources: images, colour profiles and words that an administrator installs for printers (PWG 5100.22).

A resource's life is the table `STEPS`; `step` makes its next version and the events that tell of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from pagebell.model.document import DocumentKey
from pagebell.model.errors import WrongState
from pagebell.model.event import (
    NO_PRINTER,
    Event,
    EventKind,
    ResourceId,
    ResourceState,
    ResourceStatus,
)

FORMATS: Final[dict[str, tuple[str, ...]]] = {
    "static-icc-profile": ("application/vnd.iccprofile",),
    "static-image": ("image/png", "image/jpeg"),
    "static-strings": ("text/strings",),
}
"""What kinds of resources there are here (resource-type), and the formats that each may have."""
CANCEL_REQUESTED: Final = "cancel-requested"


class Cause(Enum):
    """What can happen to a resource."""

    ARRIVE = "arrive"
    """Its data are stored."""
    INSTALL = "install"
    CANCEL = "cancel"
    ABORT = "abort"
    """The server gives it up."""


STEPS: Final = {
    (ResourceState.PENDING, Cause.ARRIVE): ResourceState.AVAILABLE,
    (ResourceState.PENDING, Cause.CANCEL): ResourceState.CANCELED,
    (ResourceState.PENDING, Cause.ABORT): ResourceState.ABORTED,
    (ResourceState.AVAILABLE, Cause.INSTALL): ResourceState.INSTALLED,
    (ResourceState.AVAILABLE, Cause.CANCEL): ResourceState.CANCELED,
    (ResourceState.INSTALLED, Cause.CANCEL): ResourceState.CANCELED,
}
_KINDS: Final = {
    ResourceState.INSTALLED: EventKind.RESOURCE_INSTALLED,
    ResourceState.CANCELED: EventKind.RESOURCE_CANCELED,
}
"""What tells more than that the state has changed."""


@dataclass(frozen=True, slots=True)
class Data:
    """What is in a resource: it never changes once it is there."""

    key: DocumentKey
    format: str
    octets: int
    digest: str
    signature: tuple[bytes, ...] = ()
    """What its maker signed it with (resource-signature)."""
    version: bytes = b""
    """The maker's (resource-version),"""
    string_version: str = ""
    """for people (resource-string-version),"""
    patches: str = ""
    """and which patches it has (resource-patches)."""


@dataclass(frozen=True, slots=True)
class Release:
    """What its maker calls the data that are to come (PWG 5100.22 6.3.2.1); empty for what is not known."""

    version: bytes = b""
    string_version: str = ""
    patches: str = ""


UNKNOWN_RELEASE: Final = Release()


@dataclass(frozen=True, slots=True)
class Resource:
    """One of them. Times are in seconds since 1970, None for what has not happened."""

    id: ResourceId
    uuid: str
    type: str
    """A key of `FORMATS`."""
    name: str
    info: str
    created: float
    language: str = ""
    """What its words are in (resource-natural-language); empty for none."""
    state: ResourceState = ResourceState.PENDING
    reasons: frozenset[str] = frozenset()
    """resource-state-reasons"""
    message: str = ""
    data: Data | None = None
    installed_at: float | None = None
    ended_at: float | None = None
    """When it was cancelled or given up."""
    doomed_at: float | None = None
    """When somebody asked for that, where printers still used it."""
    release: Release = UNKNOWN_RELEASE
    version: int = 1

    @property
    def is_usable(self) -> bool:
        """Whether a printer may be given it."""
        return self.state is ResourceState.INSTALLED and CANCEL_REQUESTED not in self.reasons

    @property
    def has_octets(self) -> bool:
        """Whether its data are there: they go when it ends, and what is known of them stays (PWG 5100.22 4.6.1)."""
        return self.data is not None and self.state < ResourceState.CANCELED

    @property
    def is_over(self) -> bool:
        """Whether it has come to its end, or shall as soon as no printer uses it any more."""
        return self.state >= ResourceState.CANCELED or CANCEL_REQUESTED in self.reasons

    @property
    def status(self) -> ResourceStatus:
        """As events tell it."""
        return ResourceStatus(self.state, self.reasons, self.message, self.name)


def resource_event(resource: Resource, now: float, kind: EventKind, changed: tuple[str, ...] = ()) -> Event:
    """Something befell the resource."""
    return Event(
        kind, now, NO_PRINTER, resource=resource.id, resource_status=resource.status, changed=changed
    )


def step(
    resource: Resource, cause: Cause, now: float, message: str = "", data: Data | None = None
) -> tuple[Resource, Event]:
    """The resource's next version, and the event that tells of it. Raises WrongState."""
    state = STEPS.get((resource.state, cause))
    if state is None:
        done = {Cause.ARRIVE: "filled", Cause.INSTALL: "installed", Cause.CANCEL: "cancelled"}
        raise WrongState(
            f"resource {resource.id} is {resource.state.name.lower()}: it can't be {done.get(cause, 'aborted')}"
        )
    ended = state >= ResourceState.CANCELED
    new = replace(
        resource,
        state=state,
        reasons=frozenset({"aborted-by-system"}) if cause is Cause.ABORT else frozenset(),
        message=message,
        data=data or resource.data,
        installed_at=now if state is ResourceState.INSTALLED else resource.installed_at,
        ended_at=now if ended else None,
        version=resource.version + 1,
    )
    kind = _KINDS.get(state, EventKind.RESOURCE_STATE_CHANGED)
    return new, resource_event(new, now, kind, ("state", "reasons"))


def doomed(resource: Resource, now: float, message: str = "") -> tuple[Resource, Event]:
    """The resource as it is when it shall be cancelled and printers still use it. Raises WrongState."""
    step(resource, Cause.CANCEL, now)
    reasons = resource.reasons | {CANCEL_REQUESTED}
    new = replace(resource, reasons=reasons, message=message, doomed_at=now, version=resource.version + 1)
    return new, resource_event(new, now, EventKind.RESOURCE_STATE_CHANGED, ("reasons",))
