"""Notifications on the desktop, by the system's own service: org.freedesktop.Notifications, macOS' or Windows'."""

from __future__ import annotations

import asyncio
import html
import logging
import sys
from typing import TYPE_CHECKING, Any, Final

from pagebell.cli.failures import CommandError
from pagebell.cli.text import plain_text
from pagebell.ipp.notices import Dialog

if TYPE_CHECKING:
    from desktop_notifier import DesktopNotifier

log = logging.getLogger(__name__)
_PATIENCE: Final = 5.0
"""Seconds for which the service may take its time."""
_APP: Final = "Pagebell"


class Desktop:
    """Shows notices, and questions with a button for each answer; `connected` makes one."""

    def __init__(self, notifier: DesktopNotifier, words: Any) -> None:
        self._notifier, self._words = notifier, words

    async def tell(self, title: str, text: str) -> None:
        """Show something; a desktop that fails is passed over."""
        await self._send(title, text)

    async def ask(self, dialog: Dialog) -> tuple[str, str]:
        """Show a question until the task is cancelled; returns the choice that was made and what was typed.

        What is to be typed is asked where the desktop has a place for it; else the question is shown, to be answered
        elsewhere, and so is one that somebody puts aside.
        """
        made: asyncio.Future[tuple[str, str]] = asyncio.get_running_loop().create_future()

        def choose(choice: str, text: str = "") -> None:
            if not made.done():
                made.set_result((choice, text))

        told: dict[str, Any] = {"urgency": self._words.Urgency.Critical}
        if dialog.entry:
            told["reply_field"] = self._words.ReplyField(
                title=dialog.entry, on_replied=lambda text: choose(dialog.choices[0], text)
            )
        buttons = dialog.choices[1:] if dialog.entry else dialog.choices
        told["buttons"] = tuple(
            self._words.Button(
                title=plain_text(one).rstrip(".").capitalize(), on_pressed=_chosen(choose, one)
            )
            for one in buttons
        )
        shown = await self._send(dialog.title, dialog.text, **told)
        try:
            return await made
        finally:
            if shown is not None:
                await self._clear(shown)

    async def _send(self, title: str, text: str, **told: Any) -> str | None:
        """Show it; returns its name."""
        body = plain_text(text)
        try:
            async with asyncio.timeout(_PATIENCE):
                sent: str = await self._notifier.send(
                    title=plain_text(title).rstrip("."),
                    message=html.escape(body, quote=False) if sys.platform == "linux" else body,
                    **told,
                )
        except Exception as error:  # noqa: BLE001 - whatever the desktop does, printing goes on
            log.warning("the desktop shows nothing: %s", error)
            return None
        return sent

    async def _clear(self, shown: str) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._notifier.clear(shown)
        except Exception as error:  # noqa: BLE001 - it may be gone already
            log.debug("a notification was not taken back: %s", error)


def _chosen(choose: Any, choice: str) -> Any:
    return lambda: choose(choice)


async def connected() -> Desktop:
    """The desktop of the user's session. Raises CommandError where there is none."""
    try:
        import desktop_notifier as words  # noqa: PLC0415 - an extra
    except ImportError:
        raise CommandError("--desktop needs more: pip install 'pagebell[desktop]'.") from None
    notifier = words.DesktopNotifier(app_name=_APP)
    try:
        async with asyncio.timeout(_PATIENCE):
            await notifier.get_capabilities()
    except Exception as error:  # noqa: BLE001 - each system has its own
        why = plain_text(str(error)).rstrip(".") or "it does not answer"
        raise CommandError(f"No desktop session can be reached: {why}. Leave --desktop out.") from None
    return Desktop(notifier, words)
