"""The first steps of a new installation: what is set up already, told from what there is.

Nothing remembers that somebody clicked through: a step is done where its settings are there, or
where the case is that it was to bring.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from enum import StrEnum
from typing import TYPE_CHECKING

from chalicelib.base import Model
from chalicelib.branding import BrandSettings
from chalicelib.cases.service import CaseFilter
from chalicelib.channels.models import Channel
from chalicelib.channels.settings import ChannelSettings
from chalicelib.errors import Conflict, SendRefused, SendThrottled, SendUnknown
from chalicelib.ports import Ids, Mailer
from chalicelib.promises.models import CalendarsSettings, PromiseSettings
from chalicelib.settings_documents import TeamKind, TeamsSettings
from chalicelib.understanding.models import TopicsSettings

if TYPE_CHECKING:
    from chalicelib.cases.service import CaseService
    from chalicelib.store.customers import CustomerStore
    from chalicelib.store.settings import SettingsStore

DOCUMENTS = ("teams", "topics", "calendars", "brand", "promises")
LOCAL = "local"  # the stage of a system that runs on one machine
SUBJECT = "Please answer this mail"
TEXT = """This mail was sent by your customer service to try the way out.

Answer it to try the way in: a few seconds later your answer is a case in the desk,
with its acknowledgement on the way to you.
"""


class StepName(StrEnum):
    BRAND = "brand"
    MAILBOX = "mailbox"
    TEAM = "team"
    HOURS = "hours"
    PROMISES = "promises"
    TOPICS = "topics"
    CASE = "case"


class Step(Model):
    name: StepName
    done: bool


class Start(Model):
    """How far the first steps are. `fresh` is an installation that nobody set up at all."""

    steps: tuple[Step, ...]
    fresh: bool
    local: bool
    support_address: str


class DnsRecord(Model):
    """An entry that the domain's name service should have."""

    name: str
    type: str
    value: str


class MailSetup(Model):
    """What receives and sends mail. `sends` says that the domain may send, `signs` that its
    signatures (DKIM) were found in the name service; both None where SES knows no such domain."""

    support_address: str
    domain: str
    local: bool
    sends: bool | None
    signs: bool | None
    records: tuple[DnsRecord, ...]


class Greeted(Model):
    """Where a mail was sent to that is to be answered."""

    to: str


@dataclass(frozen=True)
class Starting:
    settings: SettingsStore
    case_service: CaseService
    customers: CustomerStore
    mailer: Callable[[], Mailer]
    ids: Ids
    stage: str
    region: str
    support_address: str

    def state(self, email: str) -> Start:
        """Which steps are done, for the person who looks; documents are read anew, since a step
        that was just saved must not look open for as long as others may use what they read."""
        for name in DOCUMENTS:
            self.settings.document(name)
        teams = self.settings.read("teams", TeamsSettings).teams
        topics = self.settings.read("topics", TopicsSettings).topics
        calendars = self.settings.read("calendars", CalendarsSettings).calendars
        staffed = any(team.kind == TeamKind.SERVICE and team.members for team in teams)
        done = {
            StepName.BRAND: self._stored("brand", BrandSettings),
            StepName.MAILBOX: self._came_by_mail(),
            StepName.TEAM: staffed,
            StepName.HOURS: bool(calendars),
            StepName.PROMISES: self._stored("promises", PromiseSettings),
            StepName.TOPICS: bool(topics),
            StepName.CASE: self._is_customer(email),
        }
        return Start(
            steps=tuple(Step(name=name, done=done[name]) for name in StepName),
            fresh=not (teams or topics or calendars),
            local=self.stage == LOCAL,
            support_address=self.support_address,
        )

    def mail(self) -> MailSetup:
        """What the mailbox needs from the domain's name service, and what SES found there."""
        domain = self.support_address.rpartition("@")[2]
        known = self.mailer().domain(domain)
        tokens = known.tokens if known else ()
        zone = known.signing_zone if known else ""
        receiver = f"10 inbound-smtp.{self.region}.amazonaws.com"
        records = [
            DnsRecord(name=domain, type="MX", value=receiver),
            *(
                DnsRecord(name=f"{one}._domainkey.{domain}", type="CNAME", value=f"{one}.{zone}")
                for one in tokens
            ),
            DnsRecord(name=f"_dmarc.{domain}", type="TXT", value="v=DMARC1; p=none"),
        ]
        return MailSetup(
            support_address=self.support_address,
            domain=domain,
            local=self.stage == LOCAL,
            sends=known.sends if known else None,
            signs=known.signs if known else None,
            records=tuple(records),
        )

    def greet(self, email: str) -> Greeted:
        """Send oneself a mail to be answered; raises Conflict where it is not accepted."""
        company = self.settings.read("channels", ChannelSettings).company
        mail = EmailMessage()
        mail["From"], mail["To"] = self.support_address, email
        mail["Subject"] = f"{company}: {SUBJECT}"
        mail.set_content(TEXT)
        tags = {"send_id": f"T-{self.ids.new()}"}
        try:
            self.mailer().send(mail.as_bytes(), sender=self.support_address, to=[email], tags=tags)
        except (SendRefused, SendThrottled, SendUnknown) as error:
            raise Conflict(f"the mail was not accepted: {error.reason}") from error
        return Greeted(to=email)

    def _stored(self, name: str, model: type[Model]) -> bool:
        """Whether somebody set that document up; `version` is of what was read last."""
        self.settings.read(name, model)
        return self.settings.version(name) > 0

    def _came_by_mail(self) -> bool:
        """Whether one of the newest cases came by mail; one Query."""
        wanted = CaseFilter(channel=Channel.EMAIL)
        return bool(self.case_service.find(wanted, 1, None, 1, shown=None).cases)

    def _is_customer(self, email: str) -> bool:
        owner = self.customers.owner(Channel.EMAIL, email.lower())
        return bool(owner and self.customers.cases(owner, 1).items)
