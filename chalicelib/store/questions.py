"""Questions of customers, what became of them, and the words by which articles are asked for."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from chalicelib.errors import Conflict, NotFound
from chalicelib.knowledge import figures, learned
from chalicelib.knowledge.figures import Cell
from chalicelib.knowledge.models import Learnt, QuestionSession, QuestionState, Wording
from chalicelib.store import items, keys
from chalicelib.store.table import (
    Table,
    Write,
    WriteRefused,
    put,
    put_new,
    put_version,
    update,
)

KEPT = timedelta(days=400)  # questions
FOLLOW_UP = timedelta(days=figures.SETTLED_DAYS)
FOLLOWED = 20  # the newest questions of somebody that a follow-up is held against


class QuestionStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, session: str) -> QuestionSession:
        """Raises NotFound."""
        found = self.find(session)
        if found is None:
            raise NotFound("there is no such conversation")
        return found

    def find(self, session: str) -> QuestionSession | None:
        stored = self._table.get(keys.question(session))
        return items.model(QuestionSession, stored) if stored else None

    def keep(self, before: QuestionSession | None, after: QuestionSession, *more: Write) -> None:
        """Store a conversation that is new or one version on, with its counts and whatever else
        belongs to that moment; raises Conflict after a lost race."""
        try:
            self._table.commit(*self.writes(before, after), *more)
        except WriteRefused as refused:
            if "question" not in refused.names:
                raise
            raise Conflict("this conversation went on elsewhere; ask again") from refused

    def writes(self, before: QuestionSession | None, after: QuestionSession) -> list[Write]:
        """The conversation, its place in lists, and the change in the counts of its day."""
        item = _item(after)
        write = put_version("question", item, before.version) if before else None
        found = [write or put_new("question", item)]
        if before is None and after.caller:
            pk, sk = keys.asker(after.caller, after.id)
            expires = int((after.created_at + FOLLOW_UP).timestamp())
            found.append(put("asker", {"pk": pk, "sk": sk, "type": "asker", "expires": expires}))
        changed: dict[str, dict[str, int]] = defaultdict(dict)
        for (slug, name), count in figures.difference(before, after).items():
            changed[slug][name] = count
        for slug, counts in changed.items():
            found.append(_counted(after.created_at, slug, after.id, counts))
        return found

    def count(self, at: datetime, slug: str, about: str, name: str) -> Write:
        """Count one more of an article: `about` names whatever it is counted for."""
        return _counted(at, slug, about, {name: 1})

    def credit(self, at: datetime, slug: str, case_id: str) -> list[Write]:
        """A case was solved by an article that an agent gave; refused as "credit" where that was
        counted before."""
        pk, sk = keys.credit(slug, case_id)
        proof = put_new("credit", {"pk": pk, "sk": sk, "type": "credit"})
        return [proof, self.count(at, slug, case_id, "credited")]

    def asked_lately(self, caller: str, now: datetime) -> list[QuestionSession]:
        """What somebody asked within three days."""
        page = self._table.query(f"ASKER#{caller}", newest_first=True, limit=FOLLOWED)
        found = self._table.batch_get([keys.question(str(stored["sk"])) for stored in page.items])
        sessions = [items.model(QuestionSession, stored) for stored in found.values()]
        return [s for s in sessions if now - s.created_at <= FOLLOW_UP]

    def unanswered(self, limit: int) -> list[QuestionSession]:
        """The newest questions to which nothing was found, or whose answer did not help."""
        page = self._table.query(keys.UNANSWERED, index="gsi2", newest_first=True, limit=limit)
        return [items.model(QuestionSession, stored) for stored in page.items]

    # --- counts --------------------------------------------------------------------------

    def counts(self, since: date, until: date) -> dict[date, Counter[Cell]]:
        """The counts by day; a few Queries a month."""
        found: dict[date, Counter[Cell]] = {}
        for month in _months(since, until):
            for partition in keys.help_figures_of_month(month):
                between = (f"{since.isoformat()}#", f"{until.isoformat()}#~")
                for stored in self._table.query_all(partition, between=between):
                    day, _, slug = str(stored["sk"]).partition("#")
                    cells = found.setdefault(date.fromisoformat(day), Counter())
                    for name, count in stored.items():
                        if name not in items.OURS:
                            cells[slug, name] += int(count)
        return found

    # --- wordings ------------------------------------------------------------------------

    def learnt(self, slugs: Iterable[str]) -> dict[str, Learnt]:
        """How customers asked for those of the articles that have learnt anything."""
        found = self._table.batch_get([keys.learnt(slug) for slug in slugs])
        return {stored["slug"]: items.model(Learnt, stored) for stored in found.values()}

    def learn(self, known: Learnt, wording: Wording) -> list[Write]:
        """Keep how somebody asked for an article, whose index is to be written anew; refused as
        "learnt" after a lost race."""
        wordings = (wording, *known.wordings)[: learned.KEPT]
        fields = {"wordings": wordings, "version": known.version + 1}
        item = items.item(keys.learnt(known.slug), "learnt", known.model_copy(update=fields))
        pk, sk = keys.index_newer("articles")
        mark = f"{known.slug} learnt {known.version + 1}"
        newer = put("newer", {"pk": pk, "sk": sk, "type": "newer", "mark": mark})
        first = known.version == 0
        kept = put_new("learnt", item) if first else put_version("learnt", item, known.version)
        return [kept, newer]


def _counted(at: datetime, slug: str, session: str, counts: Mapping[str, int]) -> Write:
    names = [f"#{name} :{name}" for name in counts]
    expression = f"SET #type = :type ADD {', '.join(names)}"
    key = keys.help_figures(at, slug, session)
    values: dict[str, Any] = {"type": "figures", **counts}
    written = update("figures", key, expression, **values)
    aliases = {f"#{name}": name for name in (*counts, "type")}
    return Write(written.name, written.kind, {**written.body, "ExpressionAttributeNames": aliases})


def _item(session: QuestionSession) -> dict[str, Any]:
    lists: dict[str, Any] = {"expires": int((session.updated_at + KEPT).timestamp())}
    handed = session.state == QuestionState.HANDED_OVER and session.article is None
    if session.state == QuestionState.UNANSWERED or handed or session.solved is False:
        lists |= keys.index(2, keys.UNANSWERED, items.by_time(session.created_at, session.id))
    return items.item(keys.question(session.id), "question", session, **lists)


def _months(since: date, until: date) -> Iterable[str]:
    year, month = since.year, since.month
    while (year, month) <= (until.year, until.month):
        yield f"{year:04d}-{month:02d}"
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
