"""Every operation as tshark sees it: all are taken for IPP, and no packet for malformed."""

from __future__ import annotations

import email.parser
import email.policy
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.codec import Attribute, Group, GroupTag, Message, encode
from pagebell.ipp.registry import Op, Status
from pagebell.testing import pdf
from tests.asking import Asker, build, job_group, job_id, subscription_group
from tests.server import ServerProcess, wait_for

pytestmark = pytest.mark.interop("tshark", "dumpcap")


@contextmanager
def captured(port: int, file: Path) -> Iterator[None]:
    """Record what passes the port on the loopback interface."""
    command = ["dumpcap", "-q", "-i", "lo", "-f", f"tcp port {port}", "-w", str(file)]
    said = file.with_suffix(".log")
    with said.open("wb") as log:
        process = subprocess.Popen(command, stderr=log)
    try:
        wait_for(lambda: "File: " in said.read_text() or process.poll() is not None, "the capture")
        if process.poll() is not None:
            pytest.skip(f"not run: this user may not capture packets: {said.read_text().strip()}")
        yield
        with Asker(f"127.0.0.1:{port}") as last:  # the capture is complete when this is in it
            last.ask(LAST)
        wait_for(lambda: f"{LAST:d}" in fields(file, port, "ipp.operation_id"), "the last packet")
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(10)


LAST = Op.CUPS_GET_DEFAULT


def tshark(file: Path, port: int, *arguments: str) -> str:
    """What tshark says of a capture; a file that is still being written ends abruptly, which is no error here."""
    command = ["tshark", "-r", str(file), "-d", f"tcp.port=={port},http", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60).stdout


def fields(file: Path, port: int, name: str) -> list[str]:
    """All values of a field, as decimal numbers where it has numbers."""
    values = tshark(file, port, "-T", "fields", "-e", name, "-Y", name).replace(",", "\n").split()
    return [str(int(value, 0)) for value in values]


Do = Callable[..., Message]


def reorder(ask: Asker, do: Do, queue: str) -> None:
    """What is done to jobs and documents, while long ones keep the printer busy."""

    def printed() -> Attribute:
        return r.job_id(job_id(do(Op.PRINT_JOB, data=pdf(1000), path=queue)))

    def is_printing(job: Attribute) -> bool:
        group = ask.ask(Op.GET_JOB_ATTRIBUTES, job, path=queue).group(GroupTag.JOB)
        return group is not None and group.get(r.job_state) is r.JobState.PROCESSING

    first = printed()
    wait_for(lambda: is_printing(first), "the first job to be printing")
    second, third, fourth = (printed() for _ in range(3))
    do(Op.PROMOTE_JOB, third, path=queue)
    do(Op.SCHEDULE_JOB_AFTER, second, r.predecessor_job_id(third.values[0].data), path=queue)
    wait_for(lambda: ask.ask(Op.SUSPEND_CURRENT_JOB, first, path=queue).code == 0, "the job to be suspended")
    do(Op.RESUME_JOB, first, path=queue)
    wait_for(lambda: ask.ask(Op.CANCEL_CURRENT_JOB, third, path=queue).code == 0, "the job to be canceled")
    do(Op.SET_JOB_ATTRIBUTES, fourth, groups=[job_group(r.job_name("Renamed"))], path=queue)
    do(Op.GET_DOCUMENTS, fourth, path=queue)
    do(Op.CANCEL_JOB, fourth, path=queue)
    do(Op.REPROCESS_JOB, fourth, path=queue)
    do(Op.RESUBMIT_JOB, fourth, groups=[job_group(r.copies(2))], path=queue)
    answer = do(Op.PRINT_JOB, groups=[job_group(r.job_hold_until("indefinite"))], data=pdf(1), path=queue)
    document = (r.job_id(job_id(answer)), r.document_number(1))
    do(Op.GET_DOCUMENT_ATTRIBUTES, *document, path=queue)
    named = Group.of(GroupTag.DOCUMENT, r.document_name("Renamed"))
    do(Op.SET_DOCUMENT_ATTRIBUTES, *document, groups=[named], path=queue)
    do(Op.CANCEL_DOCUMENT, *document, path=queue)
    do(Op.VALIDATE_DOCUMENT, path=queue)
    do(Op.PAGEBELL_COMMAND_DEVICE, r.message("refill"), path=queue)


def administer(do: Do, queue: str) -> None:
    """What operators do to a printer."""
    for op in (
        *(Op.HOLD_NEW_JOBS, Op.RELEASE_HELD_NEW_JOBS, Op.DISABLE_PRINTER, Op.ENABLE_PRINTER),
        *(Op.PAUSE_PRINTER_AFTER_CURRENT_JOB, Op.DEACTIVATE_PRINTER, Op.ACTIVATE_PRINTER),
        *(Op.SHUTDOWN_PRINTER, Op.STARTUP_PRINTER, Op.RESTART_PRINTER, Op.GET_PRINTER_SUPPORTED_VALUES),
    ):
        do(op, path=queue)
    settings = Group.of(GroupTag.PRINTER, r.printer_location("Here"), r.copies_default(2))
    do(Op.SET_PRINTER_ATTRIBUTES, groups=[settings], path=queue)


AT_SYSTEM = "/ipp/system"


def look_after_system(do: Do) -> None:
    """What is done to the server itself (PWG 5100.22)."""
    for op in (Op.GET_SYSTEM_ATTRIBUTES, Op.GET_SYSTEM_SUPPORTED_VALUES, Op.GET_PRINTERS):
        do(op, path=AT_SYSTEM)
    watch = subscription_group(r.notify_events("printer-created", "system-config-changed"))
    some = do(Op.CREATE_SYSTEM_SUBSCRIPTIONS, r.notify_printer_ids(1), groups=[watch], path=AT_SYSTEM)
    group = some.group(GroupTag.SUBSCRIPTION)
    assert group is not None
    number = r.notify_subscription_id(group.get(r.notify_subscription_id) or 0)
    do(Op.GET_SUBSCRIPTION_ATTRIBUTES, number, path=AT_SYSTEM)
    answer = do(Op.CREATE_SYSTEM_SUBSCRIPTIONS, groups=[watch], path=AT_SYSTEM)
    group = answer.group(GroupTag.SUBSCRIPTION)
    assert group is not None
    fresh = Group.of(GroupTag.PRINTER, r.printer_name("Lab"), r.device_uri("null:"))
    answer = do(Op.CREATE_PRINTER, r.printer_service_type("print"), groups=[fresh], path=AT_SYSTEM)
    made = answer.group(GroupTag.PRINTER)
    assert made is not None
    number = r.printer_id(made.get(r.printer_id) or 0)
    default = Group.of(GroupTag.SYSTEM, r.system_default_printer_id(made.get(r.printer_id) or 0))
    do(Op.SET_SYSTEM_ATTRIBUTES, groups=[default], path=AT_SYSTEM)
    for op in (Op.SHUTDOWN_ONE_PRINTER, Op.STARTUP_ONE_PRINTER, Op.RESTART_ONE_PRINTER, Op.DELETE_PRINTER):
        do(op, number, path=AT_SYSTEM)
    for op in (
        *(Op.PAUSE_ALL_PRINTERS, Op.PAUSE_ALL_PRINTERS_AFTER_CURRENT_JOB, Op.RESUME_ALL_PRINTERS),
        *(Op.DISABLE_ALL_PRINTERS, Op.ENABLE_ALL_PRINTERS, Op.SHUTDOWN_ALL_PRINTERS),
        *(Op.STARTUP_ALL_PRINTERS, Op.RESTART_SYSTEM),
    ):
        do(op, path=AT_SYSTEM)
    told = r.notify_subscription_ids(group.get(r.notify_subscription_id) or 0)
    assert do(Op.GET_NOTIFICATIONS, told, path=AT_SYSTEM).group(GroupTag.EVENT_NOTIFICATION) is not None


def look_after_resources(do: Do, queue: str) -> None:
    """An icon's life, from its making to its end (PWG 5100.22)."""
    icon = b"\x89PNG\r\n\x1a\n" + bytes(100)
    watch = subscription_group(r.notify_events("resource-state-changed"))
    named = Group.of(GroupTag.RESOURCE, r.resource_name("Logo"), r.resource_info("Ours"))
    kind = (r.resource_type("static-image"), r.resource_natural_language("en"))
    answer = do(Op.CREATE_RESOURCE, *kind, groups=[named, watch], path=AT_SYSTEM)
    made, group = answer.group(GroupTag.RESOURCE), answer.group(GroupTag.SUBSCRIPTION)
    assert made is not None
    assert group is not None
    number = r.resource_id(made.get(r.resource_id) or 0)
    do(Op.CREATE_RESOURCE_SUBSCRIPTIONS, number, groups=[watch], path=AT_SYSTEM)
    data = (r.resource_format("image/png"), r.resource_version(b"1"))
    do(Op.SEND_RESOURCE_DATA, number, *data, data=icon, path=AT_SYSTEM)
    do(Op.INSTALL_RESOURCE, number, path=AT_SYSTEM)
    renamed = Group.of(GroupTag.RESOURCE, r.resource_name("Our logo"))
    do(Op.SET_RESOURCE_ATTRIBUTES, number, groups=[renamed], path=AT_SYSTEM)
    given = r.resource_ids(made.get(r.resource_id) or 0)
    do(Op.ALLOCATE_PRINTER_RESOURCES, given, path=queue)
    do(Op.GET_PRINTER_RESOURCES, path=queue)
    do(Op.GET_RESOURCES, r.resource_states(5), path=AT_SYSTEM)
    do(Op.GET_RESOURCE_ATTRIBUTES, number, path=AT_SYSTEM)
    do(Op.DEALLOCATE_PRINTER_RESOURCES, given, path=queue)
    do(Op.CANCEL_RESOURCE, number, r.message("It is last year's."), path=AT_SYSTEM)
    told = r.notify_subscription_ids(group.get(r.notify_subscription_id) or 0)
    events = do(Op.GET_NOTIFICATIONS, told, path=AT_SYSTEM).groups_of(GroupTag.EVENT_NOTIFICATION)
    assert len(events) == 4, "created, available, installed, canceled"


def wait_in_parts(ask: Asker, queue: str) -> tuple[int, int]:
    """Wait for what befalls a printer until nobody listens any more; the request's number, and its answer's parts."""
    watch = subscription_group(r.notify_events("printer-state-changed"))
    group = ask.ask(Op.CREATE_PRINTER_SUBSCRIPTIONS, groups=[watch], path=queue).group(GroupTag.SUBSCRIPTION)
    assert group is not None
    number = group.get(r.notify_subscription_id) or 0
    request = build(
        Op.GET_NOTIFICATIONS, ask.uri(queue), r.notify_subscription_ids(number), r.notify_wait(True)
    )
    with Asker(ask.authority) as waiting:
        waiting.http.request("POST", queue, encode(request), {"Content-Type": "application/ipp"})
        answer = waiting.http.getresponse()
        for op in (Op.PAUSE_PRINTER, Op.RESUME_PRINTER):
            ask.ask(op, path=queue)
        ask.ask(Op.CANCEL_SUBSCRIPTION, r.notify_subscription_id(number), path=queue)
        head = f"Content-Type: {answer.headers['Content-Type']}\r\n\r\n".encode()
        whole = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + answer.read())
    assert not whole.defects
    return request.request_id, len(list(whole.iter_parts()))


def act_out(ask: Asker) -> set[Op]:
    """Do every operation once, each with an answer that tells of success; returns those done."""
    done: set[Op] = set()

    def do(op: Op, *attributes: object, **more: object) -> Message:
        answer = ask.ask(op, *attributes, **more)  # type: ignore[arg-type]
        assert answer.code < 0x0100, (op.name, Status(answer.code).name, str(answer))
        done.add(op)
        return answer

    queue = "/ipp/print/Q"
    described = do(Op.GET_PRINTER_ATTRIBUTES, path=queue).group(GroupTag.PRINTER)
    assert described is not None
    do(Op.VALIDATE_JOB, groups=[job_group(r.copies(2))], path=queue)
    do(Op.PRINT_JOB, r.job_name("Größe"), data=pdf(1), path=queue)
    do(Op.PAUSE_PRINTER, path=queue)
    held = job_id(do(Op.CREATE_JOB, path=queue, groups=[job_group(r.job_hold_until("indefinite"))]))
    number = r.job_id(held)
    do(Op.SEND_DOCUMENT, number, r.last_document(False), data=pdf(1), path=queue)
    do(Op.CLOSE_JOB, number, path=queue)
    do(Op.RELEASE_JOB, number, path=queue)
    do(Op.HOLD_JOB, number, path=queue)
    do(Op.GET_JOB_ATTRIBUTES, number, path=queue)
    do(Op.GET_JOBS, r.requested_attributes("all"), path=queue)
    watch = subscription_group(r.notify_events("job-state-changed"))
    answer = do(Op.CREATE_JOB_SUBSCRIPTIONS, r.notify_job_id(held), groups=[watch], path=queue)
    answer = do(Op.CREATE_PRINTER_SUBSCRIPTIONS, groups=[watch], path=queue)
    group = answer.group(GroupTag.SUBSCRIPTION)
    assert group is not None
    subscription = group.get(r.notify_subscription_id)
    assert subscription is not None
    do(Op.CANCEL_JOB, number, r.message("Wrong paper"), path=queue)
    do(Op.RESTART_JOB, number, path=queue)
    do(Op.GET_NOTIFICATIONS, r.notify_subscription_ids(subscription), path=queue)
    do(Op.GET_SUBSCRIPTIONS, r.requested_attributes("all"), path=queue)
    for op in (Op.GET_SUBSCRIPTION_ATTRIBUTES, Op.RENEW_SUBSCRIPTION, Op.CANCEL_SUBSCRIPTION):
        do(op, r.notify_subscription_id(subscription), path=queue)
    do(Op.CANCEL_MY_JOBS, path=queue)
    do(Op.CANCEL_JOBS, path=queue)
    for op in (Op.RESUME_PRINTER, Op.PURGE_JOBS, Op.IDENTIFY_PRINTER):
        do(op, path=queue)
    reorder(ask, do, queue)
    administer(do, queue)
    for op in (Op.CUPS_GET_DEFAULT, Op.CUPS_GET_PRINTERS, Op.CUPS_GET_CLASSES):
        do(op)
    fresh = Group.of(GroupTag.PRINTER, r.device_uri("null:"), r.printer_info("Fresh"))
    do(Op.CUPS_ADD_MODIFY_PRINTER, groups=[fresh], path="/printers/Fresh")
    held = job_group(r.job_hold_until("indefinite"))
    moved = r.job_id(job_id(do(Op.PRINT_JOB, groups=[held], data=pdf(1), path=queue)))
    there = Group.of(GroupTag.JOB, r.job_printer_uri("ipp://localhost/printers/Fresh"))
    do(Op.CUPS_MOVE_JOB, moved, groups=[there], path=queue)
    for op in (Op.CUPS_SET_DEFAULT, Op.CUPS_REJECT_JOBS, Op.CUPS_ACCEPT_JOBS, Op.CUPS_DELETE_PRINTER):
        do(op, path="/printers/Fresh")
    look_after_system(do)
    look_after_resources(do, queue)
    claimed = set(described.all(r.operations_supported))
    done |= {Op.SUSPEND_CURRENT_JOB, Op.CANCEL_CURRENT_JOB}
    assert claimed == done, "every operation that is claimed is in this play"
    return done


def test_every_operation_is_well_formed_on_the_wire(tmp_path: Path) -> None:
    file = tmp_path / "lo.pcapng"
    with ServerProcess(tmp_path / "server", devices={"Q": "simulated://?ppm=6000&warmup=0"}) as server:
        with captured(server.port, file), Asker(server.authority) as ask:
            done = act_out(ask)
            waited_by, parts = wait_in_parts(ask, "/ipp/print/Q")
        port = server.port
    assert tshark(file, port, "-Y", "_ws.malformed") == ""
    assert {int(text) for text in fields(file, port, "ipp.operation_id")} >= done
    read = Counter(int(text) for text in fields(file, port, "ipp.request_id"))
    unread = [number for number in ask.asked if read[number] != 2]
    assert not unread, "each request is read, and its answer"
    assert read[waited_by] == 1 + parts, "and each part of the answer that came in parts"
    waited = tshark(file, port, "-Y", "mime_multipart && ipp", "-V")
    assert waited.count("Internet Printing Protocol") >= parts
