"""The words of mails and webhooks to agents, in the agent's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.base import Model, iso
from chalicelib.cases.models import Case, Message, MessageKind
from chalicelib.cases.rules import preview
from chalicelib.notifications.models import URGENCY, Bundle, Entry
from chalicelib.words import Words, words

ABOVE = "##- {} -##"
"""Around the line above which an answer is written (flows/staff.py looks for it)."""
LONGEST = 2_000  # characters of an entry that a mail shows
SHORT = 300  # that a webhook shows


class AgentLetter(Model):
    subject: str
    text: str


class Told(Model):
    """A fact with what is there of it: its case, and the entry itself."""

    entry: Entry
    case: Case
    message: Message | None


def letter(bundle: Bundle, told: Sequence[Told], desk: str, language: str) -> AgentLetter:
    """The mail of a bundle; one of a single case says how to answer by mail."""
    say = words(language)
    cases = {one.case.id: one.case for one in told}
    if len(cases) == 1:
        (case,) = cases.values()
        above = ABOVE.format(say("news.mail_above"))
        subject = f"{_headline(say, told)}: {_subject(say, case)} [{case.reference}]"
        return AgentLetter(subject=subject, text=_text([above, *_parts(say, told, desk, bundle)]))
    counted = bundle.more + len(told)
    subject = say("news.mail_several", count=counted, cases=len(cases))
    return AgentLetter(subject=subject, text=_text(_parts(say, told, desk, bundle)))


def event(bundle: Bundle, told: Sequence[Told], desk: str) -> dict[str, Any]:
    """The body of a webhook: one kind of facts about one case, for one agent."""
    case = told[0].case
    return {
        "type": f"agent.{bundle.kind}",
        "timestamp": iso(bundle.created_at),
        "data": {
            "agent": bundle.email,
            "case_id": case.id,
            "reference": case.reference,
            "subject": case.subject,
            "url": link(desk, told[-1]),
            "count": len(told) + bundle.more,
            "facts": [_fact(one) for one in told],
        },
    }


def link(desk: str, one: Told) -> str:
    """Where the desk shows it."""
    entry = f"?m={one.message.id}" if one.message else ""
    return f"{desk}#/case/{one.case.id}{entry}"


def _fact(one: Told) -> Mapping[str, str]:
    return {
        "kind": str(one.entry.kind),
        "by": one.entry.by,
        "at": iso(one.entry.at),
        "message_id": one.message.id if one.message else "",
        "text": one.message.text[:SHORT] if one.message else "",
    }


def _parts(say: Words, told: Sequence[Told], desk: str, bundle: Bundle) -> list[str]:
    parts: list[str] = []
    shown = ""
    for one in told:
        if one.case.id != shown:
            parts.append(f"{_subject(say, one.case)} [{one.case.reference}]\n{link(desk, one)}")
            shown = one.case.id
        parts.append(_said(say, one))
    if bundle.more:
        parts.append(say("news.mail_more", count=bundle.more))
    parts.append(say("news.mail_why"))
    return parts


def _said(say: Words, one: Told) -> str:
    what = _what(say, one.entry)
    if one.message is None or one.message.kind == MessageKind.EVENT:
        return what
    return f"{what}\n{one.message.text.strip()[:LONGEST]}"


def _headline(say: Words, told: Sequence[Told]) -> str:
    return _what(say, min((one.entry for one in told), key=lambda e: URGENCY.index(e.kind)))


def _what(say: Words, entry: Entry) -> str:
    by = name(entry.by)
    return say(f"news.{entry.kind}_by" if by else f"news.{entry.kind}", by=by)


def _subject(say: Words, case: Case) -> str:
    return preview(case.subject) or say("case.no_subject")


def _text(parts: Sequence[str]) -> str:
    return "\n\n".join(parts) + "\n"


def name(email: str) -> str:
    """How an agent is called: ann.lee@example.com is Ann Lee."""
    return email.partition("@")[0].replace(".", " ").replace("_", " ").title()
