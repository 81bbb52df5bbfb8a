"""What customers do by themselves: write through the form, follow their case, answer in it.

A secret link stands for one case. It is signed, names the version of the case's link, and opens
nothing else; raising that version on the case withdraws every link that was given out before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Self

from pydantic import Field, model_validator

from chalicelib.access.rules import Signer, link_token, open_link
from chalicelib.base import Instant, Model
from chalicelib.cases.models import Author, AuthorType, Case, Direction, Message, MessageKind
from chalicelib.cases.service import CaseService
from chalicelib.channels.models import Address, Channel, InboundMessage
from chalicelib.channels.settings import ChannelSettings
from chalicelib.customers import rules as customer_rules
from chalicelib.errors import Forbidden, NotFound
from chalicelib.flows.casework import one_line
from chalicelib.flows.timeline import whole
from chalicelib.ports import Clock, Ids, Objects
from chalicelib.store.keys import digest
from chalicelib.understanding.models import TopicsSettings

if TYPE_CHECKING:
    from chalicelib.flows.intake import Intake, Receipt
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.rates import RateStore
    from chalicelib.store.settings import SettingsStore

LINK_SECONDS = 300  # how long the link to a file works
WITHDRAWN = "this link is not valid, or was withdrawn"


class HelpForm(Model):
    """What the form sends. `website` is a trap for robots and stays empty; `topic` becomes the
    subject where none was written."""

    name: str = Field(default="", max_length=200)
    email: str = Field(default="", max_length=254)
    phone: str = Field(default="", max_length=32)
    subject: str = Field(default="", max_length=500)
    text: str = Field(min_length=1, max_length=50_000, pattern=r"\S")
    topic: str = Field(default="", max_length=64)
    website: str = Field(default="", max_length=0)

    @model_validator(mode="after")
    def _can_be_answered(self) -> Self:
        if not (self.email or self.phone):
            raise ValueError("give an e-mail address or a phone number, so that we can answer")
        return self


class HelpAnswer(Model):
    """What a customer adds to their case."""

    text: str = Field(min_length=1, max_length=50_000, pattern=r"\S")


class Writer(StrEnum):
    YOU = "you"
    US = "us"


class PublicFile(Model):
    """A file of a message; `url` works for five minutes and always downloads."""

    name: str
    type: str
    bytes: int
    url: str


class PublicMessage(Model):
    """A message as its customer sees it: nothing from inside."""

    id: str
    direction: Direction
    kind: MessageKind
    writer: Writer
    name: str
    channel: Channel
    text: str
    attachments: tuple[PublicFile, ...] = ()
    created_at: Instant


class PublicCase(Model):
    """A case as its customer sees it."""

    reference: str
    subject: str
    status: str
    created_at: Instant


class Followed(Model):
    """A page of a customer's own case, oldest message first."""

    case: PublicCase
    items: tuple[PublicMessage, ...]
    cursor: str | None


class Submitted(Model):
    """The case that a message is in, and the secret with which to follow it."""

    reference: str
    token: str
    link: str
    opened: bool
    messages: tuple[PublicMessage, ...]


@dataclass(frozen=True)
class Helpdesk:
    intake: Intake
    cases: CaseStore
    service: CaseService
    rates: RateStore
    settings: SettingsStore
    objects: Callable[[], Objects]
    signer: Callable[[], Signer]
    public_url: Callable[[], str]
    clock: Clock
    ids: Ids

    def submit(self, form: HelpForm, key: str, caller: str) -> Submitted:
        """Open a case from the form; raises Invalid, TooMany.

        The key counts together with what was written, so that nobody who guesses a key gets a link
        to somebody else's case.
        """
        self._allow("form", caller)
        address = _address(form)
        written = "\n".join((address, form.subject, form.text))
        external = digest(f"{key}\n{written}") if key else self.ids.new()
        inbound = InboundMessage(
            channel=Channel.WEB,
            external_id=f"form {external}",
            sender=Address(name=one_line(form.name, "name"), address=address),
            subject=one_line(form.subject, "subject") or self._topic(form.topic),
            text=form.text,
            received_at=self.clock(),
        )
        return self._submitted(self.intake.accept(inbound))

    def enter(self, token: str, reference: str = "") -> Case:
        """The case that a link opens; raises Forbidden, in the same words whatever is wrong."""
        named, version = open_link(self.signer(), token)
        try:
            case = self.cases.get(named)
        except NotFound as error:
            raise Forbidden(WITHDRAWN) from error
        if case.link_version != version or (reference and reference.upper() != named):
            raise Forbidden(WITHDRAWN)
        return case

    def follow(self, case: Case, limit: int, cursor: str | None) -> Followed:
        """What the customer may read of their case; raises Malformed for a foreign cursor."""
        part = self.service.messages(case.id, limit, cursor)
        shown = tuple(self._shown(m) for m in part.messages if _public(m))
        about = PublicCase(
            reference=case.reference,
            subject=case.subject,
            status=str(case.status),
            created_at=case.created_at,
        )
        return Followed(case=about, items=shown, cursor=part.cursor)

    def answer(self, case: Case, given: HelpAnswer, key: str, caller: str) -> Submitted:
        """Add to a case whose link was shown; one that ended long ago is followed by a new one."""
        self._allow("answer", caller)
        external = digest(f"{key}\n{given.text}") if key else self.ids.new()
        person = next((p for p in case.participants if not p.cc), None)
        inbound = InboundMessage(
            channel=Channel.WEB,
            external_id=f"answer {case.id} {external}",
            sender=Address(
                name=person.name if person else "",
                address=person.address if person else case.reply_to,
            ),
            subject=case.subject,
            text=given.text,
            received_at=self.clock(),
            case_token=case.reference,
        )
        return self._submitted(self.intake.accept(inbound))

    # --- helpers -------------------------------------------------------------------------

    def _allow(self, what: str, caller: str) -> None:
        """Raises TooMany; the caller's address is kept as a keyed digest only."""
        most = self.settings.read("channels", ChannelSettings).form_posts_per_hour
        self.rates.count(what, self.signer().word("caller", caller), most, self.clock())

    def _topic(self, label: str) -> str:
        if not label:
            return ""
        topics = self.settings.read("topics", TopicsSettings).topics
        return next((topic.name for topic in topics if topic.label == label), "")

    def _submitted(self, receipt: Receipt) -> Submitted:
        token = link_token(self.signer(), receipt.reference, receipt.link_version)
        case = self.cases.get(receipt.case_id)
        return Submitted(
            reference=receipt.reference,
            token=token,
            link=f"{self.public_url()}/c/{token}",
            opened=receipt.opened,
            messages=self.follow(case, 100, None).items,
        )

    def _shown(self, message: Message) -> PublicMessage:
        inbound = message.direction == Direction.INBOUND
        files = tuple(
            PublicFile(
                name=file.name,
                type=file.type,
                bytes=file.bytes,
                url=self.objects().signed_url(file.key, file.name, LINK_SECONDS),
            )
            for file in message.attachments
            if not file.dangerous
        )
        return PublicMessage(
            id=message.id,
            direction=message.direction,
            kind=message.kind,
            writer=Writer.YOU if inbound else Writer.US,
            name=_name(message.author),
            channel=message.channel,
            text=whole(self.objects(), message).text if message.body_key else message.text,
            attachments=files,
            created_at=message.created_at,
        )


def _public(message: Message) -> bool:
    return message.kind == MessageKind.MESSAGE and message.direction != Direction.INTERNAL


def _name(author: Author) -> str:
    """Agents are shown by their name, never by their address."""
    return "" if author.type == AuthorType.AGENT and "@" in author.name else author.name


def _address(form: HelpForm) -> str:
    if form.email:
        return customer_rules.email(form.email)
    return customer_rules.phone(form.phone)
