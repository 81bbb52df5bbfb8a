"""What customers read: texts with typed fields, checked before anybody approves them. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from chalicelib.campaigns.models import (
    Campaign,
    CampaignInput,
    FieldSpec,
    FieldType,
    MailText,
    Notice,
    SmsText,
)
from chalicelib.campaigns.rules import facts
from chalicelib.customers.models import Customer
from chalicelib.errors import CustOpsError, Invalid

PLACEHOLDER = re.compile(r"\{\{\s*([a-z][a-z0-9_]*)\s*\}\}")
BUILT_IN = frozenset({"name", "first_name", "company", "topic", "link", "unsubscribe"})
CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


class FieldMissing(CustOpsError):
    """A customer has no value for a field of the text. `name` is the field's."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def check(campaign: Campaign) -> None:
    """Raises Invalid where a text asks for a field that nobody gives, or a channel has no text."""
    for channel in campaign.audience.channels:
        if not getattr(campaign.message, str(channel)):
            raise Invalid.field("audience.channels", f"there is no text for {channel}")
    known = BUILT_IN | set(campaign.fields)
    for place, text in _texts(campaign.message):
        for name in PLACEHOLDER.findall(text):
            if name not in known:
                raise Invalid.field(place, f"{{{{{name}}}}} is not a field of this campaign")
        rest = PLACEHOLDER.sub("", text)
        if "{{" in rest or "}}" in rest or "\\{{" in text:
            raise Invalid.field(place, "a field is written {{name}}: small letters, digits and _")


def _texts(notice: Notice) -> Iterable[tuple[str, str]]:
    for language, mail in notice.email.items():
        yield f"message.email.{language}.subject", mail.subject
        yield f"message.email.{language}.text", mail.text
    for language, sms in notice.sms.items():
        yield f"message.sms.{language}.text", sms.text


NOBODY = {"en": "customer", "de": "Kundin, lieber Kunde", "fr": "client", "es": "cliente"}
FOOTER = {
    "en": "You get this message because you are our customer. No more of these: {{unsubscribe}}",
    "de": "Sie erhalten diese Nachricht als unser Kunde. Keine weiteren: {{unsubscribe}}",
    "fr": "Vous recevez ce message en tant que client. Ne plus en recevoir : {{unsubscribe}}",
    "es": "Recibe este mensaje por ser cliente. Para no recibir más: {{unsubscribe}}",
}


def mail_template(notice: Notice, language: str) -> MailText:
    """Subject and text of the mail in a language, with the way out at its end."""
    text = notice.email[language]
    if "unsubscribe" in PLACEHOLDER.findall(text.text):
        return text
    footer = FOOTER.get(language, FOOTER["en"])
    return MailText.model_construct(subject=text.subject, text=f"{text.text}\n\n-- \n{footer}\n")


def field_values(
    campaign: Campaign, customer: Customer, language: str, common: Mapping[str, str]
) -> dict[str, str]:
    """Every field of this customer's text; raises FieldMissing.

    `common` has what is not the customer's own: company, link, unsubscribe.
    """
    name = _clean(customer.name) or NOBODY.get(language, NOBODY["en"])
    values = {
        "name": name,
        "first_name": name.split()[0] if customer.name.strip() else name,
        "topic": campaign.topic or "",
        **common,
    }
    known = facts(customer)
    for field_name, spec in campaign.fields.items():
        values[field_name] = _value(field_name, spec, known)
    return values


def _value(name: str, spec: FieldSpec, known: Mapping[str, Any]) -> str:
    found: Any = spec.value
    if spec.source:
        found = known
        for step in spec.source.split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
    shown = _shown(spec.type, found)
    if not shown:
        shown = _shown(spec.type, spec.default)
    if not shown:
        raise FieldMissing(name)
    return shown


def _shown(kind: FieldType, value: Any) -> str:
    """The value as it stands in a text, "" where it is not of the kind."""
    if value is None or isinstance(value, list | Mapping):
        return ""
    text = _clean(str(value))
    try:
        if kind is FieldType.NUMBER:
            number = float(text)
            return f"{number:g}" if math.isfinite(number) else ""
        if kind is FieldType.DATE:
            return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        return ""
    return text


def _clean(text: str) -> str:
    return CONTROL.sub(" ", text).strip()[:200]


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its fields replaced."""
    return PLACEHOLDER.sub(lambda found: values[found[1]], text)


PROPOSED_MAIL = {
    "en": MailText(
        subject="We are working on a problem with {{topic}}",
        text="Hello {{name}},\n\nwe have noticed a problem with {{topic}} that may affect you. We "
        "are working on it; you need not do anything, and we will write again when it is over.\n\n"
        "What we know so far: {{link}}\n\nIf you would like to tell us something, simply reply.\n\n"
        "{{company}}",
    ),
    "de": MailText(
        subject="Wir arbeiten an einem Problem: {{topic}}",
        text="Guten Tag {{name}},\n\nuns ist ein Problem aufgefallen, das auch Sie betreffen kann: "
        "{{topic}}. Wir arbeiten daran; Sie müssen nichts tun, und wir melden uns, wenn es behoben "
        "ist.\n\nWas wir bisher wissen: {{link}}\n\nWenn Sie uns etwas dazu sagen möchten, "
        "antworten Sie einfach.\n\n{{company}}",
    ),
}
PROPOSED_SMS = {
    "en": SmsText(
        text="{{company}}: we are working on a problem with {{topic}} that may affect you. {{link}}"
    ),
    "de": SmsText(
        text="{{company}}: Wir arbeiten an einem Problem, das Sie betreffen kann: {{topic}}. "
        "{{link}}"
    ),
}


def propose(given: CampaignInput, topic: str | None) -> Notice:
    """The given text, or one to start from; raises Invalid where there is nothing to speak of."""
    if given.message is not None:
        return given.message
    if not topic:
        raise Invalid.field("message", "say what the customers are told")
    return Notice(email=dict(PROPOSED_MAIL), sms=dict(PROPOSED_SMS))
