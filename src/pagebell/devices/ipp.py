"""An IPP printer behind a queue: jobs are forwarded to it, and what it says is mirrored.

    ipp://printer.example/ipp/print?on-break=reprint
    ipps://printer.example/ipp/print?verify=no

Where the printer has Create-Job, a job is made first and its documents follow: when the connection is lost the
job's number is known, and it can be asked what arrived. Else its jobs are looked through.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Collection
from functools import partial
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from pagebell.clock import SystemClock
from pagebell.devices import settings
from pagebell.devices.ipp_forward import Forwarding
from pagebell.devices.ipp_mirror import Mirror
from pagebell.devices.settings import OnBreak
from pagebell.ipp.addresses import parse_address
from pagebell.ipp.client import Client
from pagebell.ipp.errors import ClientError, OptionError
from pagebell.ipp.events import DEFAULT_PACE, Pace
from pagebell.ipp.transport import Times
from pagebell.model.printer import Capabilities
from pagebell.spooler.ports import Clock, Report, Work

log = logging.getLogger(__name__)

TIMES: Final = Times(answer=120.0, upload=86_400.0)
"""A printer that waits for paper takes no data meanwhile, and answers late."""
_USER: Final = "pagebell"
"""Who looks at the printer; jobs are sent under their owners' names. No credentials are ever sent."""
_KEYS: Final[dict[str, Callable[[str], object]]] = {
    "on-break": settings.on_break,
    "verify": settings.flag,
}


def parse(uri: str) -> tuple[str, OnBreak, bool]:
    """The printer's own URI, the policy, and whether its certificate is verified. Raises ValueError."""
    parts = urlsplit(uri)
    if parts.username is not None:
        raise ValueError(
            f"a device URI is shown to everybody and can't hold a user's name or password: {parts.hostname}"
        )
    values, others = settings.read(parts.query, _KEYS)
    bare = urlunsplit((parts.scheme, parts.netloc, parts.path, others, ""))
    try:
        parse_address(bare)
    except OptionError as error:
        raise ValueError(str(error)) from None
    policy = OnBreak(str(values.get("on-break", OnBreak.REPRINT)))
    return bare, policy, bool(values.get("verify", True))


class IppDevice:
    """`ipp://HOST/PATH`, `ipps://HOST/PATH` (`ports.Device`)."""

    def __init__(
        self,
        uri: str,
        *,
        clock: Clock | None = None,
        chance: Callable[[], float] = random.random,
        pace: Pace = DEFAULT_PACE,
    ) -> None:
        target, self._policy, verify = parse(uri)
        self._clock = clock or SystemClock()
        self._chance = chance
        self._pace = pace
        self._connect = partial(Client, target, verify=verify, times=TIMES)
        self._mirror = Mirror(self._connect(user=_USER), self._clock, chance)

    @property
    def capabilities(self) -> Capabilities:
        """The printer's own, as soon as it has told them."""
        return self._mirror.capabilities

    async def watch(self, report: Report) -> None:
        """Mirror the printer's state and reasons."""
        await self._mirror.watch(report)

    async def print(self, work: Work) -> None:
        """Forward the job and follow it there. Raises DeviceFailed, JobCutOff.

        Cancelled, it cancels the job there: at once, or as soon as the printer answers again.
        """
        async with self._connect(user=work.job.owner) as client:
            await Forwarding(
                client, work, self._mirror, self._policy, self._clock, self._chance, self._pace
            ).run()

    async def identify(self, actions: Collection[str], message: str) -> None:
        """Have the printer make itself noticed."""
        async with self._connect(user=_USER) as client:
            try:
                await client.identify(*sorted(actions), message=message)
            except ClientError as error:
                log.warning("%s does not make itself noticed: %s", client.uri, error)
