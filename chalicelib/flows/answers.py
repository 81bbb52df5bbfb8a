"""The words of automatic answers, by language. Fields: company, reference, link, promised."""

from __future__ import annotations

ACKNOWLEDGEMENT = {
    "en": (
        "Hello,\n\nthank you for writing to {{company}}. Your message has arrived and has the "
        "reference {{reference}}. A person will answer you; simply reply to this mail to add "
        "anything.{{promised}}\n\nYou can follow your case here: {{link}}\n\n"
        "This confirmation was sent automatically."
    ),
    "de": (
        "Guten Tag,\n\nvielen Dank für Ihre Nachricht an {{company}}. Sie ist angekommen und trägt "
        "das Zeichen {{reference}}. Ein Mensch wird Ihnen antworten; wenn Sie etwas ergänzen "
        "möchten, antworten Sie einfach auf diese Mail.{{promised}}\n\n"
        "Hier können Sie Ihre Anfrage verfolgen: {{link}}\n\n"
        "Diese Bestätigung wurde automatisch versandt."
    ),
    "fr": (
        "Bonjour,\n\nmerci d'avoir écrit à {{company}}. Votre message est bien arrivé sous la "
        "référence {{reference}}. Une personne vous répondra ; pour ajouter quelque chose, "
        "répondez simplement à ce courriel.{{promised}}\n\nSuivez votre demande ici : {{link}}\n\n"
        "Cette confirmation a été envoyée automatiquement."
    ),
    "es": (
        "Hola:\n\nGracias por escribir a {{company}}. Hemos recibido su mensaje con la referencia "
        "{{reference}}. Le responderá una persona; para añadir algo, responda a este correo."
        "{{promised}}\n\n"
        "Puede seguir su caso aquí: {{link}}\n\nEsta confirmación se ha enviado automáticamente."
    ),
}
ACKNOWLEDGEMENT_SMS = {
    "en": (
        "{{company}}: we have your message, reference {{reference}}. "
        "A person will answer you{{promised}}."
    ),
    "de": (
        "{{company}}: Ihre Nachricht ist da, Zeichen {{reference}}. "
        "Ein Mensch antwortet Ihnen{{promised}}."
    ),
    "fr": (
        "{{company}} : message recu, reference {{reference}}. "
        "Une personne vous repondra{{promised}}."
    ),
    "es": (
        "{{company}}: mensaje recibido, referencia {{reference}}. "
        "Le respondera una persona{{promised}}."
    ),
}


def pick(texts: dict[str, str], language: str | None) -> str:
    """The text in that language, else in English."""
    return texts.get((language or "en")[:2], texts["en"])
