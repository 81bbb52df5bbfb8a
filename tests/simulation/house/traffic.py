"""What happens to the house: customers write by mail, text message and form, agents answer.

Everything is decided by the number of the contact, so that a run with fewer contacts is the same
run with the last ones taken away. Notices may come twice or get lost, mails may be sent twice; a
client of the API repeats a request that failed, under the same idempotency key.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

from chalicelib.bootstrap import Application
from chalicelib.channels.models import Channel
from chalicelib.errors import NotFound, Refused, StaleVersion
from chalicelib.flows.helpdesk import HelpForm
from chalicelib.flows.replying import ReplyInput
from tests.simulation.aws.ses import Sent
from tests.simulation.aws.sms import Text
from tests.simulation.house.installation import BUCKET, SUPPORT, Installation, topic_arn
from tests.simulation.world.invocation import Outcome
from tests.simulation.world.sources import TWICE
from tests.support import ses_notice

if TYPE_CHECKING:
    from tests.simulation.house.campaigning import Campaigning

ARRIVALS = 60.0  # seconds in which the contacts come in
LOST = "lost"  # the notice of a mail that is in the bucket
RESENT = "resent"  # the same mail, given to SES once more
BEHIND = "behind"  # a provider whose events come minutes later
RATES = {LOST: 0.05, RESENT: 0.05, BEHIND: 0.15}
AGENT = "agent@example.com"
ADDED_BY_SES = (
    b"X-SES-Spam-Verdict: PASS\r\nX-SES-Virus-Verdict: PASS\r\n"
    b"Authentication-Results: amazonses.com; spf=pass; dkim=pass; dmarc=pass\r\n"
)
"""What stands above a stored mail: it is all that is known of one whose notice was lost."""


@dataclass(frozen=True)
class Contact:
    """One message of a customer. `mark` stands in its text and in no other."""

    number: int
    channel: Channel
    person: int
    answers: int | None  # the contact whose conversation it goes on with

    @property
    def mark(self) -> str:
        return f"contact-{self.number}."

    @property
    def address(self) -> str:
        if self.channel == Channel.SMS:
            return f"+491511234{self.person:04d}"
        return f"person{self.person}@example.org"

    @property
    def message_id(self) -> str:
        return f"contact-{self.number}@example.org"


class Traffic:
    """Lets so many contacts come in; `answered` are those that an agent has answered for sure."""

    def __init__(self, house: Installation, contacts: int) -> None:
        self.house = house
        self.world = house.world
        self.contacts = [self._contact(number) for number in range(contacts)]
        self.submitted: set[int] = set()
        self.answered: set[int] = set()
        self.refused: set[int] = set()
        self.world.faults.rates |= RATES
        self.world.cloud.ses.heard = self._mail_went_out
        self.world.cloud.sms.heard = self._text_went_out

    def start(self) -> None:
        for contact in self.contacts:
            dice, scheduler = self.world.dice, self.world.scheduler
            at = ARRIVALS * dice.share("arrival", contact.number)
            scheduler.after(at, lambda c=contact: self._arrive(c))  # type: ignore[misc]
            if dice.share("agent", contact.number) < 0.4:
                wait = at + dice.between(20.0, 90.0, "answer", contact.number)
                scheduler.after(wait, lambda c=contact: self._answer(c))  # type: ignore[misc]

    @property
    def busy(self) -> bool:
        """Whether a client of the API has not got its answer yet."""
        forms = {c.number for c in self.contacts if c.channel == Channel.WEB}
        campaign = self.campaigning is not None and self.campaigning.busy
        return campaign or self._open_requests > 0 or not forms <= self.submitted

    _open_requests = 0
    campaigning: Campaigning | None = None  # in a share of the runs

    def _contact(self, number: int) -> Contact:
        dice = self.world.dice
        drawn = dice.share("channel", number)
        channel = Channel.EMAIL if drawn < 0.5 else Channel.SMS if drawn < 0.75 else Channel.WEB
        person = dice.number("person", number) % (number // 2 + 1)
        answers = None
        if channel == Channel.EMAIL and number and dice.share("thread", number) < 0.5:
            answers = dice.number("answers", number) % number
        return Contact(number, channel, person, answers)

    def _arrive(self, contact: Contact) -> None:
        if contact.channel == Channel.EMAIL:
            self._mail(contact)
        elif contact.channel == Channel.SMS:
            self._text(contact)
        else:
            self._form(contact)

    # --- channels ------------------------------------------------------------------------

    def _mail(self, contact: Contact) -> None:
        fault = self.world.faults.decide(f"{contact.mark}/arrival", (TWICE, LOST, RESENT))
        raw = ADDED_BY_SES + self._raw(contact)
        copies = 2 if fault == RESENT else 1
        for copy in range(copies):
            name = f"ses-{contact.number}-{copy}"
            key = f"mail/{name}"
            self.world.cloud.s3.put_object({"Bucket": BUCKET, "Key": key, "Body": raw})
            now = self.world.scheduler.moment()
            notice = ses_notice(name, key, [SUPPORT], now, {})
            if fault != LOST:
                self._publish("mail", notice, 2 if fault == TWICE else 1)

    def _raw(self, contact: Contact) -> bytes:
        mail = EmailMessage()
        mail["From"] = f"Person {contact.person} <{contact.address}>"
        mail["To"] = SUPPORT
        mail["Subject"] = f"Matter {contact.number}"
        mail["Message-ID"] = f"<{contact.message_id}>"
        at = datetime.fromtimestamp(self.world.scheduler.now, UTC)
        mail["Date"] = at.strftime("%a, %d %b %Y %H:%M:%S +0000")
        if contact.answers is not None:
            mail["In-Reply-To"] = f"<contact-{contact.answers}@example.org>"
        mail.set_content(f"Hello, this is {contact.mark} My parcel is late and I am angry.\n")
        return mail.as_bytes()

    def _text(self, contact: Contact) -> None:
        twice = self.world.faults.decide(f"{contact.mark}/arrival", (TWICE,))
        payload = {
            "originationNumber": contact.address,
            "destinationNumber": "+15550100",
            "messageKeyword": "KEYWORD_1",
            "messageBody": f"This is {contact.mark} My card does not work, thanks",
            "inboundMessageId": f"sms-{contact.number}",
            "previousPublishedMessageId": "",
        }
        self._publish("sms", payload, 2 if twice else 1)

    def _form(self, contact: Contact) -> None:
        def submit(application: Application) -> None:
            form = HelpForm(
                name=f"Person {contact.person}",
                email=contact.address,
                subject=f"Matter {contact.number}",
                text=f"This is {contact.mark} The shop does not open.",
            )
            caller = f"192.0.2.{contact.number % 250}"
            application.helpdesk.submit(form, key=f"form-{contact.number}", caller=caller)

        def done(_: Outcome) -> None:
            self.submitted.add(contact.number)

        self.request(f"form-{contact.number}", submit, done)

    def _publish(self, topic: str, content: dict[str, Any], times: int) -> None:
        for _ in range(times):
            request = {"TopicArn": topic_arn(topic), "Message": json.dumps(content)}
            self.world.cloud.sns.publish(request)

    # --- agents --------------------------------------------------------------------------

    def _answer(self, contact: Contact) -> None:
        """An agent answers the case of a contact, once the case is there."""

        def answer(application: Application) -> None:
            case_id = self._case_of(application, contact)
            given = ReplyInput(text=f"This is answer-{contact.number}. to you.")
            application.replying.reply(case_id, given, AGENT, key=f"answer-{contact.number}")

        def done(outcome: Outcome) -> None:
            (self.refused if outcome.kind == "error" else self.answered).add(contact.number)

        self.request(f"answer-{contact.number}", answer, done)

    def _case_of(self, application: Application, contact: Contact) -> str:
        """What the agent sees on the desk: the case in which the contact's words stand."""
        table = self.world.cloud.dynamodb.table("custops")
        for item in table.items.values():
            if item.get("type", {}).get("S") == "message" and contact.mark in item["text"]["S"]:
                return str(application.cases.get(item["case_id"]["S"]).id)
        raise NotFound("not on the desk yet")

    def request(
        self, name: str, work: Callable[[Application], object], done: Callable[[Outcome], None]
    ) -> None:
        """A call of the API, repeated by its client until it is answered."""
        self._open_requests += 1
        function = self.house.api(name, work)
        world = self.world

        def again(outcome: Outcome) -> None:
            if outcome.kind == "ok" or _final(outcome.result):
                self._open_requests -= 1
                done(outcome)
            else:
                world.scheduler.after(5.0, call)

        def call() -> None:
            world.invoke(function, world.nth(f"api/{name}"), None, again)

        call()

    # --- providers -----------------------------------------------------------------------

    def _mail_went_out(self, sent: Sent) -> None:
        final = "Bounce" if _bounces(sent.to) else "Delivery"
        for kind in ("Send", final):
            self._tell(sent.id, kind, lambda k=kind: self.world.cloud.ses.publish(sent, k))  # type: ignore[misc]

    def _text_went_out(self, sent: Text) -> None:
        for kind in ("TEXT_SENT", "TEXT_DELIVERED"):
            self._tell(sent.id, kind, lambda k=kind: self.world.cloud.sms.publish(sent, k))  # type: ignore[misc]

    def _tell(self, identifier: str, kind: str, publish: Callable[[], None]) -> None:
        """The provider's event comes some seconds later; or minutes later, or twice."""
        world, place = self.world, f"{identifier}/{kind}"
        fault = world.faults.decide(place, (BEHIND, TWICE))
        wait = world.dice.between(0.01, 8.0, "event", place)
        if fault == BEHIND:
            wait += world.dice.between(10.0, 400.0, "behind", place)
        world.scheduler.after(wait, publish)
        if fault == TWICE:
            world.scheduler.after(wait + world.dice.between(0.0, 60.0, "again", place), publish)


def _bounces(to: tuple[str, ...]) -> bool:
    return any(address.startswith("person3@") for address in to)


def _final(error: object) -> bool:
    """An answer that the client does not repeat; after a lost race it reads again and does."""
    return isinstance(error, Refused) and not isinstance(error, NotFound | StaleVersion)
