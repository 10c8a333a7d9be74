"""Run in a network namespace: takes a print server's calls for one cookie, and prints what they tell as JSON lines.

answer_calls.py ADDRESS COOKIE
"""

import asyncio
import json
import sys

from pagebell.winspool.client.answering import Answering


async def main(address: str, cookie: int) -> None:
    answering = Answering()
    box = answering.mailbox(cookie)
    async with answering.serving(address):
        print(json.dumps("ready"), flush=True)
        closed = asyncio.ensure_future(box.closed.wait())
        while not closed.done():
            news = asyncio.ensure_future(box.news.get())
            await asyncio.wait({news, closed}, return_when=asyncio.FIRST_COMPLETED)
            if news.done():
                print(json.dumps(news.result().flags), flush=True)
            news.cancel()
        print(json.dumps("closed"), flush=True)


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
