"""The living jobs, in the order in which they will be printed."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterator

from pagebell.model.event import JobId, JobState, PrinterName, ResourceId
from pagebell.model.job import Job
from pagebell.spooler.ports import JobQuery

_Key = tuple[bool, int, float, int]


def _key(job: Job) -> _Key:
    return job.place


class Roster:
    """Jobs in no final state, as last stored. Kept true by `apply`, which sees every stored version in order."""

    def __init__(self) -> None:
        self._jobs: dict[JobId, Job] = {}
        self._living: dict[PrinterName, list[_Key]] = {}
        self._ready: dict[PrinterName, list[_Key]] = {}
        self._open: set[JobId] = set()
        self._timed: set[JobId] = set()
        self._uses: Counter[ResourceId] = Counter()

    def apply(self, job: Job) -> None:
        """Take the job's newest stored version."""
        old = self._jobs.get(job.id)
        if old is not None:
            self._take_out(old)
        if job.state.is_final:
            self._jobs.pop(job.id, None)
            return
        self._jobs[job.id] = job
        key = job.place
        insort(self._living.setdefault(job.printer, []), key)
        if _is_ready(job):
            insort(self._ready.setdefault(job.printer, []), key)
        if job.open:
            self._open.add(job.id)
        if job.hold_until is not None:
            self._timed.add(job.id)
        self._uses.update(job.allocated)

    def uses(self, resource: ResourceId) -> int:
        """How many of them use it."""
        return self._uses[resource]

    def _take_out(self, old: Job) -> None:
        """Forget where the last version stood."""
        key = old.place
        _remove(self._living[old.printer], key)
        if _is_ready(old):
            _remove(self._ready[old.printer], key)
        self._open.discard(old.id)
        self._timed.discard(old.id)
        self._uses.subtract(old.allocated)

    def get(self, job: JobId) -> Job | None:
        """The job, if it lives."""
        return self._jobs.get(job)

    def next(self, printer: PrinterName) -> Job | None:
        """What that printer should print next."""
        ready = self._ready.get(printer)
        return self._jobs[JobId(ready[0][-1])] if ready else None

    def living(self, printer: PrinterName | None = None) -> Iterator[Job]:
        """Its living jobs (or everybody's), in the order of printing."""
        if printer is not None:
            return (self._jobs[JobId(number)] for *_, number in tuple(self._living.get(printer, ())))
        return iter(sorted(self._jobs.values(), key=_key))

    def open(self) -> list[Job]:
        """Those that wait for more documents."""
        return [self._jobs[number] for number in sorted(self._open)]

    def due(self, now: float) -> list[Job]:
        """Those that are held until a time that has come, in the order of printing."""
        timed = (self._jobs[number] for number in self._timed)
        return sorted((job for job in timed if (job.hold_until or now) <= now), key=_key)

    def select(self, query: JobQuery) -> Iterator[Job]:
        """The living jobs that a query asks for, in the order of printing; `limit` and `offset` are the caller's."""
        for job in self.living(query.printer):
            if query.owner is not None and job.owner != query.owner:
                continue
            if query.states is None or job.state in query.states:
                yield job

    def ahead(self, job: Job) -> int:
        """How many living jobs stand before it at its printer (IPP number-of-intervening-jobs)."""
        return bisect_left(self._living.get(job.printer, []), _key(job))

    def would_move(self, old: Job, new: Job) -> bool:
        """Whether a living job would pass another one at its printer."""
        ahead = self.ahead(old)
        return self.ahead(new) not in (ahead, ahead + 1)  # itself may be what it would stand behind

    def count(self, printer: PrinterName | None = None) -> int:
        """How many live."""
        return len(self._jobs) if printer is None else len(self._living.get(printer, ()))


def _is_ready(job: Job) -> bool:
    return job.state is JobState.PENDING and not job.open


def _remove(keys: list[_Key], key: _Key) -> None:
    del keys[bisect_left(keys, key)]
