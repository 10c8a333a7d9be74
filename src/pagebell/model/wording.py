"""What people read of an event, in their language (notify-text, RFC 3995 9.2).

What a device or an operator said stays in their own words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pagebell.model.event import Event, EventKind, JobState, PrinterState

DEFAULT_LANGUAGE: Final = "en"


@dataclass(frozen=True, slots=True)
class Wording:
    """A language's sentences; `{...}` stands for what differs."""

    job: str
    printer: str
    progress: str
    progress_of: str
    other: str
    jobs: dict[JobState, str]
    printers: dict[PrinterState, str]
    missed: str
    farewell: str
    """At a message's end: who wanted them, and how to end it."""


WORDINGS: Final[dict[str, Wording]] = {
    "en": Wording(
        job="Job {job} {state}",
        printer="Printer {printer} {state}",
        progress="Job {job} has printed {done} pages.",
        progress_of="Job {job} has printed {done} of {all} pages.",
        other="{kind} at printer {printer}.",
        jobs={
            JobState.PENDING: "is waiting",
            JobState.PENDING_HELD: "is held",
            JobState.PROCESSING: "is printing",
            JobState.PROCESSING_STOPPED: "has stopped",
            JobState.CANCELED: "was canceled",
            JobState.ABORTED: "was aborted",
            JobState.COMPLETED: "is completed",
        },
        printers={
            PrinterState.IDLE: "is idle",
            PrinterState.PROCESSING: "is printing",
            PrinterState.STOPPED: "has stopped",
        },
        missed="{count} earlier messages were dropped before they could be delivered.",
        farewell="{owner} asked for these messages (subscription {number}). To end them: "
        "pagebell subscriptions cancel {number}",
    ),
    "de": Wording(
        job="Auftrag {job} {state}",
        printer="Drucker {printer} {state}",
        progress="Auftrag {job}: {done} Seiten sind gedruckt.",
        progress_of="Auftrag {job}: {done} von {all} Seiten sind gedruckt.",
        other="{kind} am Drucker {printer}.",
        jobs={
            JobState.PENDING: "wartet",
            JobState.PENDING_HELD: "wird zurückgehalten",
            JobState.PROCESSING: "wird gedruckt",
            JobState.PROCESSING_STOPPED: "ist angehalten",
            JobState.CANCELED: "wurde abgebrochen",
            JobState.ABORTED: "ist fehlgeschlagen",
            JobState.COMPLETED: "ist fertig",
        },
        printers={
            PrinterState.IDLE: "ist bereit",
            PrinterState.PROCESSING: "druckt",
            PrinterState.STOPPED: "ist angehalten",
        },
        missed="{count} frühere Nachrichten konnten nicht rechtzeitig zugestellt werden und sind verloren.",
        farewell="{owner} hat diese Nachrichten bestellt (Abonnement {number}). Abbestellen: "
        "pagebell subscriptions cancel {number}",
    ),
    "fr": Wording(
        job="La tâche {job} {state}",
        printer="L’imprimante {printer} {state}",
        progress="Tâche {job} : {done} pages sont imprimées.",
        progress_of="Tâche {job} : {done} pages sur {all} sont imprimées.",
        other="{kind} sur l’imprimante {printer}.",
        jobs={
            JobState.PENDING: "est en attente",
            JobState.PENDING_HELD: "est retenue",
            JobState.PROCESSING: "est en cours d’impression",
            JobState.PROCESSING_STOPPED: "est arrêtée",
            JobState.CANCELED: "a été annulée",
            JobState.ABORTED: "a échoué",
            JobState.COMPLETED: "est terminée",
        },
        printers={
            PrinterState.IDLE: "est prête",
            PrinterState.PROCESSING: "imprime",
            PrinterState.STOPPED: "est arrêtée",
        },
        missed="{count} messages antérieurs n’ont pas pu être remis à temps et sont perdus.",
        farewell="{owner} a demandé ces messages (abonnement {number}). Pour les arrêter : "
        "pagebell subscriptions cancel {number}",
    ),
    "es": Wording(
        job="El trabajo {job} {state}",
        printer="La impresora {printer} {state}",
        progress="Trabajo {job}: se han impreso {done} páginas.",
        progress_of="Trabajo {job}: se han impreso {done} de {all} páginas.",
        other="{kind} en la impresora {printer}.",
        jobs={
            JobState.PENDING: "está en espera",
            JobState.PENDING_HELD: "está retenido",
            JobState.PROCESSING: "se está imprimiendo",
            JobState.PROCESSING_STOPPED: "está detenido",
            JobState.CANCELED: "se ha cancelado",
            JobState.ABORTED: "ha fallado",
            JobState.COMPLETED: "ha terminado",
        },
        printers={
            PrinterState.IDLE: "está lista",
            PrinterState.PROCESSING: "está imprimiendo",
            PrinterState.STOPPED: "está detenida",
        },
        missed="{count} mensajes anteriores no se pudieron entregar a tiempo y se han perdido.",
        farewell="{owner} pidió estos mensajes (suscripción {number}). Para terminarlos: "
        "pagebell subscriptions cancel {number}",
    ),
}
LANGUAGES: Final = tuple(WORDINGS)


def language_for(wish: str) -> str:
    """The language that is nearest to a wish such as `de-CH`: by its beginning, or English (RFC 5646)."""
    first = wish.lower().partition("-")[0]
    return first if first in WORDINGS else DEFAULT_LANGUAGE


def wording(language: str) -> Wording:
    """The sentences of the language nearest to that one."""
    return WORDINGS[language_for(language)]


def event_text(event: Event, language: str = DEFAULT_LANGUAGE) -> str:
    """The event as a sentence."""
    words = wording(language)
    if event.job_status is not None:
        job = event.job_status
        if event.kind is EventKind.JOB_PROGRESS:
            sentence = words.progress if job.impressions is None else words.progress_of
            return sentence.format(job=event.job, done=job.impressions_completed, all=job.impressions)
        return _told(words.job.format(job=event.job, state=words.jobs[job.state]), job.message)
    if event.printer_status is not None:
        printer = event.printer_status
        return _told(
            words.printer.format(printer=event.printer, state=words.printers[printer.state]), printer.message
        )
    return words.other.format(kind=event.kind.value, printer=event.printer)


def _told(sentence: str, message: str) -> str:
    return f"{sentence}: {message}" if message else f"{sentence}."
