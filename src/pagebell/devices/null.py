"""A device that reads all and forgets it: for measuring, and for queues that only keep account."""

from __future__ import annotations

import logging
from collections.abc import Collection

from pagebell.model.printer import Capabilities
from pagebell.spooler.ports import Report, Work

log = logging.getLogger(__name__)


class NullDevice:
    """`null:` takes everything, at once."""

    capabilities = Capabilities(
        make_and_model="Pagebell Null",
        formats=(
            "application/pdf",
            "image/pwg-raster",
            "image/urf",
            "image/jpeg",
            "image/png",
            "application/postscript",
            "text/plain",
            "application/octet-stream",
        ),
        sides=("one-sided", "two-sided-long-edge", "two-sided-short-edge"),
        color=True,
        resolutions=(300, 600),
        identify=("display",),
    )

    def __init__(self, uri: str = "null:") -> None:
        if uri not in ("null:", "null://", "null:///"):
            raise ValueError(f"{uri!r}: a null device has nothing to be told; write just null:")

    async def watch(self, report: Report) -> None:
        """It is always ready: there is nothing to report."""

    async def print(self, work: Work) -> None:
        """Read every document to its end."""
        for document in work.documents:
            async for _ in work.read(document):
                pass
        await work.printed(work.job.impressions or len(work.documents))

    async def identify(self, actions: Collection[str], message: str) -> None:
        """Say so in the log."""
        log.info("identify a null device (%s): %s", ", ".join(sorted(actions)), message)
