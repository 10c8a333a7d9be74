"""People of a domain, by Samba's helper `ntlm_auth`: winbindd passes what they prove on to a domain controller.

One helper runs as long as it is needed, and answers one question after another. Its lines are `Name: value` or
`Name:: base64`, and a full stop ends a question (ntlm_auth(1), `ntlm-server-1`). A full stop also ends an answer, but
a proof that was wrong gets two, so that somebody's refusal would be the next one's answer, and theirs somebody
else's: each question is therefore followed by one that makes no sense, with a number of its own, and the answer ends
where that is complained of. `wbinfo` beside it knows how somebody is written, and in which groups they are.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pagebell.dcerpc.ntlm import Claim
from pagebell.dcerpc.pac import DOMAIN_GROUPS, named
from pagebell.dcerpc.security import Principal, SecurityError

log = logging.getLogger(__name__)
_SECONDS: Final = 10.0
"""For an answer; a domain controller far away may take its time."""
_LINES: Final = 20
_KNOWN_SECONDS: Final = 300.0
_KNOWN: Final = 1000
_MOST_GROUPS: Final = 5000
_KEY: Final = 16


class WinbindError(SecurityError):
    """The helper does not answer as it should: nobody of the domain comes in."""


@dataclass(frozen=True, slots=True)
class _Person:
    name: str
    domain: str
    groups: frozenset[str]


class Winbind:
    """`ntlm.Credentials` of a domain."""

    def __init__(self, helper: Path, *, now: Callable[[], float] = time.monotonic) -> None:
        """`helper` is ntlm_auth's path."""
        self._helper, self._now = helper, now
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._people: OrderedDict[tuple[str, str], tuple[_Person, float]] = OrderedDict()
        self._own: str | None = None

    async def session_key(self, claim: Claim) -> tuple[bytes, Principal]:
        """Let the domain check the proof."""
        answer = await self._ask(
            ("Username", claim.user),
            ("NT-Domain", claim.domain),
            ("LANMAN-Challenge", claim.challenge.hex()),
            ("NT-Response", claim.response.hex()),
            ("Request-User-Session-Key", "Yes"),
        )
        if answer.get("Authenticated") != "Yes":
            raise SecurityError(f"no proof for {claim.domain}\\{claim.user}: {_why(answer)}")
        try:
            key = bytes.fromhex(answer.get("User-Session-Key", ""))
        except ValueError:
            key = b""
        if len(key) != _KEY:
            raise WinbindError("ntlm_auth gives no session key")
        return key, await self._principal(claim.domain, claim.user)

    async def prove(self, domain: str, user: str, password: str) -> Principal:
        """Let the domain check a password. Raises SecurityError."""
        answer = await self._ask(("Username", user), ("NT-Domain", domain), ("Password", password))
        if answer.get("Authenticated") != "Yes":
            raise SecurityError(f"no proof for {domain}\\{user}: {_why(answer)}")
        return await self._principal(domain, user)

    async def aclose(self) -> None:
        """End the helper."""
        async with self._turn:
            await self._end()

    async def _ask(self, *question: tuple[str, str]) -> dict[str, str]:
        """The lines of an answer. Raises SecurityError for a name that is none, WinbindError."""
        if any(c < " " for name, value in question if name != "Password" for c in value):
            raise SecurityError("a name with control characters")
        async with self._turn, contextlib.AsyncExitStack() as unanswered:
            # What it still says would be taken for an answer to somebody else's question.
            unanswered.push_async_callback(self._end)
            try:
                async with asyncio.timeout(_SECONDS):
                    answer = await self._exchange(question)
            except (OSError, TimeoutError, ValueError, EOFError) as error:
                raise WinbindError(f"ntlm_auth does not answer: {str(error) or 'too slow'}") from None
            unanswered.pop_all()
            return answer

    async def _exchange(self, question: tuple[tuple[str, str], ...]) -> dict[str, str]:
        process = await self._running()
        assert process.stdin is not None and process.stdout is not None
        fence = f"Fence-{secrets.token_hex(8)}"
        text = "".join(f"{name}:: {base64.b64encode(value.encode()).decode()}\n" for name, value in question)
        process.stdin.write(f"{text}.\n{fence}: x\n".encode())
        await process.stdin.drain()
        answer: dict[str, str] = {}
        for _ in range(_LINES):
            line = await process.stdout.readline()
            if not line.endswith(b"\n"):
                raise EOFError("it ended")
            name, _, value = line.decode("utf-8", "replace").strip().partition(": ")
            if value == f"Unknown request {fence}":
                await process.stdout.readline()
                return answer
            answer.setdefault(name, value)
        raise ValueError("it talks too much")

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                self._helper,
                "--helper-protocol=ntlm-server-1",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
        return self._process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        await _kill(process)
        if process.stdin is not None:
            process.stdin.close()

    # --- who it is ---

    async def _principal(self, domain: str, user: str) -> Principal:
        """Somebody who is proved; of the server's own domain by the name alone."""
        key = domain.casefold(), user.casefold()
        found = self._people.get(key)
        if found is None or found[1] < self._now():
            person = await self._look_up(domain, user)
            self._people[key] = person, self._now() + _KNOWN_SECONDS
            while len(self._people) > _KNOWN:
                self._people.popitem(last=False)
        else:
            person = found[0]
        if self._own is None:
            self._own = (await self._wbinfo("--own-domain")).strip()
        own = person.domain.casefold() == self._own.casefold()
        name = person.name if own else f"{person.name}@{person.domain}"
        return Principal(
            name, person.domain, mechanism="ntlm", groups=person.groups, realm=person.domain or "winbind"
        )

    async def _look_up(self, domain: str, user: str) -> _Person:
        sid = (await self._wbinfo("--name-to-sid", f"{domain}\\{user}" if domain else user)).partition(" ")[0]
        written = (await self._wbinfo("--sid-to-name", sid)).strip().rpartition(" ")[0]
        place, backslash, name = written.partition("\\")
        if not sid.startswith("S-1-") or not backslash or not name:
            raise WinbindError(f"wbinfo does not know {domain}\\{user}")
        try:
            told = (await self._wbinfo("--user-sids", sid)).split()[:_MOST_GROUPS]
        except WinbindError:  # somebody of a machine that is in no domain
            told = [sid]
        own = sid.rpartition("-")[0]
        known = {DOMAIN_GROUPS[rid] for rid in DOMAIN_GROUPS if f"{own}-{rid}" in told}
        return _Person(name, place, named(told) | known)

    async def _wbinfo(self, *argv: str) -> str:
        """What wbinfo says. Raises WinbindError."""
        try:
            process = await asyncio.create_subprocess_exec(
                self._helper.with_name("wbinfo"),
                *argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except OSError as error:
            raise WinbindError(f"wbinfo can't be run: {error.strerror}") from None
        try:
            async with asyncio.timeout(_SECONDS):
                told, _ = await process.communicate()
        except TimeoutError:
            raise WinbindError("wbinfo does not answer") from None
        finally:
            await _kill(process)
        if process.returncode:
            raise WinbindError(f"wbinfo {argv[0]} fails")
        return told.decode("utf-8", "replace")


async def _kill(process: asyncio.subprocess.Process) -> None:
    """End it, if it has not ended, and wait until it has."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    await process.wait()


def _why(answer: dict[str, str]) -> str:
    return answer.get("Authentication-Error") or answer.get("Error") or "no reason told"
