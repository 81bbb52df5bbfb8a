"""What an article learns from the questions that it solved, without letting anybody teach it lies.

Whoever asks the help centre is a stranger. So of the wordings that customers confirmed:

1. Only the newest ones count, a few a day, one of each person.
2. A word counts where two different people used it, or an agent did.
3. No more than a bounded number of words join an article, each once: they make it findable by what
   customers call the trouble, and cannot outweigh what it says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from zlib import crc32

from chalicelib.knowledge.models import Wording
from chalicelib.knowledge.stemming import terms

PEOPLE = 2  # who must have used a word, where no agent did
A_DAY = 5
COUNTED = 30
MOST_STEMS = 40
KEPT = 60  # wordings of an article
LONGEST = 300  # characters of a question that are kept
AGENT = "agent"


def may_learn(known: Sequence[Wording], fresh: Wording) -> bool:
    """Whether one more wording of an article is kept: one a person, a few a day."""
    same_day = [w for w in known if w.at.date() == fresh.at.date()]
    if fresh.by != AGENT:
        if any(w.by == fresh.by for w in known):
            return False
        if sum(w.by != AGENT for w in same_day) >= A_DAY:
            return False
    return all(w.text != fresh.text for w in known)


def stems(wordings: Sequence[Wording], language: str) -> list[str]:
    """The stems that an article in that language gets beside its own, most used first."""
    people: Counter[str] = Counter()
    by_agents: set[str] = set()
    for wording in wordings[:COUNTED]:
        if wording.language != language:
            continue
        found = set(terms(wording.text, language))
        people.update(found)
        if wording.by == AGENT:
            by_agents |= found
    trusted = [s for s, count in people.items() if count >= PEOPLE or s in by_agents]
    return sorted(trusted, key=lambda stem: (-people[stem], stem))[:MOST_STEMS]


def stamp(version: int, wordings: Sequence[Wording]) -> int:
    """What tells an index that an article, or what it learnt, is another than it has."""
    if not wordings:
        return version
    newest = max(wordings, key=lambda wording: wording.at)
    return crc32(f"{version} {len(wordings)} {newest.at.isoformat()}".encode())
