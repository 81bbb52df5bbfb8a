"""What must hold of campaigns when everything has come to rest, whatever failed on the way.

Read from the table as it lies there, and from what the providers accepted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from chalicelib.campaigns.rules import HANDED_OVER, draw
from chalicelib.store.codec import decode_item
from tests.simulation.house.campaigning import GIVEN, MEMBERS, Campaigning
from tests.simulation.house.installation import TABLE
from tests.simulation.world.search import Violation

Item = dict[str, Any]
IN_HAND = 61.0  # seconds that a sender may live who read the campaign just before it was paused


class CampaignPromises:
    """Reads the table once; `broken` says which promises do not hold."""

    def __init__(self, campaigning: Campaigning, items: list[Item]) -> None:
        self.lead = campaigning
        self.world = campaigning.world
        self.campaigns = {i["id"]: i for i in items if i.get("type") == "campaign"}
        self.items = items
        self.accepted = self._accepted()

    def broken(self) -> Iterator[Violation]:
        if not self.lead.campaign_id:
            return
        yield from self._ended()
        yield from self._nobody_twice()
        yield from self._held_out_never()
        yield from self._nobody_forgotten()
        yield from self._paused_within_a_batch()
        yield from self._only_the_told_hear_more()
        yield from self._counts_equal_a_recount()
        yield from self._cases_of_those_for_whom_it_is_still_broken()

    def _accepted(self) -> dict[str, list[tuple[str, float]]]:
        """Campaign → (customer, when), once for each acceptance by a provider."""
        cloud = self.world.cloud
        tags = [(mail.tags.get("send_id", ""), mail.at) for mail in cloud.ses.accepted]
        tags += [(text.context.get("send_id", ""), text.at) for text in cloud.sms.accepted]
        found: dict[str, list[tuple[str, float]]] = {}
        for tag, at in tags:
            if tag.startswith("N-"):
                _, campaign, _, customer = tag.split("-", 3)
                found.setdefault(campaign, []).append((customer, at))
        return found

    def _ledger(self, campaign_id: str) -> dict[str, Item]:
        pk = f"CAMP#{campaign_id}"
        return {
            i["customer_id"]: i for i in self.items if i["pk"] == pk and i.get("type") == "told"
        }

    def _steps(self) -> Iterator[Item]:
        for name in (self.lead.campaign_id, self.lead.step_id):
            if name:
                yield self.campaigns[name]

    def _ended(self) -> Iterator[Violation]:
        for campaign in self._steps():
            if campaign["status"] not in ("completed", "cancelled"):
                yield Violation("a campaign ends", f"{campaign['id']} is {campaign['status']}")

    def _nobody_twice(self) -> Iterator[Violation]:
        for campaign, told in self.accepted.items():
            for customer, times in Counter(customer for customer, _ in told).items():
                if times > 1:
                    yield Violation("told once", f"{customer} {times} times by {campaign}")

    def _held_out_never(self) -> Iterator[Violation]:
        wanted = set(self._drawn(out=False))
        for campaign, told in self.accepted.items():
            for customer, _ in told:
                if customer not in wanted:
                    yield Violation("held out is not told", f"{customer} by {campaign}")

    def _drawn(self, out: bool) -> list[str]:
        """Members of the audience by the draw."""
        share = float(str(GIVEN["held_out"]))
        members = [member.id for member in self.lead.members[:MEMBERS]]
        return [m for m in members if (draw(self.lead.campaign_id, m) < share) == out]

    def _nobody_forgotten(self) -> Iterator[Violation]:
        campaign = self.campaigns[self.lead.campaign_id]
        if campaign["status"] != "completed":
            return  # a closure ended it
        told = {customer for customer, _ in self.accepted.get(campaign["id"], [])}
        ledger = self._ledger(campaign["id"])
        for customer in self._drawn(out=False):
            entry = ledger.get(customer, {"status": "nothing"})
            if (customer in told) != (entry["status"] in HANDED_OVER):
                detail = f"{customer} is {entry['status']}, told {customer in told}"
                yield Violation("nobody is forgotten", detail)
            elif customer not in told and not entry.get("reason"):
                yield Violation("nobody is forgotten", f"{customer} without a reason")

    def _paused_within_a_batch(self) -> Iterator[Violation]:
        paused, resumed = self.lead.paused, self.lead.resumed
        if paused is None:
            return
        pk = f"CAMP#{self.lead.campaign_id}"
        late = [
            change.at
            for change in self.world.cloud.dynamodb.table(TABLE).changes
            if change.keys["pk"]["S"] == pk
            and change.keys["sk"]["S"].startswith("SEG#")
            and change.new
            and change.new["state"]["S"] == "sending"
            and paused < change.at < (resumed or change.at + 1)
        ]
        if len(late) > self.lead.in_hand:
            detail = f"{len(late)} segments claimed, {self.lead.in_hand} senders were at work"
            yield Violation("a pause takes effect within one batch", detail)

    def _only_the_told_hear_more(self) -> Iterator[Violation]:
        if not self.lead.step_id:
            return
        step = self.campaigns[self.lead.step_id]
        told = {customer for customer, _ in self.accepted.get(self.lead.campaign_id, [])}
        more = {customer for customer, _ in self.accepted.get(step["id"], [])}
        for customer in more - told:
            yield Violation("only those told hear more", customer)
        if step["status"] != "completed":
            return
        first, later = self._ledger(self.lead.campaign_id), self._ledger(step["id"])
        for customer in told - more:
            entry = first[customer]
            excused = entry.get("said") == "not_me" or entry["status"] == "bounced"
            if not excused and not later.get(customer, {}).get("reason"):
                yield Violation("all who were told hear more", f"{customer}: {entry['status']}")

    def _counts_equal_a_recount(self) -> Iterator[Violation]:
        for campaign in self._steps():
            pk = f"CAMP#{campaign['id']}"
            found: Counter[str] = Counter()
            for item in self.items:
                if item["pk"] == pk and item["sk"].startswith("PROGRESS#"):
                    found.update({k[2:]: int(v) for k, v in item.items() if k.startswith("n_")})
            ledger = self._ledger(campaign["id"]).values()
            wanted = Counter(
                f"skipped_{e['reason']}" if e["status"] == "skipped" else e["status"]
                for e in ledger
            )
            wanted.update(f"said_{e['said']}" for e in ledger if e.get("said"))
            states = {k: n for k, n in found.items() if n and k != "done" and "paid" not in k}
            if states != dict(wanted):
                yield Violation("campaign counts equal a recount", f"{states}, {dict(wanted)}")
            gone = sum(e["status"] in HANDED_OVER and e["channel"] == "email" for e in ledger)
            if found["paid_mails"] != gone:
                yield Violation("what is paid is counted", f"{found['paid_mails']}, {gone}")

    def _cases_of_those_for_whom_it_is_still_broken(self) -> Iterator[Violation]:
        entries = [decode_item(c.new) for c in self._changes() if c.new]
        pressed = {e["customer_id"] for e in entries if e.get("said") == "still_broken"}
        cases = Counter(
            i["customer_id"]
            for i in self.items
            if i.get("type") == "case" and i.get("campaign_id") == self.lead.campaign_id
        )
        if cases != Counter(pressed):
            yield Violation("still broken is one case", f"{dict(cases)}, pressed {pressed}")

    def _changes(self) -> Iterator[Any]:
        for change in self.world.cloud.dynamodb.table(TABLE).changes:
            if change.keys["sk"]["S"].startswith("TOLD#") and change.new:
                yield change
