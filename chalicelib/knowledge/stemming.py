"""Words to stems, by language: so that "refunds" finds "refund" and "Rechnungen" "Rechnung".

Light stemmers in the manner of Savoy (2006), "Light Stemming Approaches for the French,
Portuguese, German and Hungarian Languages": endings are taken off, longest first, while enough of
the word stays. A stem is a key, not a word; what matters is that forms of one word share it.
"""

from __future__ import annotations

import re
from functools import lru_cache

from chalicelib.text import unspaced, words

SHORTEST = 3  # letters that must stay
LONGEST_WORD = 40

# Rounds of endings; of each round at most one is taken off, the first that fits. "x>y" puts y.
_ENDINGS: dict[str, tuple[str, ...]] = {
    "en": (
        "'s sses>ss ies>y ss>ss us>us is>is s",
        "ations ation>at ating>at ated>at ingly edly ings ing eed>eed ed",
        "fulness>ful ousness>ous iveness>iv ements ement ments ment ably ibly ness ly able ible",
    ),
    "de": (
        "erinnen erin nissen nisse ungen heiten keiten ern em en er es e s n",
        "ung heit keit isch lich ig est st",
    ),
    "fr": (
        "issements issement ements ement eaux>eau aux>al euses>eu euse>eu ances ance ences ence"
        " ations ation ateurs ateur atrices atrice s x",
        "issez issons issent issant assent eraient erait erons eront erez erai era aient ais ait"
        " ant ees ee ez er es ent e",
        "i",
    ),
    "es": (
        "amientos amiento imientos imiento aciones acion mente idades idad ces>z es s",
        "aremos eremos iremos ariamos abamos ando iendo aron ieron aban aba ara era ira ado ada"
        " ido ida amos emos imos ar er ir an en o a e",
    ),
    "it": (
        "amenti amento imenti imento azioni azione mente ita",
        "avano evano ivano ando endo arono erono irono ato ata ati ate uto uta uti ute ito iti ite"
        " are ere ire ano ono che>c chi>c ghe>g ghi>g i e o a",
    ),
    "pt": (
        "amentos amento imentos imento acoes acao mente idades idade oes>ao aes>ao ais>al eis>el"
        " res>r s",
        "aremos eremos iremos ando endo indo aram eram iram avam ava ado ada ido ida amos emos imos"
        " ar er ir am em o a e",
    ),
    "nl": (
        "heden>heid ingen>ing tjes tje jes je en e s",
        "heid ing lijk ig eer t d",
    ),
}
_DOUBLED = re.compile(r"([bdfgklmnprt])\1$")

# Words that say nothing about the matter, by language; left out of the index and of questions.
_EMPTY = {
    "en": "a an the and or but if of at by for with about to from in on is are was were be been am"
    " do does did have has had i me my we our you your he she it its they them this that these"
    " those there here as so just can could would should will shall may might please hi hello dear"
    " thanks thank you're i'm i've it's what which who how when where why any some",
    "de": "der die das den dem des ein eine einer eines einem einen und oder aber wenn von bei mit"
    " zu zur zum aus in im an auf ist sind war waren bin sein haben hat habe ich mich mir mein"
    " meine meinen meiner wir uns unser sie ihr ihre es er dass wie was wer wo wann warum kann"
    " bitte hallo danke guten tag wurde wurden werden wird hatte nicht mehr so da",
    "fr": "le la les un une des du de d'un d'une et ou mais si par pour avec sur dans en au aux est"
    " sont etait je j'ai me mon ma mes nous notre nos vous votre vos il elle ils elles ce cette ces"
    " que qui quoi comment quand pourquoi bonjour merci peux puis-je",
    "es": "el la los las un una unos unas y o pero si de del por para con en al a es son era yo me"
    " mi mis nos nuestro usted su sus el ella ellos que quien como cuando donde por favor hola"
    " gracias puedo se lo le",
    "it": "il lo la i gli le un uno una e o ma se di del della dei da per con su in al alla a sono"
    " era io mi mio mia noi nostro voi che chi come quando dove perche ciao grazie posso si",
    "pt": "o a os as um uma uns umas e ou mas se de do da dos das por para com em no na ao sao era"
    " eu me meu minha nos nosso voce seu sua que quem como quando onde ola obrigado posso",
    "nl": "de het een en of maar als van bij met voor naar uit in op is zijn was ik me mij mijn wij"
    " ons onze u uw jij je hij zij dat die dit deze wat wie hoe wanneer waar waarom kan hallo"
    " bedankt",
}


def _rounds(listed: tuple[str, ...]) -> tuple[tuple[tuple[str, str], ...], ...]:
    found = []
    for line in listed:
        pairs = (entry.partition(">") for entry in line.split())
        found.append(tuple((ending, put) for ending, _, put in pairs))
    return tuple(tuple(sorted(one, key=lambda pair: -len(pair[0]))) for one in found)


_ROUNDS = {language: _rounds(listed) for language, listed in _ENDINGS.items()}
EMPTY_WORDS = {code: frozenset(words(listed)) for code, listed in _EMPTY.items()}


def terms(text: str, language: str) -> list[str]:
    """The stems of `text` in order, without empty words; single characters and pairs of scripts
    that are written without spaces. A language without a stemmer keeps its words."""
    code = language if language in _ROUNDS else ""
    empty = EMPTY_WORDS.get(code or "en", frozenset())
    found: list[str] = []
    for word in words(text):
        if unspaced(word):
            found += [word[i : i + n] for n in (1, 2) for i in range(len(word) - n + 1)]
        elif word not in empty:
            found.append(stem(word, code))
    return found


@lru_cache(maxsize=100_000)
def stem(word: str, language: str) -> str:
    """The stem of one folded word; the word itself where the language has no stemmer."""
    word = word[:LONGEST_WORD]
    if len(word) <= SHORTEST or not word.isalpha():
        return word.removesuffix("'s")
    for endings in _ROUNDS.get(language, ()):
        for ending, put in endings:
            if word.endswith(ending) and len(word) - len(ending) + len(put) >= SHORTEST:
                word = word.removesuffix(ending) + put
                break
    if language == "en":
        word = word[:-1] + "i" if word.endswith("y") and len(word) > SHORTEST else word
        word = word[:-1] if word.endswith("e") and len(word) > SHORTEST else word
    return _DOUBLED.sub(r"\1", word) if len(word) > SHORTEST else word
