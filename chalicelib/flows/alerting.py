"""Facts become notifications: a line at the desk, and what is gathered for mails and webhooks.

1. Whoever writes an entry into a case's timeline writes with it, where it may concern somebody, a
   reaction (flows/facts.py). It comes on the queue of what goes to our own side (`handover`).
2. Who is told, and why, follows from the case (notifications/rules.py); how, from what each of
   them prefers. Whoever looks at the case at that moment sees it there. Of a restricted team's
   case only its members are told.
3. Lines, bells, bundles and the end of the reaction are one transaction: told again, nobody is told
   twice. A team of many is told in parts, and the reaction says how far that is.

Three reads and a write a fact. Several facts of one case are one line until somebody looks, and one
mail or webhook within a while (flows/bundling.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.cases.models import AuthorType, Case
from chalicelib.errors import Contended
from chalicelib.notifications import rules
from chalicelib.notifications.models import (
    EMAIL,
    Bundle,
    Entry,
    Flash,
    Grouping,
    Kind,
    NotificationSettings,
    Preferences,
)
from chalicelib.ports import Clock, Ids
from chalicelib.settings_documents import TeamsSettings, Webhook, WebhooksSettings
from chalicelib.store import keys
from chalicelib.store.reactions import BUNDLE, HOLD, Reaction
from chalicelib.store.table import Key, Write, WriteRefused

if TYPE_CHECKING:
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.desk import DeskStore
    from chalicelib.store.notifications import Fact, NotificationStore, Standing
    from chalicelib.store.reactions import ReactionStore
    from chalicelib.store.settings import SettingsStore
    from chalicelib.store.table import Table

ATTEMPTS = 6
ACTIONS = 90  # of a transaction; DynamoDB takes 100
MOST_HOOKS = 40
LONGEST_HOLD = 900  # seconds that SQS keeps a message back
GRACE = timedelta(minutes=1)
ALL = "all"


@dataclass(frozen=True)
class Telling:
    """A fact on its way to some agents. Who is `present` sees it in the case itself."""

    case: Case
    entries: Mapping[str, Entry]  # by agent
    present: frozenset[str]
    hooks: Mapping[Kind, tuple[Webhook, ...]]
    settings: NotificationSettings
    now: datetime


@dataclass(frozen=True)
class Alerting:
    table: Table
    cases: CaseStore
    notifications: NotificationStore
    desk: DeskStore
    reactions: ReactionStore
    settings: SettingsStore
    clock: Clock
    ids: Ids

    def work(self, reaction: Reaction) -> None:
        """Tell those whom a fact concerns; safe to call again at any time. Raises Contended."""
        for _ in range(ATTEMPTS):
            try:
                while (fact := self.notifications.fact(reaction)) is not None:
                    self._part(fact, reaction)
            except (WriteRefused, Contended):
                continue  # somebody looked, or was told something else, meanwhile
            return
        raise Contended(f"telling agents lost {ATTEMPTS} races")

    def _part(self, fact: Fact, reaction: Reaction) -> None:
        """Tell as many as one transaction can."""
        telling = self._telling(fact)
        if telling is None:
            self.table.commit(self.reactions.done(reaction))
            return
        size = max(1, ACTIONS // (4 + 2 * max(map(len, telling.hooks.values()))))
        waiting = sorted(email for email in telling.entries if email > fact.after)
        part, rest = waiting[:size], waiting[size:]
        standing = self.notifications.standing(_places(part, telling))
        writes = [one for email in part for one in self._tell(email, telling, standing)]
        if rest:
            writes.append(self.notifications.told(reaction, fact.after, part[-1]))
        else:
            writes.append(self.reactions.done(reaction))
        self.table.commit(*writes)

    def _telling(self, fact: Fact) -> Telling | None:
        """Who is told of it; None where nobody is."""
        if fact.entry is None:
            return None  # it went elsewhere, or its customer is forgotten
        case, message = fact.entry
        team = self.settings.read("teams", TeamsSettings).team(case.team)
        members, leads = (team.members, team.leads) if team else ((), ())
        told = rules.audience(case, message, members, leads)
        if team and team.restricted:  # whoever does not see it hears nothing of it
            told = {email: kind for email, kind in told.items() if team.has(email)}
        if not told:
            return None
        now = self.clock()
        by = message.author.id if message.author.type == AuthorType.AGENT else ""
        words = self.cases.message_sk(fact.note or message)
        entries = {
            email: Entry(case_id=case.id, message=words, kind=kind, by=by, at=now)
            for email, kind in told.items()
        }
        known = self.settings.read("webhooks", WebhooksSettings).webhooks
        hooks = tuple(hook for hook in known if hook.enabled and hook.secret)[:MOST_HOOKS]
        return Telling(
            case=case,
            entries=entries,
            present=frozenset(one.email.lower() for one in self.desk.present(now, case.id)),
            hooks={kind: _subscribed(hooks, kind) for kind in Kind},
            settings=self.settings.read("notifications", NotificationSettings),
            now=now,
        )

    # --- what one of them gets -------------------------------------------------------------

    def _tell(self, email: str, telling: Telling, standing: Standing) -> list[Write]:
        entry = telling.entries[email]
        preferences = standing.preferences(email)
        ways = preferences.notify.of(entry.kind)
        looking = email in telling.present
        writes: list[Write] = []
        if ways.desk and not looking:
            writes += self._line(email, telling.case, entry, standing)
        if ways.mail and not looking:
            window = timedelta(seconds=telling.settings.mail_after_seconds)
            due = rules.mail_due(preferences, telling.now, window)
            new = self._bundle(email, EMAIL, _mail_group(preferences, entry), due, telling.now)
            writes += self._gather(new, entry, standing)
        if ways.webhook:
            due = telling.now + timedelta(seconds=telling.settings.webhook_after_seconds)
            for hook in telling.hooks[entry.kind]:
                group = f"{entry.case_id}#{entry.kind}"
                new = self._bundle(email, hook.name, group, due, telling.now, entry.kind)
                writes += self._gather(new, entry, standing)
        return writes

    def _line(self, email: str, case: Case, entry: Entry, standing: Standing) -> list[Write]:
        before = standing.line(email, entry.case_id)
        line = rules.heard(before, entry)
        flash = Flash(
            case_id=case.id, reference=case.reference, kind=line.kind, by=line.by, at=line.at
        )
        more = 0 if before and before.read_at is None else 1
        bell = rules.rung(standing.bell(email), flash, more)
        return [self.notifications.write(email, line), self.notifications.ring(email, bell)]

    def _bundle(
        self,
        email: str,
        way: str,
        group: str,
        due: datetime,
        now: datetime,
        kind: Kind | None = None,
    ) -> Bundle:
        return Bundle(
            id=self.ids.new(),
            email=email,
            way=way,
            group=group,
            kind=kind,
            due_at=due,
            created_at=now,
        )

    def _gather(self, fresh: Bundle, entry: Entry, standing: Standing) -> list[Write]:
        """Put a fact to what is being gathered; whoever begins it sees to it that it goes out."""
        before = standing.gathered(fresh.email, fresh.way, fresh.group)
        if before:
            return [self.notifications.gather(rules.with_entry(before, entry))]
        begun = fresh.model_copy(update={"entries": (entry,)})
        errand = errand_of(begun)
        return [self.notifications.gather(begun), self.reactions.new(errand, begun.due_at + GRACE)]


def errand_of(bundle: Bundle) -> Reaction:
    """What sends a bundle, once it is due."""
    pk, sk = keys.gathered(bundle.email, bundle.way, bundle.group)
    data = {BUNDLE: bundle.id, "pk": pk, "sk": sk}
    hold = int((bundle.due_at - bundle.created_at).total_seconds())
    if 0 < hold <= LONGEST_HOLD:
        data[HOLD] = str(hold)
    return Reaction(owner=keys.bundle(bundle.id)[0], kind="handover", id=bundle.id, data=data)


def _mail_group(preferences: Preferences, entry: Entry) -> str:
    return entry.case_id if preferences.mail_grouping is Grouping.AT_ONCE else ALL


def _subscribed(hooks: tuple[Webhook, ...], kind: Kind) -> tuple[Webhook, ...]:
    event = f"agent.{kind}"
    return tuple(hook for hook in hooks if not hook.events or event in hook.events)


def _places(part: list[str], telling: Telling) -> Iterator[Key]:
    """All that may be written for them, so that it is read in one call."""
    case_id = telling.case.id
    for email in part:
        kind = telling.entries[email].kind
        yield keys.preferences(email)
        yield keys.notification(email, case_id)
        yield keys.bell(email)
        for group in (case_id, ALL):
            yield keys.gathered(email, EMAIL, group)
        for hook in telling.hooks[kind]:
            yield keys.gathered(email, hook.name, f"{case_id}#{kind}")
