"""What the JSON API takes and gives, as types: the OpenAPI description is made from these."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from pagebell.event_json import EventView
from pagebell.model.event import EventKind


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is told."""


class Wish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that is asked for; what is not known is an error, not ignored."""


Number = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Count = Annotated[int, Meta(ge=1, le=1000)]
Time = Annotated[str, Meta(description="RFC 3339, in UTC.", examples=["2026-11-22T10:00:00.000Z"])]
ScopeText = Annotated[
    str,
    Meta(
        description="Whose events: `server`, `printers/NAME`, `printers/NAME,NAME...` for some printers together, "
        "`jobs/ID` or `resources/ID`.",
        pattern="^(server|printers/.{1,1000}|(jobs|resources)/[0-9]{1,10})$",
        examples=["server", "printers/PDF", "printers/PDF,Lab", "jobs/12"],
    ),
]


_SIGN: Final = "[A-Za-z0-9+/]"
_END: Final = f"({_SIGN}{{4}}({_SIGN}{{2}}==)?|{_SIGN}{{3}}=|{_SIGN}{{2}}==)?"
_SECRET: Final = f"^(whsec_({_SIGN}{{4}}){{8,20}}{_END})?$"
"""For the description; what is no secret is told in words."""


class Problem(Message, frozen=True, kw_only=True):
    """Why something could not be done (RFC 9457, application/problem+json)."""

    title: str
    status: int
    detail: str
    """A sentence for people."""
    type: str = "about:blank"


class PrinterInfo(Message, frozen=True, kw_only=True):
    """A printer."""

    name: str
    uuid: str
    info: str
    location: str
    state: Literal["idle", "processing", "stopped"]
    state_reasons: list[str]
    state_message: str
    accepting_jobs: bool
    queued_jobs: int
    subscriptions: Annotated[int, Meta(description="How many it has, whoever they belong to.")]


class Printers(Message, frozen=True, kw_only=True):
    """All printers."""

    items: list[PrinterInfo]


class JobInfo(Message, frozen=True, kw_only=True):
    """A job."""

    id: int
    uuid: str
    printer: str
    name: str
    owner: str
    state: Literal[
        "pending", "pending-held", "processing", "processing-stopped", "canceled", "aborted", "completed"
    ]
    state_reasons: list[str]
    state_message: str
    created: Time
    processing_at: Time | None
    completed_at: Time | None
    priority: int
    octets: int
    impressions: Annotated[int | None, Meta(description="Pages in all; null where nobody can say.")]
    impressions_completed: int
    subscriptions: Annotated[int, Meta(description="How many it has, whoever they belong to.")]


class Jobs(Message, frozen=True, kw_only=True):
    """Some jobs."""

    items: list[JobInfo]
    next: Annotated[int | None, Meta(description="`offset` of the page after this one; null on the last.")]


class JobsQuery(Wish, frozen=True, kw_only=True):
    """Which jobs."""

    printer: Annotated[str | None, Meta(description="Those of that printer.")] = None
    owner: Annotated[str | None, Meta(description="Those of that user.")] = None
    which: Annotated[
        Literal["living", "finished", "all"],
        Meta(description="Living ones come in the order of printing, finished ones newest first."),
    ] = "living"
    limit: Annotated[Count, Meta(description="At most so many.")] = 100
    offset: Annotated[Number, Meta(description="Without the first so many.")] = 0


class SubmitQuery(Wish, frozen=True, kw_only=True):
    """How a document shall be printed."""

    name: Annotated[
        str, Meta(max_length=255, description="The job's name.", examples=["Quarterly report"])
    ] = "Untitled"
    copies: Annotated[int, Meta(ge=1, le=999, description="How often.")] = 1
    hold: Annotated[bool, Meta(description="Not to be printed before it is released.")] = False


class NewSubscription(Wish, frozen=True, kw_only=True):
    """A subscription as it is asked for."""

    events: Annotated[
        list[EventKind],
        Meta(
            min_length=1,
            max_length=32,
            description="Which events; `job-state-changed` and the like include those that are more special.",
            examples=[["job-completed", "printer-stopped"]],
        ),
    ]
    scope: ScopeText = "server"
    lease: Annotated[
        Number | None,
        Meta(description="Seconds, at most the longest that the server grants; 0: that; null: its default."),
    ] = None
    language: Annotated[str, Meta(max_length=63, description="Of the events' texts.", examples=["de"])] = "en"
    interval: Annotated[Number, Meta(description="Least seconds between two `job-progress` events.")] = 0
    user_data: Annotated[str, Meta(max_length=63, description="Comes back with each event.")] = ""
    recipient: Annotated[
        str,
        Meta(
            max_length=1023,
            description="An http:, https: or mailto: URI, if the events shall be taken there. The server's "
            "configuration says where that may be.",
        ),
    ] = ""
    secret: Annotated[
        str,
        Meta(
            max_length=128,
            description="What signs its webhooks, `whsec_` and the base64 of 24 to 64 octets. It is never told to "
            "anybody. Empty: the server's secret.",
            extra_json_schema={"pattern": _SECRET},
        ),
    ] = ""


class Renewal(Wish, frozen=True, kw_only=True):
    """How long a subscription shall live from now on."""

    lease: Annotated[
        Number | None,
        Meta(description="Seconds, at most the longest that the server grants; 0: that; null: its default."),
    ] = None


class DeliveryTrouble(Message, frozen=True, kw_only=True):
    """Why a recipient does not get what there is for it."""

    message: str
    since: Time
    attempts: Annotated[int, Meta(description="How often it was tried.")]
    next_attempt: Annotated[
        Time | None, Meta(description="Null: it won't be; its scheme is not configured any more.")
    ]


class SubscriptionInfo(Message, frozen=True, kw_only=True):
    """A subscription."""

    id: int
    uuid: str
    scope: ScopeText
    events: list[EventKind]
    owner: str
    created: Time
    expires: Annotated[Time | None, Meta(description="Null: it lives as long as its job, or without an end.")]
    lease: int
    language: str
    interval: int
    user_data: str
    recipient: str
    newest: Annotated[int, Meta(description="Number of its newest event; 0 before the first.")]
    delivered: Annotated[
        int | None, Meta(description="Up to which number its recipient has been told; null without one.")
    ]
    trouble: Annotated[
        DeliveryTrouble | None, Meta(description="What keeps its recipient from more; null for nothing.")
    ]


class Subscriptions(Message, frozen=True, kw_only=True):
    """Some subscriptions."""

    items: list[SubscriptionInfo]
    next: Annotated[int | None, Meta(description="`after` for the page after this one; null on the last.")]


class SubscriptionsQuery(Wish, frozen=True, kw_only=True):
    """Which subscriptions."""

    scope: ScopeText | None = None
    owner: Annotated[str | None, Meta(description="Those of that user; others' are for operators.")] = None
    after: Annotated[Number, Meta(description="Those with higher ids.")] = 0
    limit: Annotated[Count, Meta(description="At most so many.")] = 100


class NumberedEvent(EventView, frozen=True, kw_only=True):
    """An event as one subscription's."""

    number: int


class Notifications(Message, frozen=True, kw_only=True):
    """What a subscription has heard of, in order."""

    items: list[NumberedEvent]
    missed: Annotated[int, Meta(description="So many before these were dropped and can't be had any more.")]
    complete: Annotated[bool, Meta(description="No more will come: its job is finished.")]
    next: Annotated[int, Meta(description="`after` to read on from.")]


class NotificationsQuery(Wish, frozen=True, kw_only=True):
    """Which of a subscription's events."""

    after: Annotated[Number, Meta(description="Those with higher numbers.")] = 0
    limit: Annotated[Count, Meta(description="At most so many.")] = 100


class DialogInfo(Message, frozen=True, kw_only=True):
    """A question that waits for an answer."""

    id: int
    printer: str | None
    job: int | None
    user: Annotated[str | None, Meta(description="Whom it is for; null for anybody.")]
    title: str
    text: str
    choices: Annotated[
        list[str],
        Meta(description="What `choice` may be; none for what only a vendor's software understands."),
    ]
    entry: Annotated[str, Meta(description="What is to be typed, such as a PIN; empty for nothing.")]
    secret: Annotated[bool, Meta(description="It is not to be seen while it is typed.")]
    answered_by: Annotated[
        str, Meta(description="Who has answered first, and may go on; empty for nobody yet.")
    ]
    turn: Annotated[int, Meta(description="Rises with each thing that is asked in this dialog.")]
    waits: Annotated[bool, Meta(description="An answer of yours is waited for; or else what is asked next.")]
    opened: Time
    expires: Time | None


class Dialogs(Message, frozen=True, kw_only=True):
    """Questions that wait for an answer."""

    items: list[DialogInfo]


class DialogsQuery(Wish, frozen=True, kw_only=True):
    """Which questions."""

    printer: str | None = None
    job: Number | None = None


class DialogAnswer(Wish, frozen=True, kw_only=True):
    """An answer."""

    choice: Annotated[str, Meta(max_length=100)]
    text: Annotated[str, Meta(max_length=8192, description="What was typed.")] = ""
    turn: Annotated[
        Number | None, Meta(description="What it answers, so that it can't answer what is asked next.")
    ] = None
