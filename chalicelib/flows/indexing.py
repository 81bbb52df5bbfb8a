"""The job that keeps the search indexes: articles when one changed, solved cases every few minutes.

Nothing is read that cannot have changed: of articles a mark says whether any did; of cases the
newest weeks are looked through, and a slice of all that is older. What is indexed under the same
version is left alone. Of each solved case what solved it is kept beside it, without its customer's
data.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.base import Model, iso
from chalicelib.cases.models import AuthorType, Case, CaseStatus, Direction, Message, MessageKind
from chalicelib.flows.library import embed, meant
from chalicelib.knowledge import learned, rules
from chalicelib.knowledge.index import FORMAT, Entry, Index, Sentences, Writer
from chalicelib.knowledge.models import Article, ArticleState
from chalicelib.knowledge.stemming import terms
from chalicelib.ports import Clock, Objects
from chalicelib.store import items
from chalicelib.store.articles import ARTICLES, CASES, IndexPointer, Solved
from chalicelib.understanding.pii import redact
from chalicelib.understanding.sentences import layered

if TYPE_CHECKING:
    from chalicelib.store.articles import ArticleStore
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.questions import QuestionStore
    from chalicelib.store.table import Table

SOLVED = (CaseStatus.RESOLVED, CaseStatus.CLOSED)
EVERY = timedelta(minutes=5)  # between two looks at cases
RECENT = timedelta(days=14)  # cases that young are looked at each time
OLDER = 500  # older cases a partition that are looked at each time
CHECKED = 200  # indexed cases that are checked each time
MOST = 3_000  # cases that are read anew in one run; the next one goes on
READ = 2_000  # characters of a case's first message that are indexed
KEPT = 1_500  # characters of what solved it


class Indexed(Model):
    """What a run did: documents written anew, and removed."""

    articles: int = 0
    cases: int = 0
    removed: int = 0


@dataclass(frozen=True)
class Indexing:
    table: Table
    articles: ArticleStore
    questions: QuestionStore
    cases: CaseStore
    objects: Callable[[], Objects]
    clock: Clock

    def index(self) -> Indexed:
        """Bring both indexes up to date; safe to repeat at any time."""
        written = self._articles()
        cases, removed = self._cases()
        return Indexed(articles=written, cases=cases, removed=removed)

    # --- articles ------------------------------------------------------------------------

    def _articles(self) -> int:
        pointer = self.articles.pointer(ARTICLES)
        newer = self.articles.newer(ARTICLES)
        if _usable(pointer) and newer == (pointer.newer if pointer else ""):
            return 0
        writer = Writer(self._load(pointer), _sentences())
        wanted = {
            f"{article.slug}#{language}": (article, language)
            for article in self.articles.all()
            if article.state == ArticleState.PUBLISHED
            for language in article.texts
        }
        for key in writer.listed():
            if key not in wanted:
                writer.remove(key)
        asked = self.questions.learnt(dict.fromkeys(a.slug for a, _ in wanted.values()))
        fresh = []
        for key, (article, language) in wanted.items():
            wordings = asked[article.slug].wordings if article.slug in asked else ()
            stamp = learned.stamp(article.version, wordings)
            if writer.stamp(key) != stamp:
                more = learned.stems(wordings, language)
                entry = _article_entry(key, article, language, stamp, more)
                fresh.append(_with_meaning(entry, article, writer.sentences))
        writer.add(fresh)
        self._publish(writer, ARTICLES, pointer, newer=newer)
        return len(fresh)

    # --- cases ---------------------------------------------------------------------------

    def _cases(self) -> tuple[int, int]:
        pointer = self.articles.pointer(CASES)
        now = self.clock()
        if pointer and now - pointer.built_at < EVERY:
            return 0, 0
        writer = Writer(self._load(pointer), _sentences())
        walked_to = pointer.walked_to if pointer and _usable(pointer) else ""
        walked, older = self._older(walked_to or iso(now - RECENT))
        changed = {
            case.id: case
            for case in (*self._recent(now), *older)
            if writer.stamp(case.id) != case.version and not case.spam and not case.merged_into
        }
        entries: list[Entry] = []
        kept: list[Solved] = []
        for case in list(changed.values())[:MOST]:
            solved = self._solved(case)
            if solved:
                kept.append(solved)
            entries.append(_case_entry(case, solved, writer.sentences.version))
        self.articles.keep_solved(kept)
        writer.add(entries)
        checked, removed = self._check(writer, pointer.checked if pointer else 0)
        if entries or removed or pointer is None or not _usable(pointer):
            done = walked if len(changed) <= MOST else walked_to
            self._publish(writer, CASES, pointer, walked_to=done, checked=checked)
        else:
            at = {"built_at": now, "walked_to": walked, "checked": checked}
            self.articles.point(pointer.model_copy(update=at))
        return len(entries), removed

    def _recent(self, now: datetime) -> Iterator[Case]:
        for partition in self._partitions():
            between = (iso(now - RECENT), "9")
            for stored in self.table.query_all(partition, index="gsi2", between=between):
                yield items.model(Case, stored)

    def _older(self, walked_to: str) -> tuple[str, list[Case]]:
        """Cases before that time, newest first, and how far that reached: "" is the end."""
        found: list[Case] = []
        reached = ""
        for partition in self._partitions():
            page = self.table.query(
                partition, index="gsi2", between=("0", walked_to), newest_first=True, limit=OLDER
            )
            found += [items.model(Case, stored) for stored in page.items]
            if page.last is not None:
                reached = max(reached, str(page.items[-1]["gsi2sk"]))
        return reached, found

    def _partitions(self) -> list[str]:
        return [p for status in SOLVED for p in self.cases.partitions(f"STATUS#{status}")]

    def _check(self, writer: Writer, start: int) -> tuple[int, int]:
        """Remove some of the indexed cases that are no longer there or no longer solved."""
        listed = writer.listed()
        start = start if start < len(listed) else 0
        part = listed[start : start + CHECKED]
        known = self.cases.some(part)
        gone = [key for key in part if key not in known or not suggestible(known[key])]
        for key in gone:
            writer.remove(key)
        return start + len(part) - len(gone), len(gone)

    def _solved(self, case: Case) -> Solved | None:
        """What the customer asked and what solved it; None where no agent answered."""
        page = self.cases.messages(case.id, 40, None)
        entries = [items.model(Message, stored) for stored in page.items]
        if page.last is not None:
            entries += reversed(self.cases.newest(case.id, 20))
        asked = first_asked(entries)
        answers = [m for m in entries if _is_answer(m)]
        if not asked or not answers:
            return None
        names = [p.name for p in case.participants]
        names += [m.author.name for m in (asked, answers[-1])]
        return Solved(
            case_id=case.id,
            stamp=case.version,
            language=case.language or "und",
            text=cleaned(f"{case.subject}\n{asked.text}", names)[:READ],
            solved_with=cleaned(answers[-1].text, names)[:KEPT],
        )

    # --- files ---------------------------------------------------------------------------

    def _load(self, pointer: IndexPointer | None) -> Index | None:
        """The index to build upon, None where it is begun anew."""
        usable = pointer is not None and _usable(pointer)
        return Index(self.objects().get(pointer.key)) if pointer and usable else None

    def _publish(
        self,
        writer: Writer,
        name: str,
        pointer: IndexPointer | None,
        newer: str = "",
        walked_to: str = "",
        checked: int = 0,
    ) -> None:
        """Store the file under its own digest, point to it, forget the one before the last."""
        data = writer.finish({"name": name})
        key = f"index/{name}-{hashlib.sha256(data).hexdigest()[:24]}"
        self.objects().put(key, data)
        before = pointer.key if pointer else ""
        self.articles.point(
            IndexPointer(
                name=name,
                key=key,
                before=before if before != key else (pointer.before if pointer else ""),
                documents=len(writer.listed()),
                bytes=len(data),
                built_at=self.clock(),
                made_for=_made_for(),
                newer=newer,
                walked_to=walked_to,
                checked=checked,
            )
        )
        if pointer and pointer.before and pointer.before not in (key, before):
            self.objects().delete(pointer.before)


def cleaned(text: str, names: list[str]) -> str:
    """A text without its customer's data: names, greeting, addresses, numbers."""
    return redact(rules.without_people(text, names)).text


def first_asked(entries: list[Message]) -> Message | None:
    """The first message of the customer that says something."""
    return next(
        (
            m
            for m in entries
            if m.direction == Direction.INBOUND
            and m.kind == MessageKind.MESSAGE
            and not m.automatic
            and (m.text or m.subject)
        ),
        None,
    )


def suggestible(case: Case) -> bool:
    return case.status in SOLVED and not case.spam and not case.merged_into


def _is_answer(message: Message) -> bool:
    outbound = message.direction == Direction.OUTBOUND and message.kind == MessageKind.MESSAGE
    return outbound and message.author.type == AuthorType.AGENT and bool(message.text.strip())


def _sentences() -> Sentences:
    """The sentence model of this function."""
    model = layered()
    return Sentences(model.version, model.dimensions) if model else Sentences()


def _made_for() -> str:
    return f"{FORMAT} {_sentences().version}".strip()


def _usable(pointer: IndexPointer | None) -> bool:
    """Whether an index can be built upon (an absent one too): not where it is of another format,
    or the semantic layer has come, gone or changed."""
    return pointer is None or pointer.made_for == _made_for()


def _with_meaning(entry: Entry, article: Article, sentences: Sentences) -> Entry:
    text = article.texts[entry.language]
    asked = f"{text.title}\n{text.problem}"
    return entry._replace(meaning=meant(asked, entry.language, sentences.version))


def _article_entry(
    key: str, article: Article, language: str, stamp: int, learnt: list[str]
) -> Entry:
    text = article.texts[language]
    stems = terms(rules.whole_text(text), language) + terms(" ".join(article.products), language)
    vector = embed(f"{text.title}\n{text.problem}", language)
    return Entry(key, stamp, [*stems, *learnt], vector, language)


def _case_entry(case: Case, solved: Solved | None, sentences: str) -> Entry:
    """A case that no agent answered is in the index without a word, so that it is read once."""
    if solved is None:
        return Entry(case.id, case.version, ())
    stems = terms(solved.text, solved.language)
    vector = embed(solved.text, solved.language)
    meaning = meant(solved.text, solved.language, sentences)
    return Entry(case.id, case.version, stems, vector, solved.language, meaning)
