"""The server as a whole: its state, its number of changes, and its own events."""

from pagebell.model.access import SYSTEM
from pagebell.model.event import SYSTEM_KINDS, EventKind, PrinterState
from pagebell.model.printer import Printer
from pagebell.model.subscription import SERVER, Scope, Subscription
from pagebell.spooler.system import CombinedState
from tests.unit.spooler.stage import ID1, P1, P2, Stage


async def told(stage: Stage, subscription: Subscription, after: int = 0) -> list[str]:
    """The system's events since then: what happened, and to which state it led."""
    await stage.clock.settle()
    batch = await stage.read(subscription, after)
    assert all(n.event.printer == "" and n.event.job is None for n in batch.notifications)
    found = [(n.event.kind, n.event.system_status) for n in batch.notifications]
    return [f"{kind}: {status.state.name.lower()}" for kind, status in found if status is not None]


async def test_system_prints_while_any_printer_does_and_is_stopped_when_all_are(stage: Stage) -> None:
    await stage.add(P2)
    assert stage.spooler.system.status.state is PrinterState.IDLE
    await stage.submit(printer=P2)
    assert stage.spooler.system.status.state is PrinterState.PROCESSING
    stage.devices["scripted:p2"].finish()
    await stage.clock.settle()
    await stage.spooler.printers.pause(P1, SYSTEM)
    assert stage.spooler.system.status.state is PrinterState.IDLE
    await stage.spooler.printers.pause(P2, SYSTEM)
    status = stage.spooler.system.status
    assert (status.state, status.reasons) == (PrinterState.STOPPED, {"paused"})


def test_systems_reasons_are_its_printers_without_severity() -> None:
    """PWG 5100.22 7.3.30: "with severity suffix removed"."""
    reasons = {"media-low-warning", "media-jam-error", "x-report-y", "spool-area-full-report"}
    printer = Printer(P1, "", "", 0.0, device_reasons=frozenset(reasons))
    assert CombinedState([printer]).status.reasons == {
        "media-low",
        "media-jam",
        "x-report-y",
        "spool-area-full",
    }


async def test_state_changed_when_that_of_the_whole_did_not_when_any_printers_did(stage: Stage) -> None:
    """PWG 5100.22 7.3.28: "the most recent System state change or zero if no System state change has occurred"."""
    system = stage.spooler.system
    await stage.add(P2)
    assert system.state_changed is None
    await stage.submit()
    since = stage.clock.now()
    assert system.state_changed == since
    await stage.clock.advance(5)
    await stage.submit(printer=P2)
    assert (system.status.state, system.state_changed) == (PrinterState.PROCESSING, since)
    await stage.spooler.printers.remove(P1, SYSTEM)
    assert (system.status.state, system.state_changed) == (PrinterState.PROCESSING, since)
    stage.devices["scripted:p2"].finish()
    await stage.clock.settle()
    assert (system.status.state, system.state_changed) == (PrinterState.IDLE, stage.clock.now())
    await stage.restart()
    assert stage.spooler.system.state_changed is None


async def test_every_change_of_the_systems_state_is_told_in_order(stage: Stage) -> None:
    subscription = await stage.subscribe(SERVER, SYSTEM_KINDS)
    await stage.submit()
    stage.device.finish()
    await stage.clock.settle()
    await stage.spooler.printers.pause(P1, SYSTEM)
    await stage.spooler.printers.resume(P1, SYSTEM)
    assert await told(stage, subscription) == [
        "system-state-changed: processing",
        "system-state-changed: idle",
        "system-stopped: stopped",
        "system-state-changed: idle",
    ]


async def test_who_asks_for_state_changes_hears_of_restarts_and_shutdowns(stage: Stage) -> None:
    subscription = await stage.subscribe(SERVER, frozenset({EventKind.SYSTEM_STATE_CHANGED}))
    await stage.restart()
    assert await told(stage, subscription) == ["system-shutdown: idle", "system-restarted: idle"]


async def test_coming_and_going_of_printers_changes_the_configuration(stage: Stage) -> None:
    subscription = await stage.subscribe(SERVER, frozenset({EventKind.SYSTEM_CONFIG_CHANGED}))
    before = stage.spooler.system.config_changes
    await stage.clock.advance(5)
    await stage.add(P2)
    await stage.spooler.printers.set_default(P2, SYSTEM)
    await stage.spooler.printers.remove(P1, SYSTEM)
    assert await told(stage, subscription) == ["system-config-changed: idle"] * 3
    assert stage.spooler.system.config_changes == before + 3
    assert stage.spooler.system.config_changed == stage.clock.now()


async def test_nothing_is_stored_of_what_nobody_listens_for(stage: Stage) -> None:
    await stage.subscribe(Scope(ID1), frozenset(EventKind))
    await stage.submit()
    await stage.restart()
    assert not any(event.kind in SYSTEM_KINDS for event in stage.store.history)


async def test_server_keeps_its_uuid_and_printers_their_ids(stage: Stage) -> None:
    await stage.add(P2)
    uuid, ids = stage.spooler.system.uuid, {p.name: p.id for p in stage.spooler.printers.all()}
    await stage.restart()
    assert (stage.spooler.system.uuid, {p.name: p.id for p in stage.spooler.printers.all()}) == (uuid, ids)
    assert ids == {P1: 1, P2: 2}
    assert stage.spooler.printers.by_id(2).name == P2


async def test_id_of_a_removed_printer_does_not_come_again_at_once(stage: Stage) -> None:
    await stage.add(P2)
    await stage.spooler.printers.remove(P2, SYSTEM)
    assert (await stage.add("p3")).id == 3
