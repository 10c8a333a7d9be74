"""What printers ask, by the JSON API: it is listed, and whoever is first answers."""

from __future__ import annotations

from pagebell.model.dialog import Addressees, Answer, Question
from tests.unit.spooler.stage import P1
from tests.unit.web.api import Web


async def test_question_is_listed_and_answered_by_who_is_first(w: Web) -> None:
    job = await w.submit(job_hold_until="indefinite")
    question = Question("PIN", "Type it.", entry="PIN", secret=True)
    dialog = await w.spooler.dialogs.open(Addressees(P1, job, "ada"), question)
    (told_,) = (await w.api("GET", f"/dialogs?job={job}")).json()["items"]
    assert (told_["id"], told_["printer"], told_["job"], told_["user"]) == (dialog.id, "p1", job, "ada")
    assert (told_["choices"], told_["entry"], told_["secret"]) == (["ok", "cancel"], "PIN", True)
    assert (await w.api("GET", "/dialogs", user="bob")).json() == {"items": []}
    path = f"/dialogs/{dialog.id}"
    assert (await w.api("GET", path, user="bob")).status_code == 403
    assert (await w.api("POST", f"{path}/answer", {"choice": "perhaps"})).status_code == 422
    assert (await w.api("POST", f"{path}/answer", {"choice": "ok", "text": "4711"})).status_code == 204
    assert await dialog.answered() == Answer("ok", "4711")
    assert (await w.api("POST", f"{path}/answer", {"choice": "ok"}, known="root")).status_code == 409
    await dialog.close()
    assert (await w.api("POST", f"{path}/answer", {"choice": "ok"})).status_code == 404


async def test_dialog_that_goes_on_waits_for_who_answered(w: Web) -> None:
    dialog = await w.spooler.dialogs.open(Addressees(P1), Question("Turn", "Turn the pages."))
    path = f"/dialogs/{dialog.id}"

    async def now(user: str) -> tuple[int, bool]:
        info = (await w.api("GET", path, user=user)).json()
        return info["turn"], info["waits"]

    assert [await now("ada"), await now("bob")] == [(1, True), (1, True)]
    answer = {"choice": "ok", "turn": 1}
    assert (await w.api("POST", f"{path}/answer", answer)).status_code == 204
    assert await now("ada") == (1, False)
    await dialog.say(Question("Sure", "Are you?"))
    assert await now("ada") == (2, True)
    assert (await w.api("GET", path, user="bob")).status_code == 403
    assert (await w.api("POST", f"{path}/answer", answer)).status_code == 409
    assert (await w.api("POST", f"{path}/answer", answer | {"turn": 2})).status_code == 204


async def test_vendors_question_is_listed_without_choices(w: Web) -> None:
    await w.spooler.dialogs.open(Addressees(P1), b"\x00\x01")
    (told_,) = (await w.api("GET", "/dialogs?printer=p1")).json()["items"]
    assert (told_["choices"], told_["text"]) == ([], "")
    assert (await w.api("POST", f"/dialogs/{told_['id']}/answer", {"choice": "ok"})).status_code == 422
