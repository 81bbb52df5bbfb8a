"""What must hold of what agents are told when everything has come to rest (flows/alerting.py)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from tests.simulation.world.search import Violation

SENT_ONCE = frozenset({"sent", "delivered", "bounced", "complained"})
Item = dict[str, Any]


class AgentPromises:
    """Reads the items of a table, and the tags of the mails that the provider accepted."""

    def __init__(self, items: list[Item], tags: list[str]) -> None:
        self.by_type: dict[str, list[Item]] = defaultdict(list)
        for item in items:
            self.by_type[str(item.get("type", ""))].append(item)
        self.sent = Counter(tag.split("-", 2)[2] for tag in tags if tag.startswith("A-"))

    def broken(self) -> Iterator[Violation]:
        yield from self._each_assignment_told_once()
        yield from self._each_mail_sent_once()
        yield from self._bells_equal_a_recount()

    def _each_assignment_told_once(self) -> Iterator[Violation]:
        aside = {case["id"] for case in self.by_type["case"] if case.get("spam")}
        wanted = Counter(
            (message["changes"]["assignee"][1], message["sk"])
            for message in self.by_type["message"]
            if message.get("changes", {}).get("assignee", ["", ""])[1]
            and message["case_id"] not in aside
        )
        mailed = Counter(
            (bundle["email"], entry["message"])
            for bundle in self.by_type["bundle"]
            for entry in bundle["entries"]
            if entry["kind"] == "assigned"
        )
        if mailed != wanted:
            off = (mailed - wanted) + (wanted - mailed)
            yield Violation("an agent is told once", str(dict(off)))
        lines = {(item["pk"], item["case_id"]) for item in self.by_type["notification"]}
        for email, sk in wanted:
            cases = [m["case_id"] for m in self.by_type["message"] if m["sk"] == sk]
            if not any((f"AGENT#{email}", case) in lines for case in cases):
                yield Violation("an agent sees what is new", f"{email} {sk}")

    def _each_mail_sent_once(self) -> Iterator[Violation]:
        for item in self.by_type["gathered"]:
            yield Violation("nothing stays gathered", f"{item['pk']} {item['sk']}")
        for bundle in self.by_type["bundle"]:
            status, times = bundle["delivery"]["status"], self.sent[bundle["id"]]
            detail = f"{bundle['id']} is {status} and went out {times} times"
            if times > 1 or (status in SENT_ONCE and times != 1):
                yield Violation("an agent is mailed once", detail)
            elif status not in SENT_ONCE | {"failed"}:
                yield Violation("a mail to an agent is settled in the end", detail)

    def _bells_equal_a_recount(self) -> Iterator[Violation]:
        unread = Counter(
            item["pk"] for item in self.by_type["notification"] if not item.get("read_at")
        )
        rung = {item["pk"]: int(item["unread"]) for item in self.by_type["bell"]}
        if Counter(rung) != unread:
            yield Violation("bells equal a recount", f"{rung} instead of {dict(unread)}")
