"""Mail tells people what happened, in their language, by way of a mail server that is trusted."""

from __future__ import annotations

import email.policy
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path

import pytest

from pagebell.couriers import make_couriers
from pagebell.couriers.mail import MailCourier, make, message
from pagebell.model.event import Event
from pagebell.spooler.ports import Parcel, Undelivered
from tests.unit.couriers.listeners import (
    PRIVATE,
    Mailbox,
    certificate,
    event,
    listener,
    mailbox,
    parcel,
    private,
    subscription,
)

ADA = "mailto:ada@example.com"


def courier(box: Mailbox, **settings: object) -> MailCourier:
    given: dict[str, object] = {
        "server": f"127.0.0.1:{box.port}",
        "sender": "printers@example.com",
        "allow": ["example.com", "bob@example.org"],
        "timeout": 5,
        **settings,
    }
    return make(given, Path("/nowhere"))


def received(box: Mailbox) -> EmailMessage:
    found = message_from_bytes(bytes(box.mails[-1].content or b""), policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


async def test_mail_goes_by_starttls_and_is_read_by_people(tmp_path: Path) -> None:
    context, authority = certificate(tmp_path)
    async with mailbox(context) as box:
        by = courier(box, **{"ca-file": str(authority)})
        await by.deliver(parcel(ADA, 1, 2, after=0))
    assert box.encrypted == [True]
    assert (box.mails[0].mail_from, box.mails[0].rcpt_tos) == ("printers@example.com", ["ada@example.com"])
    mail = received(box)
    assert mail["Subject"] == "Job 12 at printer p1 is completed. (+1)"
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_content()
    assert text.count("Job 12 at printer p1 is completed.") == 2
    assert "Brief (ada) @ p1" in text
    assert "pagebell subscriptions cancel 5" in text


async def test_mail_server_whose_certificate_is_not_trusted_gets_nothing(tmp_path: Path) -> None:
    context, _ = certificate(tmp_path)
    async with mailbox(context) as box:
        with pytest.raises(Undelivered, match="certificate"):
            await courier(box).deliver(parcel(ADA, 1))
    assert box.mails == []


async def test_mail_server_without_starttls_gets_nothing_unless_that_is_wanted() -> None:
    async with mailbox() as box:
        with pytest.raises(Undelivered, match=r"(?i)starttls"):
            await courier(box).deliver(parcel(ADA, 1))
        assert box.mails == []
        await courier(box, encryption="none").deliver(parcel(ADA, 1))
        assert len(box.mails) == 1


async def test_login_is_by_the_password_of_the_file(tmp_path: Path) -> None:
    context, authority = certificate(tmp_path)
    async with mailbox(context, login=True) as box:
        for password in ("secret", "wrong"):
            (tmp_path / "password").write_text(password + "\n")
            settings = {"ca-file": str(authority), "user": "kim", "password-file": str(tmp_path / "password")}
            by = courier(box, **settings)
            if password == "wrong":
                with pytest.raises(Undelivered, match="does not let us in") as failed:
                    await by.deliver(parcel(ADA, 1))
                assert password not in str(failed.value)
            else:
                await by.deliver(parcel(ADA, 1))
    assert box.logins[0].login == b"kim"
    assert len(box.mails) == 1


@pytest.mark.parametrize(
    ("answer", "gone"), [("550 no such mailbox", True), ("450 later", False), ("554 no", False)]
)
async def test_mailbox_that_does_not_exist_ends_the_subscription(answer: str, gone: bool) -> None:
    async with mailbox() as box:
        box.refusal = answer
        with pytest.raises(Undelivered, match=answer[:3]) as failed:
            await courier(box, encryption="none").deliver(parcel(ADA, 1))
        assert failed.value.gone == gone


@pytest.mark.parametrize("begins", [b"", b"220 mail.test ESMTP\r\n"])
async def test_mail_server_that_keeps_us_waiting_is_left(begins: bytes) -> None:
    async with listener(begins) as port:
        with pytest.raises(Undelivered, match="does not take it"):
            await courier(Mailbox(port), encryption="none", timeout=0.2).deliver(parcel(ADA, 1))


async def test_mail_server_that_is_away_is_a_failure() -> None:
    async with mailbox() as box:
        pass
    with pytest.raises(Undelivered, match="does not take it"):
        await courier(box).deliver(parcel(ADA, 1))


@pytest.mark.parametrize(
    ("language", "subject"),
    [
        ("en", "Job 12 at printer p1 is completed."),
        ("de-CH", "Auftrag 12 am Drucker p1 ist fertig."),
        ("fr", "La tâche 12 sur l’imprimante p1 est terminée."),
        ("es-MX", "El trabajo 12 en la impresora p1 ha terminado."),
        ("xx", "Job 12 at printer p1 is completed."),
    ],
)
def test_mail_is_in_the_subscriptions_language(language: str, subject: str) -> None:
    mail = message(parcel(ADA, 1, language=language), "printers@example.com")
    assert mail["Subject"] == subject
    assert subject in mail.get_content()
    assert mail["Content-Language"] == language[:2].replace("xx", "en")


def test_dropped_events_are_told() -> None:
    mail = message(parcel(ADA, 9, after=5, missed=3), "printers@example.com")
    assert "3 earlier messages were dropped" in mail.get_content()
    alone = message(parcel(ADA, after=5, missed=3), "printers@example.com")
    assert alone["Subject"].startswith("3 earlier messages")


def test_every_mail_has_a_date() -> None:
    """RFC 5322 3.6; the same at each attempt, or at least its own."""
    for one in (parcel(ADA, 9), parcel(ADA, after=5, missed=3)):
        assert message(one, "printers@example.com")["Date"].datetime.tzinfo is not None


def test_same_events_have_the_same_message_id_and_others_another() -> None:
    ids = [
        message(parcel(ADA, *numbers), "p@example.com")["Message-ID"]
        for numbers in ((1, 2), (1, 2), (2,), (3,))
    ]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


def test_name_of_a_job_can_not_add_headers_or_lines_to_the_head() -> None:
    evil: Event = event(message="x\r\nBcc: eve@evil.test\r\n\r\nhello " + "y" * 500)
    mail = message(Parcel(subscription(ADA), ((1, evil),)), "printers@example.com")
    read = message_from_bytes(mail.as_bytes(), policy=email.policy.default)
    assert read["Bcc"] is None
    assert len(read["Subject"]) <= 160


def test_name_of_a_job_can_not_add_lines_to_the_text() -> None:
    """Else anybody who may print writes whole letters to who is told of it."""
    name = "x\r\n\r\n-- \nYour password has expired\x85\u2028\x1b[2J\tCall eve"
    told = Parcel(subscription(ADA), ((1, event(name=name, message=name)),))
    lines = message(told, "printers@example.com").get_content().splitlines()
    assert lines.count("-- ") == 1
    assert not any(line.startswith(("Your", "Call")) for line in lines)
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize(
    "uri",
    [
        "mailto:eve@evil.test",
        "mailto:ada@example.com.evil.test",
        "mailto:carol@example.org",
        "mailto:ada@example.com,eve@evil.test",
        "mailto:ada@example.com?bcc=eve@evil.test",
        "mailto:ada%0d%0aRCPT@example.com",
        "mailto:",
        "mailto://example.com/ada",
        "https://example.com/",
    ],
)
async def test_address_that_is_not_allowed_is_refused(uri: str) -> None:
    with pytest.raises(ValueError):
        courier(Mailbox(port=25)).check(uri)


@pytest.mark.parametrize(
    "uri", ["mailto:ada@example.com", "mailto:ADA@Example.COM", "mailto:bob@example.org"]
)
def test_address_of_a_listed_domain_or_listed_itself_is_taken(uri: str) -> None:
    assert courier(Mailbox(port=25)).check(uri)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"server": "mail.test"}, "server: 'mail.test' is not HOST:PORT"),
        ({"sender": "me"}, "sender: 'me' is no mail address"),
        ({"allow": []}, "allow: name the domains"),
        ({"encryption": "rot13"}, "encryption: Invalid enum value"),
        ({"password-file": "/nowhere"}, "password-file: /nowhere can't be read"),
    ],
)
def test_wrong_setting_is_named(settings: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        courier(Mailbox(port=25), **settings)


def test_couriers_are_made_by_their_names(tmp_path: Path) -> None:
    mail = {"server": "mail.test:25", "sender": "p@example.com", "allow": ["example.com"]}
    made = make_couriers({"mail": mail, "webhook": {"allow": ["hooks.test"]}}, tmp_path)
    assert [courier.schemes for courier in made] == [("mailto",), ("http", "https")]
    with pytest.raises(
        ValueError, match=r"couriers\.pigeon: there is no such courier; known are mail, webhook"
    ):
        make_couriers({"pigeon": {}}, tmp_path)
    with pytest.raises(ValueError, match=r"couriers\.mail: "):
        make_couriers({"mail": {}}, tmp_path)


@pytest.mark.parametrize(("owner", "texts"), PRIVATE)
def test_words_for_one_user_are_mailed_to_that_users_recipient_alone(owner: str, texts: list[str]) -> None:
    mail = message(private(parcel(ADA, 1), owner), "printers@example.com")
    assert mail["Subject"] == f"{texts[0]} (+2)"
    lines = [line.partition("  ")[2] for line in mail.get_content().splitlines()]
    assert lines[:3] == texts
