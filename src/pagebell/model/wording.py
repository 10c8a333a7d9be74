"""What people read of an event, in their language (notify-text, RFC 3995 9.2).

What a device or an operator said stays in their own words.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Final

from pagebell.model.event import Event, EventKind, JobState, PrinterState, ResourceState

DEFAULT_LANGUAGE: Final = "en"


@dataclass(frozen=True, slots=True)
class Wording:
    """A language's sentences; `{...}` stands for what differs."""

    job: str
    printer: str
    server: str
    resource: str
    progress: str
    progress_of: str
    other: str
    jobs: dict[JobState, str]
    printers: dict[PrinterState, str]
    servers: dict[PrinterState, str]
    resources: dict[ResourceState, str]
    kinds: dict[EventKind, str]
    """What happened, where that says more than the state after it."""
    timed: str
    """A sentence with the time of what it tells,"""
    months: str
    """and the months' names in it, with spaces between."""
    missed: str
    farewell: str
    """At a message's end: who wanted them, and how to end it."""


WORDINGS: Final[dict[str, Wording]] = {
    "en": Wording(
        job="Job {job} at printer {printer} {state}",
        server="The print server {state}",
        resource="Resource {resource} ({name}) {state}",
        printer="Printer {printer} {state}",
        progress="Job {job} at printer {printer} has printed {done} pages.",
        progress_of="Job {job} at printer {printer} has printed {done} of {all} pages.",
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
        servers={
            PrinterState.IDLE: "is idle",
            PrinterState.PROCESSING: "is printing",
            PrinterState.STOPPED: "has stopped: no printer prints",
        },
        resources={
            ResourceState.PENDING: "has been created",
            ResourceState.AVAILABLE: "has its data",
            ResourceState.INSTALLED: "has been installed",
            ResourceState.CANCELED: "has been canceled",
            ResourceState.ABORTED: "was aborted",
        },
        kinds={
            EventKind.JOB_CREATED: "has come in",
            EventKind.JOB_CONFIG_CHANGED: "has been changed",
            EventKind.PRINTER_CREATED: "has been added",
            EventKind.PRINTER_DELETED: "has been removed",
            EventKind.PRINTER_CONFIG_CHANGED: "has new settings",
            EventKind.PRINTER_MEDIA_CHANGED: "has other media loaded",
            EventKind.PRINTER_FINISHINGS_CHANGED: "finishes differently now",
            EventKind.PRINTER_QUEUE_ORDER_CHANGED: "prints its jobs in another order",
            EventKind.PRINTER_RESTARTED: "has been restarted",
            EventKind.PRINTER_SHUTDOWN: "has been shut down",
            EventKind.DIALOG_OPENED: "asks somebody something",
            EventKind.DIALOG_CLOSED: "has its answer, or asks no more",
            EventKind.NOTICE: "says something to somebody",
            EventKind.RESOURCE_CONFIG_CHANGED: "has been changed",
            EventKind.SYSTEM_RESTARTED: "has been restarted",
            EventKind.SYSTEM_SHUTDOWN: "is shutting down",
            EventKind.SYSTEM_CONFIG_CHANGED: "has new settings",
        },
        timed="{sentence} ({day} {month} {year}, {time})",
        months="January February March April May June July August September October November December",
        missed="{count} earlier messages were dropped before they could be delivered.",
        farewell="{owner} asked for these messages (subscription {number}). To end them: "
        "pagebell subscriptions cancel {number}",
    ),
    "de": Wording(
        job="Auftrag {job} am Drucker {printer} {state}",
        server="Der Druckserver {state}",
        resource="Ressource {resource} ({name}) {state}",
        printer="Drucker {printer} {state}",
        progress="Auftrag {job} am Drucker {printer}: {done} Seiten sind gedruckt.",
        progress_of="Auftrag {job} am Drucker {printer}: {done} von {all} Seiten sind gedruckt.",
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
        servers={
            PrinterState.IDLE: "ist bereit",
            PrinterState.PROCESSING: "druckt",
            PrinterState.STOPPED: "steht: kein Drucker druckt",
        },
        resources={
            ResourceState.PENDING: "wurde angelegt",
            ResourceState.AVAILABLE: "hat ihre Daten",
            ResourceState.INSTALLED: "wurde installiert",
            ResourceState.CANCELED: "wurde zurückgezogen",
            ResourceState.ABORTED: "ist fehlgeschlagen",
        },
        kinds={
            EventKind.JOB_CREATED: "ist eingegangen",
            EventKind.JOB_CONFIG_CHANGED: "wurde geändert",
            EventKind.PRINTER_CREATED: "wurde hinzugefügt",
            EventKind.PRINTER_DELETED: "wurde entfernt",
            EventKind.PRINTER_CONFIG_CHANGED: "hat neue Einstellungen",
            EventKind.PRINTER_MEDIA_CHANGED: "hat anderes Papier",
            EventKind.PRINTER_FINISHINGS_CHANGED: "verarbeitet jetzt anders weiter",
            EventKind.PRINTER_QUEUE_ORDER_CHANGED: "druckt seine Aufträge in anderer Reihenfolge",
            EventKind.PRINTER_RESTARTED: "wurde neu gestartet",
            EventKind.PRINTER_SHUTDOWN: "wurde heruntergefahren",
            EventKind.DIALOG_OPENED: "fragt jemanden etwas",
            EventKind.DIALOG_CLOSED: "hat eine Antwort oder fragt nicht mehr",
            EventKind.NOTICE: "teilt jemandem etwas mit",
            EventKind.RESOURCE_CONFIG_CHANGED: "wurde geändert",
            EventKind.SYSTEM_RESTARTED: "wurde neu gestartet",
            EventKind.SYSTEM_SHUTDOWN: "wird heruntergefahren",
            EventKind.SYSTEM_CONFIG_CHANGED: "hat neue Einstellungen",
        },
        timed="{sentence} ({day}. {month} {year}, {time})",
        months="Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        missed="{count} frühere Nachrichten konnten nicht rechtzeitig zugestellt werden und sind verloren.",
        farewell="{owner} hat diese Nachrichten bestellt (Abonnement {number}). Abbestellen: "
        "pagebell subscriptions cancel {number}",
    ),
    "fr": Wording(
        job="La tâche {job} sur l’imprimante {printer} {state}",
        server="Le serveur d’impression {state}",
        resource="La ressource {resource} ({name}) {state}",
        printer="L’imprimante {printer} {state}",
        progress="Tâche {job} sur l’imprimante {printer} : {done} pages sont imprimées.",
        progress_of="Tâche {job} sur l’imprimante {printer} : {done} pages sur {all} sont imprimées.",
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
        servers={
            PrinterState.IDLE: "est prêt",
            PrinterState.PROCESSING: "imprime",
            PrinterState.STOPPED: "est arrêté : aucune imprimante n’imprime",
        },
        resources={
            ResourceState.PENDING: "a été créée",
            ResourceState.AVAILABLE: "a reçu ses données",
            ResourceState.INSTALLED: "a été installée",
            ResourceState.CANCELED: "a été annulée",
            ResourceState.ABORTED: "a échoué",
        },
        kinds={
            EventKind.JOB_CREATED: "est arrivée",
            EventKind.JOB_CONFIG_CHANGED: "a été modifiée",
            EventKind.PRINTER_CREATED: "a été ajoutée",
            EventKind.PRINTER_DELETED: "a été retirée",
            EventKind.PRINTER_CONFIG_CHANGED: "a de nouveaux réglages",
            EventKind.PRINTER_MEDIA_CHANGED: "a un autre papier",
            EventKind.PRINTER_FINISHINGS_CHANGED: "a une autre finition",
            EventKind.PRINTER_QUEUE_ORDER_CHANGED: "imprime ses tâches dans un autre ordre",
            EventKind.PRINTER_RESTARTED: "a été redémarrée",
            EventKind.PRINTER_SHUTDOWN: "a été mise hors service",
            EventKind.DIALOG_OPENED: "demande quelque chose à quelqu’un",
            EventKind.DIALOG_CLOSED: "a sa réponse ou ne demande plus rien",
            EventKind.NOTICE: "dit quelque chose à quelqu’un",
            EventKind.RESOURCE_CONFIG_CHANGED: "a été modifiée",
            EventKind.SYSTEM_RESTARTED: "a été redémarré",
            EventKind.SYSTEM_SHUTDOWN: "va s’arrêter",
            EventKind.SYSTEM_CONFIG_CHANGED: "a de nouveaux réglages",
        },
        timed="{sentence} ({day} {month} {year} à {time})",
        months="janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        missed="{count} messages antérieurs n’ont pas pu être remis à temps et sont perdus.",
        farewell="{owner} a demandé ces messages (abonnement {number}). Pour les arrêter : "
        "pagebell subscriptions cancel {number}",
    ),
    "es": Wording(
        job="El trabajo {job} en la impresora {printer} {state}",
        server="El servidor de impresión {state}",
        resource="El recurso {resource} ({name}) {state}",
        printer="La impresora {printer} {state}",
        progress="Trabajo {job} en la impresora {printer}: se han impreso {done} páginas.",
        progress_of="Trabajo {job} en la impresora {printer}: se han impreso {done} de {all} páginas.",
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
        servers={
            PrinterState.IDLE: "está listo",
            PrinterState.PROCESSING: "está imprimiendo",
            PrinterState.STOPPED: "está detenido: ninguna impresora imprime",
        },
        resources={
            ResourceState.PENDING: "se ha creado",
            ResourceState.AVAILABLE: "tiene sus datos",
            ResourceState.INSTALLED: "se ha instalado",
            ResourceState.CANCELED: "se ha cancelado",
            ResourceState.ABORTED: "ha fallado",
        },
        kinds={
            EventKind.JOB_CREATED: "ha llegado",
            EventKind.JOB_CONFIG_CHANGED: "se ha modificado",
            EventKind.PRINTER_CREATED: "se ha añadido",
            EventKind.PRINTER_DELETED: "se ha retirado",
            EventKind.PRINTER_CONFIG_CHANGED: "tiene nuevos ajustes",
            EventKind.PRINTER_MEDIA_CHANGED: "tiene otro papel",
            EventKind.PRINTER_FINISHINGS_CHANGED: "tiene otro acabado",
            EventKind.PRINTER_QUEUE_ORDER_CHANGED: "imprime sus trabajos en otro orden",
            EventKind.PRINTER_RESTARTED: "se ha reiniciado",
            EventKind.PRINTER_SHUTDOWN: "se ha apagado",
            EventKind.DIALOG_OPENED: "pregunta algo a alguien",
            EventKind.DIALOG_CLOSED: "tiene su respuesta o ya no pregunta",
            EventKind.NOTICE: "le dice algo a alguien",
            EventKind.RESOURCE_CONFIG_CHANGED: "se ha modificado",
            EventKind.SYSTEM_RESTARTED: "se ha reiniciado",
            EventKind.SYSTEM_SHUTDOWN: "se va a apagar",
            EventKind.SYSTEM_CONFIG_CHANGED: "tiene nuevos ajustes",
        },
        timed="{sentence} ({day} de {month} de {year}, {time})",
        months="enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        missed="{count} mensajes anteriores no se pudieron entregar a tiempo y se han perdido.",
        farewell="{owner} pidió estos mensajes (suscripción {number}). Para terminarlos: "
        "pagebell subscriptions cancel {number}",
    ),
}
LANGUAGES: Final = tuple(WORDINGS)


@lru_cache(maxsize=256)
def language_for(wish: str) -> str:
    """The language that is nearest to a wish such as `de-CH`: by its beginning, or English (RFC 5646)."""
    first = wish.lower().partition("-")[0]
    return first if first in WORDINGS else DEFAULT_LANGUAGE


def wording(language: str) -> Wording:
    """The sentences of the language nearest to that one."""
    return WORDINGS[language_for(language)]


def addressee(event: Event) -> str | None:
    """The one user whom its words are meant for, if they are."""
    said = event.notice or event.dialog
    return None if said is None else said.to.user


def alone(event: Event, reader: str | None) -> str | None:
    """The reader, where the event has words that are meant for that one user; None where it reads as for everybody."""
    user = addressee(event)
    return user if user == reader else None


def event_text(event: Event, language: str = DEFAULT_LANGUAGE, reader: str | None = None) -> str:
    """The event as a sentence; what is meant for one user is told to no other reader."""
    words = wording(language)
    said = event.notice or event.dialog
    if said is not None and said.words and said.to.include(reader):
        return said.words
    told = words.kinds.get(event.kind)
    if event.job_status is not None:
        job = event.job_status
        if event.kind is EventKind.JOB_PROGRESS:
            sentence = words.progress if job.impressions is None else words.progress_of
            return sentence.format(
                job=event.job, printer=event.printer, done=job.impressions_completed, all=job.impressions
            )
        state = told or words.jobs[job.state]
        return _told(words.job.format(job=event.job, printer=event.printer, state=state), job.message)
    if event.printer_status is not None:
        printer = event.printer_status
        state = told or words.printers[printer.state]
        return _told(words.printer.format(printer=event.printer, state=state), printer.message)
    if event.system_status is not None:
        return _told(words.server.format(state=told or words.servers[event.system_status.state]), "")
    if said is not None and told is not None and event.printer:
        return _told(words.printer.format(printer=event.printer, state=told), "")
    if event.resource_status is not None:
        resource = event.resource_status
        state = told or words.resources[resource.state]
        about = words.resource.format(resource=event.resource, name=resource.name, state=state)
        return _told(about, resource.message)
    return words.other.format(kind=event.kind.value, printer=event.printer)


def timed_text(
    event: Event,
    language: str = DEFAULT_LANGUAGE,
    where: tzinfo | None = None,
    reader: str | None = None,
) -> str:
    """The event as a sentence that tells when it was (RFC 3995 9.2), by the clock of `where`; None: the machine's."""
    if event.notice is not None or event.dialog is not None:
        return event_text(event, language, reader)  # a source's own words
    words, at = wording(language), datetime.fromtimestamp(event.at, UTC).astimezone(where)
    return words.timed.format(
        sentence=event_text(event, language),
        day=at.day,
        month=words.months.split()[at.month - 1],
        year=at.year,
        time=f"{at:%H:%M:%S %Z}",
    )


def _told(sentence: str, message: str) -> str:
    return f"{sentence}: {message}" if message else f"{sentence}."
