"""What customers read: texts with typed fields, checked before anybody approves them. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from chalicelib.campaigns.cost import GSM, GSM_TWICE, sms_parts
from chalicelib.campaigns.models import (
    Campaign,
    CampaignInput,
    FieldSpec,
    FieldType,
    Kind,
    MailText,
    Notice,
    SmsText,
    TextSize,
)
from chalicelib.campaigns.rules import facts
from chalicelib.customers.models import Customer
from chalicelib.errors import CustOpsError, Invalid

PLACEHOLDER = re.compile(r"\{\{\s*([a-z][a-z0-9_]*)\s*\}\}")
BUILT_IN = frozenset(
    {"name", "first_name", "company", "topic", "link", "unsubscribe", "feedback", "preferences"}
)
WAYS_OUT = frozenset({"unsubscribe", "feedback", "preferences"})
CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


class FieldMissing(CustOpsError):
    """A customer has no value for a field of the text. `name` is the field's."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def check(campaign: Campaign) -> None:
    """Raises Invalid where texts ask for fields that nobody gives, all of them named, or where a
    channel has no text."""
    for channel in campaign.audience.channels:
        if not getattr(campaign.message, str(channel)):
            raise Invalid.field("audience.channels", f"there is no text for {channel}")
    known = BUILT_IN | set(campaign.fields)
    unknown = [
        {"field": place, "reason": f"{{{{{name}}}}} is not a field of this campaign"}
        for place, text in _texts(campaign.message)
        for name in dict.fromkeys(PLACEHOLDER.findall(text))
        if name not in known
    ]
    if unknown:
        raise Invalid("; ".join(f"{one['field']}: {one['reason']}" for one in unknown), unknown)
    for place, text in _texts(campaign.message):
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
ANSWERS = {
    "en": "Solved, still broken, or not about you? Tell us here: {{feedback}}",
    "de": "Gelöst, noch kaputt, oder betrifft es Sie gar nicht? Sagen Sie es uns: {{feedback}}",
    "fr": "Résolu, toujours en panne, ou pas concerné ? Dites-le-nous : {{feedback}}",
    "es": "¿Resuelto, sigue fallando, o no le afecta? Díganoslo: {{feedback}}",
}
FOOTER = {
    "en": "You get this message because you are our customer. No more of these: {{unsubscribe}}\n"
    "What we may write to you about: {{preferences}}",
    "de": "Sie erhalten diese Nachricht als unser Kunde. Keine weiteren: {{unsubscribe}}\n"
    "Worüber wir Ihnen schreiben dürfen: {{preferences}}",
    "fr": "Vous recevez ce message en tant que client. Ne plus en recevoir : {{unsubscribe}}\n"
    "Vos préférences : {{preferences}}",
    "es": "Recibe este mensaje por ser cliente. Para no recibir más: {{unsubscribe}}\n"
    "Sus preferencias: {{preferences}}",
}
SMS_ANSWERS = {
    "en": "Reply SOLVED, BROKEN or NOT ME.",
    "de": "Antwort: OK, KAPUTT oder NICHT ICH.",
    "fr": "Répondez OK, PANNE ou PAS MOI.",
    "es": "Responda OK, FALLA o NO YO.",
}
"""What a text message offers; flows/noticed.py understands the words of all languages."""


def missing(campaign: Campaign, customer: Customer) -> str:
    """The first field for which a customer has no value, "" where there is none."""
    try:
        field_values(campaign, customer, "", {})
    except FieldMissing as error:
        return error.name
    return ""


def mail_template(notice: Notice, language: str) -> MailText:
    """Subject and text of the mail in a language, with the ways to answer and out at its end."""
    text = notice.email[language]
    asked = PLACEHOLDER.findall(text.text)
    parts = [text.text.rstrip()]
    if "feedback" not in asked:
        parts.append(ANSWERS.get(language, ANSWERS["en"]))
    if "unsubscribe" not in asked:
        parts.append(f"-- \n{FOOTER.get(language, FOOTER['en'])}\n")
    return MailText.model_construct(subject=text.subject, text="\n\n".join(parts))


def sms_template(notice: Notice, language: str) -> str:
    """The text message in a language, with the words by which it can be answered."""
    text = notice.sms[language].text
    if "feedback" in PLACEHOLDER.findall(text):
        return text
    return f"{text.rstrip()} {SMS_ANSWERS.get(language, SMS_ANSWERS['en'])}"


def bare(notice: Notice, language: str, sms: bool) -> str:
    """What is said in a customer's own case: the notice without its ways out."""
    texts = notice.sms if (sms and notice.sms) or not notice.email else notice.email
    text = texts.get(language) or texts[notice.default]
    lines = text.text.splitlines()
    kept = [line for line in lines if not WAYS_OUT & set(PLACEHOLDER.findall(line))]
    return "\n".join(kept)


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
        "topic": campaign.topic or (campaign.name if campaign.root else ""),
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


FOLLOWING: Mapping[Kind, dict[str, MailText]] = {
    Kind.UPDATE: {
        "en": MailText(
            subject="News about the problem with {{topic}}",
            text="Hello {{name}},\n\nwe wrote to you about a problem with {{topic}}. We are still "
            "working on it. What we know so far: {{link}}\n\n{{company}}",
        ),
        "de": MailText(
            subject="Neues zum Problem: {{topic}}",
            text="Guten Tag {{name}},\n\nwir hatten Ihnen über ein Problem geschrieben: {{topic}}. "
            "Wir arbeiten noch daran. Was wir bisher wissen: {{link}}\n\n{{company}}",
        ),
    },
    Kind.CLOSURE: {
        "en": MailText(
            subject="The problem with {{topic}} is solved",
            text="Hello {{name}},\n\nwe wrote to you about a problem with {{topic}}. It is solved; "
            "you need not do anything. If it is still broken for you, please tell us.\n\n"
            "{{company}}",
        ),
        "de": MailText(
            subject="Behoben: {{topic}}",
            text="Guten Tag {{name}},\n\nwir hatten Ihnen über ein Problem geschrieben: {{topic}}. "
            "Es ist behoben; Sie müssen nichts tun. Falls es bei Ihnen noch besteht, sagen Sie es "
            "uns bitte.\n\n{{company}}",
        ),
    },
    Kind.RETRACTION: {
        "en": MailText(
            subject="Our message about {{topic}}: a false alarm",
            text="Hello {{name}},\n\nwe wrote to you about a problem with {{topic}}. That was a "
            "false alarm: you are not affected. We are sorry for the trouble.\n\n{{company}}",
        ),
        "de": MailText(
            subject="Unsere Nachricht zu {{topic}}: ein Fehlalarm",
            text="Guten Tag {{name}},\n\nwir hatten Ihnen über ein Problem geschrieben: {{topic}}. "
            "Das war ein Fehlalarm, Sie sind nicht betroffen. Bitte entschuldigen Sie."
            "\n\n{{company}}",
        ),
    },
}
FOLLOWING_SMS: Mapping[Kind, dict[str, str]] = {
    Kind.UPDATE: {
        "en": "{{company}}: still working on the problem with {{topic}}. {{link}}",
        "de": "{{company}}: Wir arbeiten noch an dem Problem: {{topic}}. {{link}}",
    },
    Kind.CLOSURE: {
        "en": "{{company}}: the problem with {{topic}} is solved.",
        "de": "{{company}}: Das Problem ist behoben: {{topic}}.",
    },
    Kind.RETRACTION: {
        "en": "{{company}}: our message about {{topic}} was a false alarm. Sorry.",
        "de": "{{company}}: Unsere Nachricht zu {{topic}} war ein Fehlalarm. Entschuldigung.",
    },
}


def follow_up(kind: Kind, root: Campaign) -> Notice:
    """A text to start from for a later step, on the channels of the first."""
    sms = {language: SmsText(text=text) for language, text in FOLLOWING_SMS[kind].items()}
    return Notice(
        email=dict(FOLLOWING[kind]) if root.message.email else {},
        sms=sms if root.message.sms else {},
        default=root.message.default if root.message.default in FOLLOWING[kind] else "en",
    )


def size(text: str) -> TextSize:
    """Length and coding of a text message (3GPP TS 23.038)."""
    plain = all(letter in GSM or letter in GSM_TWICE for letter in text)
    return TextSize(
        characters=len(text), parts=sms_parts(text), encoding="GSM-7" if plain else "UCS-2"
    )
