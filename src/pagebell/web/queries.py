"""What `/events` may be asked."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from pagebell.web.api.messages import Number, Wish


class EventsQuery(Wish, frozen=True, kw_only=True):
    """Which events."""

    printer: Annotated[
        str | None,
        Meta(description="Of that printer and its jobs; of some, with commas between their names."),
    ] = None
    job: Annotated[Number | None, Meta(description="Of that job. For its owner and operators.")] = None
    resource: Annotated[
        Number | None, Meta(description="Of that resource: an icon, words or a colour profile of printers.")
    ] = None
    events: Annotated[
        str | None,
        Meta(
            description="Which kinds, with commas between; all, if not given.",
            examples=["job-completed,printer-stopped"],
        ),
    ] = None
    language: Annotated[str, Meta(max_length=63, description="Of the events' texts.")] = "en"
    subscription: Annotated[
        Number | None,
        Meta(
            description="What that subscription hears, by its numbers, instead of all else.",
        ),
    ] = None
    after: Annotated[
        Number | None,
        Meta(description="Where to go on, for clients that can't send `Last-Event-ID`, which comes first."),
    ] = None
