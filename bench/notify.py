"""Measurements of the notification service: subscriptions that are there, readers that wait, readers that poll."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import psutil

from bench.load import questions, request, run, text
from bench.stage import KILO, ROUNDS, Figures, Subject, cups, ippserver, ours
from bench.subscribing import Crowd, Line, ask, ids_of_new, subscribe
from pagebell.ipp import registry as r
from pagebell.ipp.codec import GroupTag
from pagebell.ipp.registry import Op

LEVELS = (0, 100, 1_000, 10_000, 100_000)
"""Live subscriptions."""
CUPS_LEVELS = (0, 100, 1_000, 10_000)
"""With 10,000 it takes four jobs a second."""
CROWDS = (1, 1_000, 10_000)
BURSTS = 10
EVENTS_READ = 40
JOBS = 200
"""Jobs that wait on the printer and have subscriptions."""
SECONDS = 2.0


def notifications(figures: Figures, folder: Path, *, peer: bool) -> None:
    """All of them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with ExitStack() as stack:
        none = stack.enter_context(ours(folder / "none"))
        some = stack.enter_context(ours(folder / "some"))
        live_subscriptions(figures, none, some)
    if peer:
        with cups(folder / "cups-live", _NO_LIMITS) as subject:
            live_at_cups(figures, subject)
    with ExitStack() as stack:
        subjects = [stack.enter_context(ours(folder / "polled"))]
        if peer:
            subjects.append(stack.enter_context(cups(folder / "cups-polled", _NO_LIMITS)))
            if shutil.which("ippserver"):
                subjects.append(stack.enter_context(ippserver(folder / "ippserver")))
        polling(figures, subjects)
    with ours(folder / "waited") as subject:
        waiting(figures, subject)
    log_alone(figures, folder)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


_NO_LIMITS = "".join(
    f"{name} 0\n" for name in ("MaxSubscriptions", "MaxSubscriptionsPerPrinter", "MaxSubscriptionsPerUser")
)


def memory(subject: Subject) -> int:
    """Octets that a server has in memory now."""
    return int(psutil.Process(subject.pid).memory_info().rss)


def spent(subject: Subject) -> float:
    """Seconds of a processor that a server has used."""
    times = psutil.Process(subject.pid).cpu_times()
    return float(times.user + times.system)


# --- subscriptions that are there ---


def jobs_a_second(subject: Subject) -> float:
    """Print-Job at 8 connections."""
    octets = request(Op.PRINT_JOB, subject.uri, text(4 * KILO))
    return asyncio.run(run(subject.uri, octets, 8, SECONDS, 10**9))["per_second"]


def waiting_jobs(subject: Subject, count: int) -> list[int]:
    """Print so many jobs; returns their ids."""
    asyncio.run(run(subject.uri, request(Op.PRINT_JOB, subject.uri, text(KILO)), 8, 60.0, count))
    return list(range(1, count + 1))


def live_subscriptions(figures: Figures, none: Subject, some: Subject) -> None:
    """Jobs a second with subscriptions, in turn with a server that has none."""
    jobs = waiting_jobs(some, JOBS)
    waiting_jobs(none, JOBS)
    before = 0
    for level in LEVELS:
        if level:
            held = memory(some)
            made = asyncio.run(subscribe(some.uri, level - before, jobs))
            if level == LEVELS[-1]:
                figures.add("subscriptions made, 20 in a request", "/s", "Pagebell", made)
                each = (memory(some) - held) / (level - before) / KILO
                figures.add("memory of an idle subscription", "KB", "Pagebell", each)
            before = level
        rates: dict[str, list[float]] = {"none": [], "some": []}
        cost: dict[str, list[float]] = {"none": [], "some": []}
        for _ in range(ROUNDS):
            for name, subject in (("none", none), ("some", some)):
                begun = spent(subject)
                rates[name].append(jobs_a_second(subject))
                cost[name].append((spent(subject) - begun) / rates[name][-1] / SECONDS)
        label = f"with {level:,} subscriptions"
        rate = median(rates["some"])
        figures.add(f"Print-Job, 4 KB, 8 connections, {label}", "/s", "Pagebell", rate)
        share = 100 * rate / median(rates["none"])
        figures.add(f"the same, {label}, of the rate without", "%", "Pagebell", share)
        share = 100 * median(cost["some"]) / median(cost["none"])
        figures.add(f"processor time of a job {label}, of that without", "%", "Pagebell", share)


def live_at_cups(figures: Figures, subject: Subject) -> None:
    """The same at cupsd, as far as it goes."""
    jobs = waiting_jobs(subject, JOBS)
    before = 0
    for level in CUPS_LEVELS:
        if level:
            asyncio.run(subscribe(subject.uri, level - before, jobs, groups=1))
            before = level
        rate = median(jobs_a_second(subject) for _ in range(1 if level > 1_000 else ROUNDS))
        figures.add(f"Print-Job, 4 KB, 8 connections, with {level:,} subscriptions", "/s", "cupsd", rate)


# --- readers that poll ---


def polling(figures: Figures, subjects: list[Subject]) -> None:
    """Get-Notifications of some tens of events, in turn."""
    requests = {subject.name: asyncio.run(_with_events(subject.uri)) for subject in subjects}
    for connections in (1, 8):
        found: dict[str, list[float]] = {subject.name: [] for subject in subjects}
        for _ in range(ROUNDS):
            for subject in subjects:
                rate = questions(subject.uri, requests[subject.name], connections, SECONDS)
                found[subject.name].append(rate)
        for name, rates in found.items():
            what = f"Get-Notifications of {EVENTS_READ} events, {connections} connections"
            figures.add(what, "/s", name, median(rates))


async def _with_events(uri: str) -> bytes:
    """The request that reads a subscription with so many events."""
    (number,) = await ids_of_new(uri, 1, ("printer-state-changed",))
    line = await Line.open(uri)
    ids, first = r.notify_subscription_ids(number), r.notify_sequence_numbers(1)
    told = 0
    while told < EVENTS_READ:
        await line.ask(Op.RESUME_PRINTER)
        await line.ask(Op.PAUSE_PRINTER)
        answer = await line.ask(Op.GET_NOTIFICATIONS, ids, first)
        told = len(answer.groups_of(GroupTag.EVENT_NOTIFICATION))
    line.close()
    return ask(uri, Op.GET_NOTIFICATIONS, ids, first)


# --- readers that wait ---


def waiting(figures: Figures, subject: Subject) -> None:
    """How soon they know, and what they cost."""
    for count in CROWDS:
        asyncio.run(_crowd(figures, subject, count))


async def _crowd(figures: Figures, subject: Subject, count: int) -> None:
    ids = await ids_of_new(subject.uri, count, ("printer-state-changed",))
    held, crowd = memory(subject), Crowd(subject.uri)
    crowd.gather(ids)
    line = await Line.open(subject.uri)
    if count == CROWDS[-1]:
        figures.add("memory of a waiting reader", "KB", "Pagebell", (memory(subject) - held) / count / KILO)
    times: list[float] = []
    begun = spent(subject)
    bursts = BURSTS if count > 1 else 20 * BURSTS
    for turn in range(bursts):
        times += await crowd.burst(line, (Op.RESUME_PRINTER, Op.PAUSE_PRINTER)[turn % 2])
    times.sort()
    label = f"from a change to {count:,} waiting reader{'s' if count > 1 else ''}"
    figures.add(f"{label}, p50", "ms", "Pagebell", times[len(times) // 2])
    figures.add(f"{label}, p99", "ms", "Pagebell", times[int(len(times) * 0.99)])
    each = (spent(subject) - begun) / bursts / count * 1e6
    figures.add(f"{label}, processor time each", "µs", "Pagebell", each)
    crowd.close()
    line.close()


# --- the log alone ---


def log_alone(figures: Figures, folder: Path) -> None:
    """Events a second, without protocols."""
    command = [sys.executable, "-m", "bench.log", str(folder / "log")]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, env=os.environ).stdout)
    for what, value in found.items():
        figures.add(what, "/s", "Pagebell", value)
