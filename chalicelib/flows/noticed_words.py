"""One word instead of a press: what a text message that answers a notice says. Pure."""

from __future__ import annotations

import re
import unicodedata

from chalicelib.campaigns.models import Said

WORDS = {
    Said.SOLVED: ("solved", "fixed", "ok", "gelost", "resolu", "resuelto"),
    Said.STILL_BROKEN: ("broken", "still broken", "kaputt", "noch kaputt", "panne", "falla"),
    Said.NOT_ME: ("not me", "notme", "nicht ich", "pas moi", "no yo"),
}
"""What campaigns/texts.py offers, and what people make of it; without accents."""
_SAID = {word: said for said, words in WORDS.items() for word in words}


def word_of(text: str) -> Said | None:
    """Which of the three a message says, None where it says anything beside that."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return _SAID.get(" ".join(re.findall(r"[a-z]+", plain)))
