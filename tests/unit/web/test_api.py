"""The JSON API does what IPP does, with the same rights, and says in words what was wrong."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from pagebell.entrance import Admission, visitor_of
from pagebell.entrance.admission import admit_to
from pagebell.http.signing import key_of, new_secret
from pagebell.model.access import ADMINISTRATOR, SYSTEM, Principal
from pagebell.model.dialog import Addressees, Answer, Question
from pagebell.model.errors import FACTS, Refusal
from pagebell.model.event import JobState, ResourceId
from pagebell.spooler.policy import Policy
from pagebell.web.api.application import PREFIX
from pagebell.web.api.endpoint import REASONS, STATUS, Endpoint
from pagebell.web.api.openapi import description
from pagebell.web.api.operations import ENDPOINTS
from tests.unit.spooler.stage import P1, P2
from tests.unit.spooler.test_deliveries import Post, away
from tests.unit.web.api import Web

CREATED = {"events": ["job-created"]}


@pytest.fixture
async def w() -> AsyncIterator[Web]:
    async with Web(couriers=(Post(),), policy=Policy(housekeeping=1e9)) as web:
        yield web


def told(answer: Any) -> str:
    """A problem's sentence."""
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["title"] == REASONS[answer.status_code]
    return str(problem["detail"])


# --- printers ---


async def test_printers_are_listed_and_shown(w: Web) -> None:
    await w.add(P2)
    answer = await w.api("GET", "/printers")
    assert [one["name"] for one in answer.json()["items"]] == ["p1", "p2"]
    one = (await w.api("GET", "/printers/p1")).json()
    assert (one["state"], one["accepting_jobs"], one["queued_jobs"]) == ("idle", True, 0)
    missing = await w.api("GET", "/printers/nowhere")
    assert (missing.status_code, told(missing)) == (404, "There is no printer 'nowhere'")


async def test_operators_pause_and_resume_and_others_do_not(w: Web) -> None:
    refused = await w.api("POST", "/printers/p1/pause")
    assert refused.status_code == 403
    assert "may not" in told(refused)
    paused = await w.api("POST", "/printers/p1/pause", known="root")
    assert (paused.json()["state"], paused.json()["state_reasons"]) == ("stopped", ["paused"])
    assert (await w.api("POST", "/printers/p1/resume", known="root")).json()["state"] == "idle"


# --- jobs ---


async def test_document_is_printed(w: Web) -> None:
    answer = await w.api(
        *("POST", "/printers/p1/jobs?name=Letter&copies=2"),
        content=b"hello",
        headers=[("content-type", "application/octet-stream")],
    )
    assert answer.status_code == 201
    job = answer.json()
    assert (job["name"], job["owner"], job["printer"], job["octets"]) == ("Letter", "ada", "p1", 5)
    assert (await w.job(job["id"])).ticket.copies == 2
    assert w.device.job == job["id"]
    w.device.finish()
    await w.clock.settle()
    assert (await w.api("GET", f"/jobs/{job['id']}")).json()["state"] == "completed"


async def test_empty_body_is_no_document(w: Web) -> None:
    answer = await w.api("POST", "/printers/p1/jobs", content=b"")
    assert (answer.status_code, told(answer)) == (422, "The body is empty, and not a document")
    assert (await w.api("GET", "/jobs?which=all")).json()["items"] == []


async def test_document_of_a_format_that_the_printer_lacks_is_refused(w: Web) -> None:
    answer = await w.api(
        "POST", "/printers/p1/jobs", content=b"x", headers=[("content-type", "text/x-nonsense")]
    )
    assert answer.status_code == 415
    assert "text/x-nonsense" in told(answer)


async def test_job_is_held_released_and_canceled_by_its_owner(w: Web) -> None:
    number = (await w.api("POST", "/printers/p1/jobs?hold=true", content=b"x")).json()["id"]
    assert await w.state(number) is JobState.PENDING_HELD
    for verb, state in [
        ("release", "processing"),
        ("cancel", "processing"),
    ]:
        refused = await w.api("POST", f"/jobs/{number}/{verb}", user="bob")
        assert (refused.status_code, "belongs to ada" in told(refused)) == (403, True)
        answer = await w.api("POST", f"/jobs/{number}/{verb}")
        assert answer.status_code == 200
        assert answer.json()["state"] in (state, "pending")
    await w.clock.settle()
    again = await w.api("POST", f"/jobs/{number}/hold")
    assert again.status_code == 409


async def test_jobs_come_page_by_page(w: Web) -> None:
    numbers = [await w.submit() for _ in range(5)]
    found, offset = [], 0
    while offset is not None:
        page = (await w.api("GET", f"/jobs?limit=2&offset={offset}")).json()
        assert len(page["items"]) <= 2
        found += [job["id"] for job in page["items"]]
        offset = page["next"]
    assert found == numbers
    assert (await w.api("GET", "/jobs?which=finished")).json()["items"] == []
    assert len((await w.api("GET", "/jobs?which=all&printer=p1&owner=ada")).json()["items"]) == 5
    assert (await w.api("GET", "/jobs?owner=bob")).json()["items"] == []
    assert (await w.api("GET", "/jobs?printer=nowhere")).status_code == 404


# --- subscriptions ---


@pytest.mark.parametrize("scope", ["server", "printers/p1", "printers/p1,p2", "jobs/1"])
async def test_subscription_of_each_scope_is_made_read_renewed_and_ended(w: Web, scope: str) -> None:
    await w.add("p2")
    await w.submit(job_hold_until="indefinite")
    wish = {"events": ["job-state-changed", "job-created"], "lease": 100, "user_data": "désk", "scope": scope}
    made = await w.api("POST", "/subscriptions", wish)
    assert made.status_code == 201, made.text
    info = made.json()
    assert (info["scope"], info["owner"], info["user_data"], info["newest"]) == (scope, "ada", "désk", 0)
    assert info["events"] == ["job-created", "job-state-changed"]
    path = f"/subscriptions/{info['id']}"
    await w.spooler.jobs.release(1, SYSTEM)  # type: ignore[arg-type]
    await w.clock.settle()
    heard = (await w.api("GET", f"{path}/events?limit=1")).json()
    assert [one["number"] for one in heard["items"]] == [1]
    assert heard["items"][0]["job"]["id"] == 1
    more = (await w.api("GET", f"{path}/events?after={heard['next']}")).json()
    assert [one["number"] for one in more["items"]] == list(range(2, len(more["items"]) + 2))
    renewed = await w.api("PATCH", path, {"lease": 500})
    if scope.startswith("jobs/"):
        assert (renewed.status_code, info["expires"]) == (409, None)
    else:
        assert renewed.json()["lease"] == 500
    assert (await w.api("DELETE", path)).status_code == 204
    assert (await w.api("GET", path)).status_code == 404


async def test_subscription_of_a_resource_hears_of_it_alone(w: Web) -> None:
    resources = w.spooler.resources
    for _ in range(2):
        await resources.create("static-image", SYSTEM, name="Logo")
    wish = {"events": ["resource-state-changed"], "scope": "resources/2"}
    info = (await w.api("POST", "/subscriptions", wish)).json()
    assert info["scope"] == "resources/2"
    for number in (1, 2):
        await resources.cancel(ResourceId(number), SYSTEM)
    heard = (await w.api("GET", f"/subscriptions/{info['id']}/events")).json()["items"]
    assert [(one["event"], one["resource"]["id"]) for one in heard] == [("resource-canceled", 2)]
    assert heard[0]["text"] == "Resource 2 (Logo) has been canceled."
    assert (await w.api("GET", "/subscriptions?scope=resources/2")).json()["items"][0]["id"] == info["id"]
    assert (await w.api("POST", "/subscriptions", {**wish, "scope": "resources/9"})).status_code == 404


async def test_list_has_all_of_an_owners_whatever_their_scope_page_by_page(w: Web) -> None:
    job = await w.submit(job_hold_until="indefinite")
    for scope in ("server", "printers/p1", f"jobs/{job}"):
        await w.api("POST", "/subscriptions", {**CREATED, "scope": scope})
    await w.api("POST", "/subscriptions", CREATED, user="bob")
    found, after = [], 0
    while after is not None:
        page = (await w.api("GET", f"/subscriptions?limit=2&after={after}")).json()
        found += [one["scope"] for one in page["items"]]
        after = page["next"]
    assert found == ["server", "printers/p1", f"jobs/{job}"]
    assert len((await w.api("GET", "/subscriptions", known="root")).json()["items"]) == 4
    assert len((await w.api("GET", "/subscriptions?scope=printers/p1")).json()["items"]) == 1
    assert (await w.api("GET", "/subscriptions?owner=bob")).json()["items"] == []


async def test_subscription_of_somebody_else_is_not_touched(w: Web) -> None:
    number = (await w.api("POST", "/subscriptions", CREATED)).json()["id"]
    for method, path, body in [
        ("GET", "", None),
        ("GET", "/events", None),
        ("PATCH", "", {"lease": 5}),
        ("DELETE", "", None),
    ]:
        answer = await w.api(method, f"/subscriptions/{number}{path}", body, user="bob")
        assert (answer.status_code, "belongs to ada" in told(answer)) == (403, True)


async def test_lease_and_language_that_there_are_not_become_the_nearest(w: Web) -> None:
    longest = int(w.policy.max_lease)
    made = (await w.api("POST", "/subscriptions", {**CREATED, "lease": 2**31 - 1, "language": "tlh"})).json()
    assert (made["lease"], made["language"]) == (longest, "en")
    renewed = await w.api("PATCH", f"/subscriptions/{made['id']}", {"lease": longest + 1})
    assert renewed.json()["lease"] == longest


async def test_everybody_knows_how_many_subscriptions_there_are(w: Web) -> None:
    job = await w.submit(job_hold_until="indefinite")
    for scope in ("printers/p1", f"jobs/{job}", f"jobs/{job}"):
        await w.api("POST", "/subscriptions", {**CREATED, "scope": scope})
    assert (await w.api("GET", "/printers/p1", user="bob")).json()["subscriptions"] == 1
    assert (await w.api("GET", f"/jobs/{job}", user="bob")).json()["subscriptions"] == 2
    assert (await w.api("GET", "/subscriptions", user="bob")).json()["items"] == []


async def test_recipient_is_told_and_its_secret_never(w: Web) -> None:
    secret = new_secret()
    wish = {**CREATED, "recipient": "post://a/1", "secret": secret}
    made = await w.api("POST", "/subscriptions", wish)
    await w.submit()
    shown = await w.api("GET", f"/subscriptions/{made.json()['id']}")
    listed = await w.api("GET", "/subscriptions")
    assert (shown.json()["recipient"], shown.json()["newest"], shown.json()["delivered"]) == (
        "post://a/1",
        1,
        1,
    )
    assert secret not in made.text + shown.text + listed.text


async def test_dead_recipient_is_seen_in_its_subscription(w: Web) -> None:
    post = w.couriers[0]
    assert isinstance(post, Post)
    post.failing["post://a/1"] = away
    made = await w.api("POST", "/subscriptions", {**CREATED, "recipient": "post://a/1"})
    assert made.json()["trouble"] is None
    await w.submit()
    shown = (await w.api("GET", f"/subscriptions/{made.json()['id']}")).json()
    trouble = shown["trouble"]
    assert (shown["newest"], shown["delivered"]) == (1, 0)
    assert (trouble["message"], trouble["attempts"]) == ("nobody is there", 1)
    assert trouble["since"] < trouble["next_attempt"]


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({**CREATED, "recipient": "post://forbidden/"}, "nobody may write there"),
        ({**CREATED, "recipient": "pigeon://a/"}, "known schemes are post:"),
        ({**CREATED, "secret": "hunter2"}, "a secret is whsec_"),
        ({**CREATED, "user_data": "ü" * 40}, "63 octets"),
        ({"events": ["job-eaten"]}, "In events[0]: invalid enum value 'job-eaten'"),
        ({"events": []}, "events: expected `array` of length >= 1"),
        ({**CREATED, "nonsense": 1}, "contains unknown field `nonsense`"),
        ({**CREATED, "scope": "moon"}, "scope: expected `str` matching regex"),
        ({}, "missing required field `events`"),
    ],
)
async def test_wish_that_can_not_be_granted_is_refused_in_words(
    w: Web, wish: dict[str, object], words: str
) -> None:
    answer = await w.api("POST", "/subscriptions", wish)
    assert answer.status_code == 422
    assert words.lower() in told(answer).lower()


# --- what makes no sense ---


@pytest.mark.parametrize(
    ("method", "path", "how", "status"),
    [
        ("POST", "/subscriptions", {"content": b"{"}, 400),
        ("POST", "/subscriptions", {"content": b"\xff"}, 400),
        ("POST", "/subscriptions", {"content": b"[" * 100_000}, 400),
        ("POST", "/subscriptions", {"content": b'{"events": ["job-created"], "lease": 1.5}'}, 422),
        ("POST", "/subscriptions", {"content": b'{"events": ["job-created"], "lease": 1e400}'}, 422),
        ("GET", "/dialogs?job=null", {}, 400),
        ("POST", "/subscriptions", {"content": b"{}", "headers": [("content-type", "text/plain")]}, 415),
        ("GET", "/jobs?limit=0", {}, 400),
        ("GET", "/jobs?limit=x", {}, 400),
        ("GET", "/jobs?nonsense=1", {}, 400),
        ("GET", "/jobs?limit=1&limit=2", {}, 400),
        ("GET", "/printers?nonsense=1", {}, 400),
        ("GET", "/jobs/99999999999999999999", {}, 404),
        ("GET", "/subscriptions/99999999999999999999", {}, 404),
        ("GET", "/subscriptions?scope=jobs/9999999999", {}, 404),
        ("GET", "/jobs/nonsense", {}, 404),
        ("GET", "/nonsense", {}, 404),
        ("DELETE", "/printers", {}, 405),
    ],
)
async def test_nonsense_is_a_problem_in_words(
    w: Web, method: str, path: str, how: dict[str, Any], status: int
) -> None:
    if "content" in how:
        how = {"headers": [("content-type", "application/json")], **how}
    answer = await w.api(method, path, **how)
    assert answer.status_code == status, answer.text
    assert told(answer)


async def test_problem_names_a_field_as_it_is_written(w: Web) -> None:
    answer = await w.api("POST", "/subscriptions", {"events": ["job-created"], "lease": "long"})
    assert told(answer) == "In lease: expected `int | null`, got `str`"


async def test_whole_number_may_be_written_as_any_in_json(w: Web) -> None:
    """JSON has one kind of numbers, and for OpenAPI 3.1 3600.0 is an integer (JSON Schema 2020-12 validation 6.1.1)."""
    content = b'{"events": ["job-created"], "lease": 3600.0, "interval": 3e1}'
    made = await w.api(
        "POST", "/subscriptions", content=content, headers=[("content-type", "application/json")]
    )
    assert (made.status_code, made.json()["lease"], made.json()["interval"]) == (201, 3600, 30)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/api/v1/subscriptions", "GET, HEAD, OPTIONS, POST"),
        ("/api/v1/subscriptions/7", "DELETE, GET, HEAD, OPTIONS, PATCH"),
        ("/api/v1/jobs/7/cancel", "OPTIONS, POST"),
        ("/api/openapi.json", "GET, HEAD, OPTIONS"),
        ("/events", "GET, HEAD, OPTIONS"),
    ],
)
async def test_options_and_refusals_tell_the_methods_of_what_is_there(
    w: Web, path: str, allowed: str
) -> None:
    answer = await w.ask("OPTIONS", path)
    assert (answer.status_code, answer.headers["allow"], answer.content) == (204, allowed, b"")
    refused = await w.ask("PUT", path)
    assert (refused.status_code, sorted(refused.headers["allow"].split(", "))) == (405, allowed.split(", "))
    assert told(refused)


@pytest.mark.parametrize(
    ("path", "how"),
    [
        ("/subscriptions", {"body": CREATED}),
        ("/printers/p1/jobs", {"content": b"x", "headers": [("content-type", "application/octet-stream")]}),
    ],
)
async def test_what_is_made_is_found_where_its_answer_says(w: Web, path: str, how: dict[str, Any]) -> None:
    """RFC 9110 15.3.2"""
    made = await w.api("POST", path, **how)
    assert made.status_code == 201
    shown = await w.ask("GET", made.headers["location"])
    assert shown.json()["uuid"] == made.json()["uuid"]


# --- pages of other sites ---


async def test_page_of_another_site_changes_nothing(w: Web) -> None:
    number = await w.submit()
    evil = [("origin", "http://evil.test"), ("host", "127.0.0.1:8631")]
    answer = await w.api("POST", f"/jobs/{number}/cancel", known="root", headers=evil)
    assert answer.status_code == 403
    assert "other sites" in told(answer)
    own = [("origin", "http://127.0.0.1:8631")]
    assert (await w.api("POST", f"/jobs/{number}/cancel", headers=own)).status_code == 200


async def test_name_that_is_not_this_servers_brings_no_rights_by_address(w: Web) -> None:
    await w.api("POST", "/subscriptions", CREATED)

    async def seen(host: str) -> int:
        async def administers_by_address(scope: Any, receive: Any, send: Any) -> None:
            visitor = visitor_of(scope)
            admit_to(scope, Admission(visitor, Principal("anonymous", rights=ADMINISTRATOR)))
            await w.site(scope, receive, send)

        w.application = administers_by_address  # type: ignore[method-assign]
        answer = await w.api("GET", "/subscriptions", user="", headers=[("host", host)])
        return len(answer.json()["items"])

    assert await seen("127.0.0.1:8631") == await seen("localhost:8631") == await seen("[::1]") == 1
    assert await seen("evil.test:8631") == await seen("") == 0


# --- its description ---


async def test_description_is_valid_and_names_every_endpoint(w: Web) -> None:
    document = (await w.ask("GET", "/api/openapi.json")).json()
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []
    told_of = {(method.upper(), path) for path, at in document["paths"].items() for method in at}
    wanted = {(one.method, PREFIX + one.path.replace(":int", "")) for one in ENDPOINTS}
    assert told_of == wanted | {("GET", "/events")}


@pytest.mark.parametrize("endpoint", [one for one in ENDPOINTS if one.example], ids=lambda one: one.path)
async def test_examples_work(w: Web, endpoint: Endpoint) -> None:
    await w.api("POST", "/subscriptions", CREATED)
    await w.spooler.dialogs.open(Addressees(P1), Question("Turn", "Turn the pages."))
    path = endpoint.path.replace("{subscription:int}", "1").replace("{dialog:int}", "1")
    answer = await w.api(endpoint.method, path, endpoint.example)
    assert answer.status_code == endpoint.status
    if endpoint.answer is not None:
        assert msgspec.json.decode(answer.content, type=endpoint.answer)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: f"{one.method} {one.path}")
def test_every_endpoint_says_what_it_does(endpoint: Endpoint) -> None:
    assert endpoint.handler.__doc__


@pytest.mark.parametrize("octets", [23, 24, 25, 26, 62, 63, 64, 65])
def test_description_knows_a_secret_where_the_server_does(octets: int) -> None:
    pattern = description(ENDPOINTS, PREFIX)["components"]["schemas"]["NewSubscription"]["properties"][
        "secret"
    ]
    secret = "whsec_" + base64.b64encode(bytes(octets)).decode()
    matches = re.search(pattern["pattern"], secret) is not None
    assert matches == (24 <= octets <= 64)
    if matches:
        assert len(key_of(secret)) == octets


def test_every_fact_has_a_status_and_a_reason() -> None:
    assert set(STATUS) == set(FACTS)
    assert set(STATUS.values()) <= set(REASONS)
    assert all(issubclass(kind, Refusal) for kind in STATUS)


# --- dialogs ---


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
