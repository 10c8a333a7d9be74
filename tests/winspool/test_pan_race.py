"""Who has a dialog: the first whose answer arrives, and nobody else, ever. [MS-PAN] 3.1.1.4.4"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter

from pagebell.model.dialog import Addressees, Answer, Question
from pagebell.winspool.asyncui import OK, MessageBoxReply
from pagebell.winspool.asyncui_xml import write_response
from pagebell.winspool.idl.pan import PanResult
from pagebell.winspool.pan_client import Channel, Wanted, notifications
from tests.unit.spooler.stage import P1
from tests.winspool.pan_calls import client
from tests.winspool.raw_pan import raw_client
from tests.winspool.stand import PASSWORD, stand

QUEUE = r"\\127.0.0.1\p1"
YES = write_response(MessageBoxReply(OK))
ROUNDS, AT_ONCE = 1000, 100


async def test_of_three_who_race_exactly_one_acquires_each_of_a_thousand_dialogs() -> None:
    """Two of our clients, and one on a socket whose octets and whose NTLM are not ours."""
    won: Counter[str] = Counter()
    async with contextlib.AsyncExitStack() as stack:
        here = await stack.enter_async_context(stand())
        raw = await stack.enter_async_context(raw_client(here.port, "root", PASSWORD))
        remote = await raw.create()
        assert await raw.register(remote, QUEUE) == 0
        ours = {}
        for user in ("ada", "bob"):
            rpc = await stack.enter_async_context(client(here, user))
            ours[user] = await stack.enter_async_context(notifications(rpc, Wanted(QUEUE)))

        async def answer(user: str, channel: Channel) -> str:
            return user if await channel.close(YES) else ""

        async def answer_raw(channel: bytes) -> str:
            result = await raw.close_channel(channel, YES)
            assert result in (0, PanResult.ACQUIRED_BY_ANOTHER)
            return "" if result else "root"

        for _ in range(ROUNDS // AT_ONCE):
            question = Question("Turn the pages", "Put them back into the tray.")
            dialogs = [await here.spooler.dialogs.open(Addressees(P1), question) for _ in range(AT_ONCE)]
            theirs = await raw.channels(remote)
            while len(theirs) < AT_ONCE:
                theirs += await raw.channels(remote)
            arrived = {user: [await anext(news) for _ in range(AT_ONCE)] for user, news in ours.items()}
            for number, dialog in enumerate(dialogs):
                racers = [answer_raw(theirs[number])]
                for user, channels in arrived.items():
                    channel = channels[number]
                    assert isinstance(channel, Channel)
                    racers.append(answer(user, channel))
                first = number % 3  # each has the first word in turn
                results = await asyncio.gather(*racers[first:], *racers[:first])
                (winner,) = filter(None, results)
                won[winner] += 1
                assert await dialog.answered() == Answer("ok")
                assert dialog.status.answered_by == winner
                assert not dialog.status.is_open
    assert won.total() == ROUNDS
    assert won.keys() == {"ada", "bob", "root"}, won
