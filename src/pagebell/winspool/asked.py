"""The question that our servers ask our clients where a message box is too little: custom UI whose data is JSON.

A message box of [MS-PAN] 2.2.7.3 has no place to type something in, and its buttons other than OK and Cancel have texts
of drivers' files only. Other clients decline the function, as 3.2.3.4.3 has it, and their users answer at another door.
"""

from __future__ import annotations

import json
from typing import Final

from pagebell.model.dialog import Answer, Question
from pagebell.winspool.asyncui import CustomUI, CustomUIReply, EntryPoint
from pagebell.winspool.asyncui_xml import AsyncUIError

ASK: Final = EntryPoint("pagebell", "ask")
"""The function: it takes a question as JSON, and answers with a choice and a text as JSON."""
_MOST_CHOICES: Final = 20


def write_question(question: Question) -> CustomUI:
    """A question as the server sends it."""
    asked = {
        "title": question.title,
        "text": question.text,
        "choices": list(question.choices),
        "entry": question.entry,
        "secret": question.secret,
    }
    return CustomUI(ASK, True, json.dumps(asked, ensure_ascii=False))


def read_question(ui: CustomUI) -> Question:
    """A question as a client takes it. Raises AsyncUIError."""
    try:
        asked = json.loads(ui.data)
        title, text, entry = asked["title"], asked["text"], asked.get("entry", "")
        choices, secret = asked["choices"], asked.get("secret", False)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise AsyncUIError("the question is none in JSON") from None
    words = [title, text, entry, *(choices if isinstance(choices, list) else [None])]
    if not all(isinstance(one, str) for one in words) or not 1 <= len(choices) <= _MOST_CHOICES:
        raise AsyncUIError("the question is none in JSON")
    return Question(title, text, tuple(choices), entry, bool(secret))


def write_answer(answer: Answer) -> CustomUIReply:
    """An answer as the client sends it."""
    return CustomUIReply(json.dumps({"choice": answer.choice, "text": answer.text}, ensure_ascii=False))


def read_answer(reply: CustomUIReply) -> Answer:
    """An answer as the server takes it. Raises AsyncUIError."""
    try:
        answered = json.loads(reply.text)
        choice, text = answered["choice"], answered.get("text", "")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise AsyncUIError("the answer is no choice in JSON") from None
    if not isinstance(choice, str) or not isinstance(text, str):
        raise AsyncUIError("the answer is no choice in JSON")
    return Answer(choice, text)
