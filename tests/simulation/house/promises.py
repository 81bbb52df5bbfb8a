"""What must hold when everything has come to rest, whatever failed on the way (DESIGN 5).

The table is read as it lies there, not through the stores, so that a wrong store cannot hide.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from chalicelib.channels.models import Channel
from chalicelib.store.codec import decode_item
from chalicelib.trends.cells import cells_of
from chalicelib.trends.models import Facts
from tests.simulation.house.agent_promises import AgentPromises
from tests.simulation.house.campaign_promises import CampaignPromises
from tests.simulation.house.installation import CAPACITY, TABLE
from tests.simulation.house.traffic import Contact, Traffic
from tests.simulation.world.search import Violation
from tests.simulation.world.world import World

SENT_ONCE = frozenset({"sent", "delivered", "bounced", "complained"})
Item = dict[str, Any]


class Promises:
    """Reads the table once; `broken` says which promises do not hold."""

    def __init__(self, world: World, traffic: Traffic) -> None:
        self.world = world
        self.traffic = traffic
        table = world.cloud.dynamodb.table(TABLE)
        self.items = [decode_item(item) for item in table.items.values()]
        self.by_type: dict[str, list[Item]] = defaultdict(list)
        for item in self.items:
            self.by_type[str(item.get("type", ""))].append(item)
        self.cases = {item["id"]: item for item in self.by_type["case"]}
        self.messages = self.by_type["message"]

    def broken(self) -> list[Violation]:
        checks = (
            self._each_contact_in_one_case,
            self._every_mail_has_a_fate,
            self._cases_hang_together,
            self._one_customer_an_address,
            self._each_case_acknowledged_once,
            self._each_answer_kept_once,
            self._each_outbound_sent_once,
            self._counts_equal_a_recount,
            self._loads_equal_a_recount,
            self._nothing_outstanding,
            self._no_doubt_without_faults,
        )
        found = [violation for check in checks for violation in check()]
        found += AgentPromises(self.items, self._all_tags()).broken()
        if self.traffic.campaigning:
            found += CampaignPromises(self.traffic.campaigning, self.items).broken()
        return found

    # --- in ------------------------------------------------------------------------------

    def _each_contact_in_one_case(self) -> Iterator[Violation]:
        inbound = [
            m
            for m in self.messages
            if m["direction"] == "inbound" and "This is press-" not in m["text"]
        ]
        for contact in self.traffic.contacts:
            found = [m for m in inbound if contact.mark in m["text"]]
            if len(found) != 1:
                yield Violation("in exactly one case", f"{contact.mark} {len(found)} times")
            elif found[0]["case_id"] not in self.cases:
                yield Violation("in exactly one case", f"{contact.mark} in a case that is not")
        if len(inbound) > len(self.traffic.contacts):
            yield Violation("in exactly one case", f"{len(inbound)} messages came in")

    def _every_mail_has_a_fate(self) -> Iterator[Violation]:
        known = {item["pk"] for item in self.by_type["mail"]}
        for key in self.world.cloud.s3.buckets[TABLE]:
            if key.startswith("mail/") and f"MAIL#{key}" not in known:
                yield Violation("every mail has a fate", key)
        if self.by_type["quarantine"]:
            reasons = [item.get("reason") for item in self.by_type["quarantine"]]
            yield Violation("good mail stays out of quarantine", str(reasons))

    def _cases_hang_together(self) -> Iterator[Violation]:
        references = Counter(item["case_id"] for item in self.by_type["reference"])
        customers = {item["id"] for item in self.by_type["customer"]}
        for case_id, case in self.cases.items():
            if references[case_id] != 1:
                yield Violation("a case has its reference", f"{case_id}: {references[case_id]}")
            if case["customer_id"] not in customers:
                yield Violation("a case has its customer", case_id)
            public = [
                m
                for m in self.messages
                if m["case_id"] == case_id and m["kind"] == "message" and not m.get("automatic")
            ]
            if case["message_count"] != len(public):
                detail = f"{case_id} says {case['message_count']}, has {len(public)}"
                yield Violation("message count equals recount", detail)
        for reference in references:
            if reference not in self.cases:
                yield Violation("a reference has its case", reference)

    def _one_customer_an_address(self) -> Iterator[Violation]:
        owners = {item["pk"]: item["customer_id"] for item in self.by_type["identity"]}
        customers = {item["id"]: item for item in self.by_type["customer"]}
        claimed: Counter[str] = Counter()
        for customer in customers.values():
            for identity in customer["identities"]:
                claimed[f"IDENT#{identity['channel']}#{identity['value']}"] += 1
            opened = customer.get("open_case")
            if opened and opened not in self.cases:
                yield Violation("an open case exists", f"{customer['id']}: {opened}")
        for pk, owner in owners.items():
            if owner not in customers or claimed[pk] != 1:
                yield Violation("one customer an address", f"{pk}: {claimed[pk]}")
        # A contact that named somebody's address without showing that it is theirs is kept apart.
        shown = [
            customer
            for customer in customers.values()
            if not customer.get("provisional") and not customer["id"].startswith("MEMBER")
        ]
        people = {(_kind(c), c.address) for c in self.traffic.contacts}
        if len(shown) != len(people):
            yield Violation(
                "one customer an address", f"{len(shown)} customers, {len(people)} people"
            )

    # --- out -----------------------------------------------------------------------------

    def _each_case_acknowledged_once(self) -> Iterator[Violation]:
        for case_id, case in self.cases.items():
            if case.get("campaign_id"):
                continue  # they pressed a button, and were thanked there
            own = [m for m in self.messages if m["case_id"] == case_id]
            sent = [m for m in own if m["direction"] == "outbound" and m.get("automatic")]
            withheld = [m for m in own if m["text"].startswith("no acknowledgement")]
            if len(sent) + len(withheld) != 1:
                detail = f"{case_id}: {len(sent)} and {len(withheld)} withheld"
                yield Violation("acknowledged once", detail)

    def _each_answer_kept_once(self) -> Iterator[Violation]:
        for number in range(len(self.traffic.contacts)):
            found = [m for m in self.messages if f"answer-{number}." in m["text"]]
            wanted = 1 if number in self.traffic.answered else 0
            if len(found) != wanted:
                detail = f"answer-{number}: {len(found)} instead of {wanted}"
                yield Violation("an accepted answer is kept once", detail)

    def _each_outbound_sent_once(self) -> Iterator[Violation]:
        accepted = self._acceptances()
        for message in self.messages:
            if message["direction"] != "outbound":
                continue
            delivery, times = message["delivery"], accepted[message["case_id"], message["sk"]]
            status = delivery["status"]
            detail = f"{message['id']} is {status} and went out {times} times"
            if times > 1 or (status in SENT_ONCE and times != 1):
                yield Violation("sent once", detail)
            elif status == "failed" and (times or not delivery["reason"]):
                yield Violation("failed for a reason", detail)
            elif status not in SENT_ONCE | {"failed"}:
                yield Violation("settled in the end", detail)
        if sum(accepted.values()) != len(self._tags()):
            yield Violation("what went out is known", f"{len(self._tags())} went out")

    def _acceptances(self) -> Counter[tuple[str, str]]:
        """How often the providers accepted each message, by (case id, sort key)."""
        sends = {
            item["pk"].removeprefix("SEND#"): (item["case_id"], item["message_sk"])
            for item in self.by_type["send"]
        }
        return Counter(sends[tag] for tag in self._tags() if tag in sends)

    def _tags(self) -> list[str]:
        """Without those of campaigns and of mails to agents, which have promises of their own."""
        return [tag for tag in self._all_tags() if not tag.startswith(("N-", "A-"))]

    def _all_tags(self) -> list[str]:
        cloud = self.world.cloud
        tags = [mail.tags.get("send_id", "") for mail in cloud.ses.accepted]
        tags += [text.context.get("send_id", "") for text in cloud.sms.accepted]
        return tags

    # --- counters and the rest -----------------------------------------------------------

    def _counts_equal_a_recount(self) -> Iterator[Violation]:
        cases: Counter[tuple[str, str]] = Counter()
        people: dict[tuple[str, str], set[str]] = defaultdict(set)
        facts = {item["pk"]: item.get("facts", {}) for item in self.by_type["counted"]}
        for case in self.cases.values():
            hour = case["created_at"][:13]
            known = Facts.model_validate(facts.get(f"CASE#{case['id']}", {}))
            for cell in cells_of(case["topic"].get("label"), known):
                cases[cell, hour] += 1
                likely = case.get("likely_match") or {}
                people[cell, hour].add(likely.get("customer_id", case["customer_id"]))
        found: dict[tuple[str, str], tuple[int, int]] = {}
        for item in self.items:
            if item["pk"].startswith("COUNTS#") and "cases" in item:
                hour, _, cell = item["sk"].partition("#")
                counted = (int(item["cases"]), int(item["customers"]))
                if any(counted):
                    found[cell, f"{item['pk'].split('#')[1]}T{hour}"] = counted
        wanted = {key: (number, len(people[key])) for key, number in cases.items()}
        if found != wanted:
            yield Violation("counters equal a recount", f"{found} instead of {wanted}")

    def _loads_equal_a_recount(self) -> Iterator[Violation]:
        counted = Counter(
            case["assignee"]
            for case in self.cases.values()
            if case.get("assignee") and case["status"] in ("new", "open", "pending")
        )
        found = {
            item["pk"].removeprefix("AGENT#"): sum(
                int(value) for name, value in item.items() if name.startswith("n_")
            )
            for item in self.items
            if item["pk"].startswith("AGENT#") and item["sk"] == "AGENT"
        }
        if Counter(found) != counted:
            yield Violation("loads equal a recount", f"{found} instead of {dict(counted)}")
        for email, number in counted.items():
            if number > CAPACITY:
                yield Violation("nobody gets more than they take", f"{email} has {number}")

    def _nothing_outstanding(self) -> Iterator[Violation]:
        for item in self.by_type["reaction"]:
            yield Violation("nothing outstanding", f"{item['pk']} {item['sk']}")

    def _no_doubt_without_faults(self) -> Iterator[Violation]:
        if self.world.faults.happened:
            return
        for change in self.world.cloud.dynamodb.table(TABLE).changes:
            new = decode_item(change.new) if change.new else {}
            delivery = new.get("delivery") or {}
            if delivery.get("status") in ("ambiguous", "failed") or delivery.get("attempts", 0) > 1:
                yield Violation("no doubt without faults", f"{new['id']}: {delivery}")
        for label, error in self.world.errors:
            if not label.startswith("api/"):
                yield Violation("no errors without faults", f"{label}: {error!r}")


def _kind(contact: Contact) -> str:
    return "sms" if contact.channel == Channel.SMS else "email"
