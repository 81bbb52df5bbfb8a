"""The words of mails to departments, with the figures of the evidence as a table beside them."""

from __future__ import annotations

import csv
import io
from datetime import datetime

from chalicelib.base import Model, iso
from chalicelib.channels.compose import File
from chalicelib.problems.models import Dispatch, Evidence, Handover

OPENING = {
    "handed_over": "A problem was handed over to you. Please say what happens with it.",
    "passed_on": "A problem was passed on to you. Please say what happens with it.",
    "answered": "Your question was answered:",
    "reminder": "This is overdue. Please say what happens with it, and by when.",
    "escalation": "A department was reminded of this problem, and it is still overdue.",
    "not_fixed": "You said that this is fixed. The figures say that it is not:",
}
SUBJECT = {
    "handed_over": "Problem for you",
    "passed_on": "Problem for you",
    "answered": "Answer to your question",
    "reminder": "Overdue",
    "escalation": "Escalated",
    "not_fixed": "Not fixed yet",
}


class Letter(Model):
    subject: str
    text: str
    files: tuple[File, ...] = ()


def letter(handover: Handover, dispatch: Dispatch, link: str) -> Letter:
    """The mail of a dispatch; `link` "" leaves out the way to answer."""
    evidence = handover.evidence
    parts = [OPENING[dispatch.kind]]
    if dispatch.text:
        parts.append(dispatch.text)
    parts.append("\n".join(_facts(handover)))
    if dispatch.kind in ("handed_over", "passed_on"):
        if handover.note:
            parts.append(f"Note: {handover.note}")
        parts += [f"“{example.text}”\n({example.reference})" for example in evidence.examples]
    if link:
        parts.append(
            "Accept it, ask back, pass it on, give a date or say that it is fixed, all without "
            f"signing in:\n{link}\n\nWhoever has this link can answer for you."
        )
    parts.append("This mail was sent automatically; answers to it are not read.")
    subject = f"{SUBJECT[dispatch.kind]}: {evidence.title}"
    files = (plot_file(evidence),) if evidence.plot and dispatch.kind != "answered" else ()
    return Letter(subject=subject, text="\n\n".join(parts), files=files)


def _facts(handover: Handover) -> list[str]:
    evidence = handover.evidence
    lines = [
        evidence.title,
        f"Since: {when(evidence.since)}",
        f"Contacts: {evidence.cases} of {evidence.customers} customers, "
        f"{evidence.contacts_per_day:g} a day",
    ]
    if evidence.expected is not None and evidence.seen is not None:
        lines.append(f"Seen {evidence.seen} where {evidence.expected:.1f} are usual")
    lines += list(evidence.lifts)
    lines.append(f"Cost so far: ${evidence.cost_so_far:.2f}")
    lines.append(f"Due: {when(handover.due_at)}")
    lines += [f"Not known: {line}" for line in evidence.not_known]
    return lines


def plot_file(evidence: Evidence) -> File:
    """The plot as a table: hour (UTC), contacts, what was expected, and the top of its band."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\r\n")
    writer.writerow(["hour", "contacts", "expected", "upper"])
    for point in evidence.plot:
        usual = ["" if v is None else f"{v:.3f}" for v in (point.expected, point.upper)]
        writer.writerow([iso(point.hour), point.contacts, *usual])
    return File(name="contacts.csv", type="text/csv", content=table.getvalue().encode())


def when(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
