"""Subscriptions by the JSON API: of every scope, with all that is told of them, and whose they are."""

from __future__ import annotations

import pytest

from pagebell.http.signing import new_secret
from pagebell.model.access import SYSTEM
from pagebell.model.event import ResourceId
from tests.unit.spooler.post import Post, away
from tests.unit.web.api import CREATED, Web, told


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
