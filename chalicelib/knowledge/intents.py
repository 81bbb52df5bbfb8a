"""What a short chat message wants beside an answer: a person, to say yes or no, to greet. Pure.

Only what is plainly said counts: a bare "agent", or a wish with a person in it. "My agent number is
wrong" is a question like any other.
"""

from __future__ import annotations

import re
from functools import cache

from chalicelib.knowledge.stemming import terms
from chalicelib.text import words

SHORT = 2  # words within which the bare name of a person is a wish
_PERSON = (
    r"humans?|persons?|people|real person|agents?|representatives?|operator|advis[eo]rs?|staff"
    r"|mensch(?:en)?|mitarbeiter(?:in)?|berater(?:in)?|person|sachbearbeiter(?:in)?|kundenberater(?:in)?"
    r"|humaine?|personne|conseill[eè]re?|quelqu'un|agente?|persona|humano|operador(?:a)?|asesor(?:a)?"
    r"|umano|operatore|operatrice|pessoa|atendente|mens|medewerker|iemand|czlowiek|człowiek"
    r"|konsultant|människa|menneske|ihminen"
)
_WISH = (
    r"want|need|like|prefer|speak|talk|chat|connect|transfer|get me|give me|is there|are you"
    r"|möchte|will|brauche|sprechen|reden|verbinden|verbinde|geben sie|bist du|sind sie"
    r"|veux|voudrais|parler|besoin|quiero|quisiera|hablar|necesito|voglio|vorrei|parlare"
    r"|quero|falar|preciso|wil|spreken|graag|praten|chcę|rozmawiać"
)
_BARE = re.compile(rf"(?:{_PERSON}|call cent(?:er|re)|help ?desk)", re.IGNORECASE)
_ASKED = re.compile(
    rf"(?<!\w)(?:{_WISH})(?!\w)[^.!?\n]{{0,60}}?(?<!\w)(?:{_PERSON})(?!\w)"
    rf"|(?<!\w)(?:{_PERSON})(?!\w)[^.!?\n]{{0,25}}?(?<!\w)(?:bitte|please|s'il|por favor"
    r"|per favore|sprechen|reden|spreken|graag)(?!\w)",
    re.IGNORECASE,
)
_NUMBERED = re.compile(rf"(?:{_PERSON})\s+(?:number|id|code|fee|portal|app)\b", re.IGNORECASE)
_YES = """
yes | yep | yeah | yes thanks | yes thank you | yes it did | yes that solved it | solved | it works
works now | it works now | that helped | that worked | thanks it works | perfect thanks
great thanks | ja | ja danke | ja hat geholfen | hat geholfen | das hat geholfen | es geht
geht wieder | gelöst | perfekt danke | super danke | oui | oui merci | résolu | ça marche
si | sí | si gracias | sí gracias | resuelto | sì | sì grazie | risolto
sim | sim obrigado | sim obrigada | resolvido | ja bedankt | opgelost
"""
_NO = """
no | nope | no it did not | no it didn't | not really | that did not help | that didn't help
it does not work | still not working | no thanks | nein | nein danke | nicht wirklich
hat nicht geholfen | das hat nicht geholfen | das hilft nicht | hilft nicht | non | non merci
ça ne marche pas | no gracias | no funciona | non funziona | não | não funciona | nee | nee bedankt
"""
_GREETINGS = frozenset(
    words(
        "hello hi hey hallo moin servus guten tag morgen abend bonjour salut hola buenas buenos"
        " dias tardes ciao salve buongiorno ola bom dia goedemorgen goedendag good morning"
        " evening afternoon anybody anyone there jemand da"
    )
)


def wants_person(text: str) -> bool:
    """Whether somebody asks for a human being rather than a machine."""
    plain = " ".join(text.split())[:400]
    if _NUMBERED.search(plain):
        return False
    spoken = re.findall(r"[^\W\d_][\w'’]*", plain)
    if len(spoken) <= SHORT and any(_BARE.fullmatch(word) for word in spoken):
        return True
    return _ASKED.search(plain) is not None


def said_whether(text: str) -> bool | None:
    """What a whole message says to "Did this solve it?"; None where it says something else."""
    plain = " ".join(re.findall(r"[\w'’]+", text.casefold()))
    if plain in _sayings(_YES):
        return True
    return False if plain in _sayings(_NO) else None


def only_greets(text: str, language: str) -> bool:
    """Whether a message has nothing in it that could be answered."""
    said = words(text)
    return not said or all(word in _GREETINGS for word in said) or not terms(text, language)


@cache
def _sayings(listed: str) -> frozenset[str]:
    return frozenset(part.strip() for part in re.split(r"[|\n]", listed) if part.strip())
