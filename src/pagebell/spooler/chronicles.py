"""All chronicles of the log: the server's, each printer's, and those of jobs that have subscriptions of their own."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from itertools import takewhile

from pagebell.model.event import Event, EventKind, JobId, PrinterId, ResourceId
from pagebell.model.subscription import SERVER, Scope, SubscriptionId
from pagebell.spooler.chronicle import NEVER, Chronicle, JobChronicle, PrintersChronicle, Track
from pagebell.spooler.ports import Count, Snapshot


class Chronicles:
    """Counts every event in at most three places, whoever listens. Gets events in log order."""

    def __init__(self) -> None:
        self.newest = 0
        """The number of the newest event that ever was,"""
        self.trimmed = 0
        """and of the newest that has left the log."""
        self.server = Chronicle(SERVER)
        self._printers: dict[PrinterId, Chronicle] = {}
        self._gone: set[PrinterId] = set()
        """Printers that are no more, while the log or a subscription remembers them."""
        self._of_printers: dict[Scope, PrintersChronicle] = {}
        """Those of some printers together, while they have subscriptions."""
        self._resources: dict[ResourceId, Chronicle] = {}
        self._jobs: dict[JobId, JobChronicle] = {}
        self._of_jobs: deque[tuple[int, JobChronicle]] = deque()
        """The log's events that job chronicles count, in order."""
        self._finished: dict[JobId, JobChronicle] = {}
        self.gapped: set[JobChronicle] = set()
        """Those of jobs that are or were finished, as far as the log goes back."""

    def __iter__(self) -> Iterator[Chronicle]:
        yield self.server
        yield from self._printers.values()
        yield from self._resources.values()
        yield from self._jobs.values()

    def get(self, scope: Scope, born: int) -> Chronicle:
        """Where the events of a scope are counted; a job's are from its first subscription on, when it is `born`."""
        if scope.resource is not None:
            return self._resource(scope.resource)
        if scope.printers:
            return self._together(scope)
        if scope.printer is None:
            return self.server
        printer = self._printer(scope.printer)
        if scope.job is None:
            return printer
        job = self._jobs.get(scope.job)
        if job is None:
            job = self._jobs[scope.job] = JobChronicle(scope, printer=printer, born=born)
        return job

    def members(self, scope: Scope) -> Sequence[SubscriptionId]:
        """The subscriptions of exactly that scope."""
        chronicle: Chronicle | None = self.server
        if scope.job is not None:
            chronicle = self._jobs.get(scope.job)
        elif scope.printer is not None:
            chronicle = self._printers.get(scope.printer)
        elif scope.resource is not None:
            chronicle = self._resources.get(scope.resource)
        elif scope.printers:
            chronicle = self._of_printers.get(scope)
        return () if chronicle is None else chronicle.members

    def of_system(self) -> list[Scope]:
        """What is subscribed to at the server: its own scope, and those of some printers together."""
        return [SERVER, *self._of_printers]

    def drop(self, chronicle: Chronicle) -> None:
        """A job and some printers without subscriptions need no chronicle; others stay."""
        self._of_printers.pop(chronicle.scope, None)
        job = chronicle.scope.job
        if isinstance(chronicle, JobChronicle) and job is not None:
            del self._jobs[job]
            self._finished.pop(job, None)
            self.gapped.discard(chronicle)

    # --- what happens ---

    def count(self, event: Event) -> Collection[Chronicle]:
        """Count an event; returns where."""
        number, kind = event.seq, event.kind
        self.newest = number
        self.server.add(kind, number)
        if event.resource is not None:
            resource = self._resource(event.resource)
            resource.add(kind, number)
            return self.server, resource
        if event.printer_id is None:
            return (self.server,)
        printer = self._printer(event.printer_id)
        printer.add(kind, number)
        job = None if event.job is None else self._jobs.get(event.job)
        if job is None or number <= job.born:
            return self.server, printer
        if kind is EventKind.JOB_CREATED:  # also of a job that is restarted
            job.open(number)
        if job.is_open:
            job.add(kind, number)
            self._of_jobs.append((number, job))
        if kind is EventKind.JOB_COMPLETED:
            self._close(job, number)
        return self.server, printer, job

    def finish(self, job: JobId, now: float) -> None:
        """The job has come to its end: nothing befalls it any more."""
        chronicle = self._jobs.get(job)
        if chronicle is None:
            return
        self._close(chronicle, self.newest)
        if chronicle.finished is None:
            chronicle.finished = now
            self._finished[job] = chronicle
            chronicle.wake()

    def reopen(self, job: JobId) -> None:
        """The job lives, perhaps again."""
        chronicle = self._jobs.get(job)
        if chronicle is not None:
            chronicle.open(self.newest + 1)
            chronicle.finished = None
            self._finished.pop(job, None)

    def over(self, finished_before: float) -> Iterator[SubscriptionId]:
        """Subscriptions of jobs that were finished by then, and those that came while their last printer went."""
        for job in self._finished.values():
            if job.finished is not None and job.finished <= finished_before:
                yield from job.members
        for number in self._gone:
            yield from self._printers[number].members
        for scope, printers in self._of_printers.items():
            if self._gone.issuperset(scope.printers):
                yield from printers.members

    def ended_by(self, number: int) -> list[SubscriptionId]:
        """Subscriptions of jobs that came to their end with that event or before."""
        ended = (
            chronicle
            for chronicle in self._finished.values()
            if chronicle.gaps and chronicle.gaps[-1][0] <= number
        )
        return [member for chronicle in ended for member in chronicle.members]

    def _close(self, chronicle: JobChronicle, number: int) -> None:
        chronicle.close(number)
        self.gapped.add(chronicle)

    def _printer(self, number: PrinterId) -> Chronicle:
        chronicle = self._printers.get(number)
        if chronicle is None:
            chronicle = self._printers[number] = Chronicle(Scope(number))
        return chronicle

    def _together(self, scope: Scope) -> PrintersChronicle:
        chronicle = self._of_printers.get(scope)
        if chronicle is None:
            printers = tuple(map(self._printer, scope.printers))
            chronicle = self._of_printers[scope] = PrintersChronicle(scope, printers=printers)
        return chronicle

    def _resource(self, number: ResourceId) -> Chronicle:
        chronicle = self._resources.get(number)
        if chronicle is None:
            chronicle = self._resources[number] = Chronicle(Scope(resource=number))
        return chronicle

    # --- forgetting ---

    def forget(self, resources: Iterable[ResourceId], printers: Iterable[PrinterId]) -> None:
        """These resources and printers are gone, and their subscriptions with them.

        What befell a printer stays as long as the log has it, or a subscription of some printers counts it.
        """
        for number in resources:
            self._resources.pop(number, None)
        self._gone.update(printers)

    def knows(self, printer: PrinterId) -> bool:
        """Whether the log or a subscription remembers a printer of that id."""
        return printer in self._printers

    def _forgotten(self, up_to: int) -> list[Chronicle]:
        """The printers that nothing remembers when the events up to that number have left the log."""
        if not self._gone:
            return []
        scopes = [*self._of_printers, *(job.scope for job in self._jobs.values())]
        named = {number for scope in scopes for number in scope.all_printers}
        found = (self._printers[number] for number in self._gone - named)
        return [printer for printer in found if printer.newest <= up_to]

    def counts(self, up_to: int) -> tuple[Count, ...]:
        """The counts that are new when the events up to that number leave the log."""
        forgotten = self._forgotten(up_to)
        counted: list[Chronicle] = [self.server, *self._printers.values(), *self._resources.values()]
        counted += {
            job: None for _, job in takewhile(lambda one: one[0] <= up_to, self._of_jobs) if job.members
        }
        return tuple(
            Count(chronicle.scope, kind, found, chronicle.born if isinstance(chronicle, JobChronicle) else 0)
            for chronicle in counted
            if chronicle not in forgotten
            for kind, track in chronicle.tracks.items()
            if (found := track.count(up_to)) != track.before
        ) + tuple(Count(chronicle.scope, kind, 0) for chronicle in forgotten for kind in chronicle.tracks)

    def trim(self, up_to: int, counts: Iterable[Count]) -> None:
        """The events up to that number have left the log, and these counts are stored."""
        self.trimmed = max(self.trimmed, up_to)
        for printer in {count.scope.printer for count in counts if not count.trimmed}:
            if printer in self._gone:
                self._gone.discard(printer)
                del self._printers[printer]
        for gapped in list(self.gapped):
            gapped.trim_gaps(up_to)
            if not gapped.gaps:
                self.gapped.discard(gapped)
        for chronicle in (self.server, *self._printers.values(), *self._resources.values()):
            chronicle.trim(up_to)
        while self._of_jobs and self._of_jobs[0][0] <= up_to:
            self._of_jobs.popleft()[1].trim(up_to)

    # --- after a restart ---

    def restore(self, snapshot: Snapshot) -> None:
        """Begin where the log stood at the last stop; `replay` of all its events follows, then `resume`."""
        self.newest = snapshot.last_event
        self.trimmed = snapshot.last_event if snapshot.first_event is None else snapshot.first_event - 1
        births = dict(snapshot.births)
        for subscription in snapshot.subscriptions:
            job = subscription.scope.job
            self.get(subscription.scope, 0 if job is None else births[job])
        for count in snapshot.counts:
            if count.scope.job is None or count.scope.job in self._jobs:
                self.get(count.scope, 0).tracks[count.kind] = Track(count.trimmed)

    def replay(self, events: Iterable[Event]) -> None:
        """The log's events, in order."""
        for event in events:
            chronicle = None if event.job is None else self._jobs.get(event.job)
            if chronicle is not None and event.kind is EventKind.JOB_CREATED:
                self._created(chronicle, event.seq)
            self.count(event)

    def _created(self, chronicle: JobChronicle, number: int) -> None:
        """Nothing befell the job before that event: it was restarted; or it is new, and nobody has counted yet."""
        if number > chronicle.born and not chronicle.gaps:
            chronicle.was_closed(max(chronicle.born, self.trimmed), number - 1)
            self.gapped.add(chronicle)

    def resume(self, living: Container[JobId], printers: Container[PrinterId]) -> None:
        """All has been replayed: `living` are the jobs that were not finished by then, `printers` those that are."""
        self._gone = {number for number in self._printers if number not in printers}
        for job, chronicle in self._jobs.items():
            if job not in living and chronicle.is_open:  # it was finished when its first subscription came
                chronicle.was_closed(max(chronicle.born, self.trimmed), NEVER)
                self.gapped.add(chronicle)
