"""Key phrases and personal data in a text, found by plain rules. Pure.

Key phrases are runs of words between stop words and punctuation, as in RAKE (Rose et al. 2010);
personal data are what a pattern and its check digit can tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """A piece of text with its offsets in characters."""

    text: str
    begin: int
    end: int
    kind: str = ""
    score: float = 0.9


_STOP = {
    "en": "a an the and or but if then else of to in on at by for with from as is are was were be "
    "been am do does did have has had will would can could should may might must not no nor this "
    "that these those it its i me my we our you your he she they them his her their there here "
    "what which who when where why how so than too very just about again please get got also im "
    "ive dont cant wont still up out since after before because into over any all some",
    "de": "der die das den dem des ein eine einen einem einer und oder aber wenn dann von zu in im "
    "an am auf für mit aus als ist sind war waren sein habe hat hatte wird werden kann könnte soll "
    "muss nicht kein keine ich mich mir mein meine wir uns unser sie ihr ihre er es was wer wo wie "
    "warum so sehr auch noch nur bitte seit nach vor bei um über",
    "es": "el la los las un una unos unas y o pero si de a al en por para con desde como es son "
    "era ser he ha han había no ni este esta ese esa lo le les se me mi mis nos su sus tu que cual "
    "quien cuando donde cómo qué muy también aún ya más desde hace del",
    "fr": "le la les un une des du de et ou mais si à au aux en dans sur par pour avec depuis "
    "comme est sont était être ai as a ont avait ne pas plus ce cette ces il elle ils je j "
    "me mon ma mes nous notre vous votre se sa son ses que qui quoi quand où très aussi encore "
    "y d l n c qu",
    "it": "il lo la i gli le un uno una e o ma se di a da in con su per tra come è sono era essere "
    "ho ha hanno aveva non né questo questa quello mi mio mia ci si vi vostro suo sua che chi "
    "quando dove perché molto anche ancora già del della dei delle al alla nel nella",
    "pt": "o a os as um uma uns umas e ou mas se de do da dos das em no na nos nas por para com "
    "desde como é são era ser tenho tem tinha não nem este esta esse essa eu me meu minha nós "
    "nosso você seu sua que quem quando onde muito também ainda já mais ao à",
}
_WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*")
_GAP = re.compile(r"^[ \t]*$")
MAX_WORDS = 4


def key_phrases(text: str, language: str) -> list[Span]:
    """Runs of up to four content words, in the order of the text."""
    stop = set(_STOP.get(language, "").split())
    found: list[Span] = []
    run: list[re.Match[str]] = []
    for word in _WORD.finditer(text):
        broken = bool(run) and not _GAP.match(text[run[-1].end() : word.start()])
        skip = word[0].lower().replace("'", "") in stop or word[0].lower() in stop
        if run and (broken or skip or len(run) == MAX_WORDS):
            found.append(_span(text, run))
            run = []
        if not skip:
            run.append(word)
    if run:
        found.append(_span(text, run))
    return [span for span in found if len(span.text) > 2]


def _span(text: str, run: list[re.Match[str]]) -> Span:
    begin, end = run[0].start(), run[-1].end()
    return Span(text[begin:end], begin, end, score=min(0.99, 0.8 + 0.05 * len(run)))


_PATTERNS = {
    "EMAIL": r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
    "URL": r"https?://[^\s<>\"]+",
    "IP_ADDRESS": r"\b(?:\d{1,3}\.){3}\d{1,3}\b",
    "SSN": r"\b\d{3}-\d{2}-\d{4}\b",
    "CREDIT_DEBIT_NUMBER": r"\b(?:\d[ -]?){13,19}\b",
    "INTERNATIONAL_BANK_ACCOUNT_NUMBER": (
        r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"
    ),
    "PHONE": r"(?<![\w.])\+?\(?\d{1,4}\)?(?:[ .\-/]?\(?\d{2,4}\)?){2,4}(?![\w])",
    "DATE_TIME": r"\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b",
}  # fmt: skip


def personal_data(text: str) -> list[Span]:
    """Personal data that do not overlap, in the order of the text."""
    taken: list[Span] = []
    for kind, pattern in _PATTERNS.items():
        for span in _matches(text, kind, pattern):
            if all(span.end <= other.begin or span.begin >= other.end for other in taken):
                taken.append(span)
    return sorted(taken, key=lambda span: span.begin)


def _matches(text: str, kind: str, pattern: str) -> Iterator[Span]:
    for found in re.finditer(pattern, text):
        if _plausible(kind, found[0]):
            yield Span(found[0], found.start(), found.end(), kind, 0.99)


def _plausible(kind: str, value: str) -> bool:
    digits = re.sub(r"\D", "", value)
    if kind == "CREDIT_DEBIT_NUMBER":
        return _luhn(digits)
    if kind == "INTERNATIONAL_BANK_ACCOUNT_NUMBER":
        return _iban(re.sub(r"\s", "", value))
    if kind == "PHONE":
        return 7 <= len(digits) <= 15 and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value)
    if kind == "IP_ADDRESS":
        return all(int(part) < 256 for part in value.split("."))
    return True


def _luhn(digits: str) -> bool:
    """ISO/IEC 7812-1 check digit."""
    doubled = [int(d) * (1 + n % 2) for n, d in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def _iban(value: str) -> bool:
    """ISO 13616 check digits."""
    turned = value[4:] + value[:4]
    return int("".join(str(int(char, 36)) for char in turned)) % 97 == 1
