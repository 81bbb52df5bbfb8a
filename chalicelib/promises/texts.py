"""What customers are told of a promise, in their language and by their clock. Pure.

Fields: company, reference, link, by (a moment in words), was (the one that was not kept).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "de": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "es": "lunes martes miércoles jueves viernes sábado domingo",
}
MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": (
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
    ),
}
FORMS = {
    "en": "{day} {date} {month} at {clock} ({zone})",
    "de": "{day}, {date}. {month}, {clock} Uhr ({zone})",
    "fr": "{day} {date} {month} à {clock} ({zone})",
    "es": "{day} {date} de {month} a las {clock} ({zone})",
}
PROMISED = {
    "en": " We will answer you by {{by}}.",
    "de": " Wir antworten Ihnen bis {{by}}.",
    "fr": " Nous vous répondrons au plus tard {{by}}.",
    "es": " Le responderemos a más tardar el {{by}}.",
}
PROMISED_SMS = {
    "en": " by {{by}}",
    "de": " bis {{by}}",
    "fr": " avant le {{by}}",
    "es": " antes de {{by}}",
}
SLIPPED = {
    "en": (
        "Hello,\n\nwe promised you an answer by {{was}} and have not kept that. We are sorry. Your "
        "message {{reference}} is not forgotten: a person will answer you, and we now expect that "
        "to be by {{by}}. You need not do anything.\n\n"
        "You can follow your case here: {{link}}\n\n"
        "{{company}}\nThis message was sent automatically."
    ),
    "de": (
        "Guten Tag,\n\nwir haben Ihnen eine Antwort bis {{was}} zugesagt und das nicht "
        "eingehalten. Das tut uns leid. Ihre Nachricht {{reference}} ist nicht vergessen: Ein "
        "Mensch wird Ihnen antworten, und wir rechnen jetzt damit bis {{by}}. Sie brauchen nichts "
        "weiter zu tun.\n\nHier können Sie Ihre Anfrage verfolgen: {{link}}\n\n"
        "{{company}}\nDiese Nachricht wurde automatisch versandt."
    ),
    "fr": (
        "Bonjour,\n\nnous vous avions promis une réponse au plus tard {{was}} et nous ne l'avons "
        "pas tenue. Nous en sommes désolés. Votre message {{reference}} n'est pas oublié : une "
        "personne vous répondra, désormais au plus tard {{by}}, pensons-nous. Vous n'avez rien à "
        "faire.\n\nSuivez votre demande ici : {{link}}\n\n"
        "{{company}}\nCe message a été envoyé automatiquement."
    ),
    "es": (
        "Hola:\n\nLe prometimos una respuesta a más tardar el {{was}} y no lo hemos cumplido. Lo "
        "sentimos. Su mensaje {{reference}} no está olvidado: le responderá una persona, y ahora "
        "esperamos que sea a más tardar el {{by}}. No tiene que hacer nada.\n\n"
        "Puede seguir su caso aquí: {{link}}\n\n"
        "{{company}}\nEste mensaje se ha enviado automáticamente."
    ),
}
SLIPPED_SMS = {
    "en": "{{company}}: sorry, we are late with {{reference}}. We now expect to answer by {{by}}.",
    "de": "{{company}}: Verzeihung, {{reference}} dauert. Antwort erwarten wir jetzt bis {{by}}.",
    "fr": "{{company}} : desoles du retard pour {{reference}}. Reponse prevue : {{by}}.",
    "es": "{{company}}: disculpe el retraso de {{reference}}. Respuesta prevista: {{by}}.",
}


def moment(at: datetime, zone: str, language: str | None) -> str:
    """A moment in words, in the reader's zone, not before it: rounded up to the minute.

    Monday 23 November at 10:00 (CET). UTC where the zone is not known.
    """
    local = _local(at, zone)
    known = (language or "en")[:2]
    known = known if known in FORMS else "en"
    return FORMS[known].format(
        day=DAYS[known].split()[local.weekday()],
        date=local.day,
        month=MONTHS[known].split()[local.month - 1],
        clock=local.strftime("%H:%M"),
        zone=local.tzname(),
    )


def brief(at: datetime, zone: str) -> str:
    """The same for a text message, in any language: 2026-11-23 10:00 CET."""
    return _local(at, zone).strftime("%Y-%m-%d %H:%M %Z")


def _local(at: datetime, zone: str) -> datetime:
    try:
        place = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        place = ZoneInfo("UTC")
    if at.second or at.microsecond:
        at = at.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return at.astimezone(place)
