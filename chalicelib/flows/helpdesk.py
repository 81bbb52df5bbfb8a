"""What customers do by themselves: write through the form, follow their case, answer in it.

A secret link stands for one case. It is signed, names the version of the case's link, and opens
nothing else; raising that version on the case (flows/links.py) withdraws every link before.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Self

from pydantic import Field, model_validator

from chalicelib.access.rules import Signer, link_token, open_link
from chalicelib.base import Instant, Model
from chalicelib.cases.models import (
    Author,
    AuthorType,
    Case,
    CasePatch,
    CaseStatus,
    Direction,
    Message,
    MessageKind,
)
from chalicelib.cases.service import CaseService
from chalicelib.channels import forms
from chalicelib.channels.forms import FormField
from chalicelib.channels.models import Address, Channel, FieldValue, InboundMessage
from chalicelib.channels.settings import ChannelSettings
from chalicelib.customers import rules as customer_rules
from chalicelib.errors import Forbidden, NotFound
from chalicelib.flows.casework import one_line
from chalicelib.flows.sharing import share
from chalicelib.flows.timeline import whole
from chalicelib.flows.uploads import Upload, UploadId, UploadInput, Uploads
from chalicelib.ports import Clock, Ids, Objects
from chalicelib.promises.alarms import broken, expected
from chalicelib.store.keys import digest
from chalicelib.understanding.models import TopicsSettings

if TYPE_CHECKING:
    from chalicelib.flows.casework import Casework
    from chalicelib.flows.intake import Intake
    from chalicelib.flows.own_fields import OwnFields
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.rates import RateStore
    from chalicelib.store.settings import SettingsStore

LINK_SECONDS = 300  # how long the link to a file works
BODIES = 3_000_000  # bytes of long texts that one answer may carry; Lambda returns 6 MB
QUOTED = 20_000  # characters of what a mail repeated
ENDED = (CaseStatus.RESOLVED, CaseStatus.CLOSED)
BY_CUSTOMER = "customer"
WRONG = "this link is not valid, or was withdrawn"
WITHDRAWN = "this link was withdrawn; ask us for a new one"


class FormView(Model):
    """The form: its own fields, and how many files of what size a message may have."""

    fields: tuple[FormField, ...]
    uploads: int
    upload_bytes: int


class HelpForm(Model):
    """What the form sends. `website` is a trap for robots and stays empty; `topic` becomes the
    subject where none was written. `fields` are those of `GET /v1/help/form`, `attachments` the
    ids of uploads."""

    name: str = Field(default="", max_length=200)
    email: str = Field(default="", max_length=254)
    phone: str = Field(default="", max_length=32)
    subject: str = Field(default="", max_length=500)
    text: str = Field(min_length=1, max_length=50_000, pattern=r"\S")
    topic: str = Field(default="", max_length=64)
    fields: dict[str, FieldValue] = Field(default={}, max_length=50)
    attachments: tuple[UploadId, ...] = Field(default=(), max_length=20)
    website: str = Field(default="", max_length=0)

    @model_validator(mode="after")
    def _can_be_answered(self) -> Self:
        if not (self.email or self.phone):
            raise ValueError("give an e-mail address or a phone number, so that we can answer")
        return self


class HelpAnswer(Model):
    """What a customer adds to their case; `attachments` are ids of uploads."""

    text: str = Field(min_length=1, max_length=50_000, pattern=r"\S")
    attachments: tuple[UploadId, ...] = Field(default=(), max_length=20)


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
    quoted: str = ""  # what a mail repeated of earlier ones
    truncated: bool = False  # only the first lines of a very long text
    attachments: tuple[PublicFile, ...] = ()
    created_at: Instant


class PublicCase(Model):
    """A case as its customer sees it."""

    reference: str
    subject: str
    status: str
    created_at: Instant
    expected_by: Instant | None = None  # when they may expect an answer, while they wait for one
    promised_by: Instant | None = None  # where that is later than what they were promised


class Followed(Model):
    """A page of a customer's own case, oldest message first."""

    case: PublicCase
    items: tuple[PublicMessage, ...]
    cursor: str | None

    @property
    def mark(self) -> int:
        """Changes whenever this does: for an ETag."""
        case = self.case.model_dump_json()
        return int(
            digest("\n".join((case, self.cursor or "", *(m.id for m in self.items))))[:12], 16
        )


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
    uploads: Uploads
    rates: RateStore
    settings: SettingsStore
    own_fields: OwnFields
    casework: Callable[[], Casework]
    objects: Callable[[], Objects]
    signer: Callable[[], Signer]
    public_url: Callable[[], str]
    clock: Clock
    ids: Ids

    def form(self) -> FormView:
        """What the form asks for, as it is set up at present."""
        form = self.own_fields.form()
        return FormView(fields=form.fields, uploads=form.uploads, upload_bytes=form.upload_bytes)

    def upload(self, given: UploadInput, caller: str) -> Upload:
        """Where to send a file before the message that it belongs to; raises Invalid, TooMany."""
        self._allow("upload", caller)
        return self.uploads.offer(given)

    def submit(self, form: HelpForm, key: str, caller: str) -> Submitted:
        """Open a case from the form; raises Invalid, TooMany.

        The key counts together with what was written, so that nobody who guesses a key gets a link
        to somebody else's case.
        """
        self._allow("form", caller)
        asked = self.own_fields.form()
        fields = forms.checked(asked, form.fields, customer_rules.email, customer_rules.phone)
        address = _address(form)
        more = json.dumps(fields, sort_keys=True) if fields else ""
        written = "\n".join((address, form.subject, form.text, more))
        inbound = InboundMessage(
            channel=Channel.WEB,
            external_id=f"form {self._once(key, written, form.attachments)}",
            sender=Address(name=one_line(form.name, "name"), address=address),
            subject=one_line(form.subject, "subject") or self._topic(form.topic),
            fields=fields,
            text=form.text,
            received_at=self.clock(),
        )
        return self._accepted(inbound, form.attachments)

    def enter(self, token: str, reference: str = "") -> Case:
        """The case that a link opens; raises Forbidden.

        Only who holds a link that once was good hears that it was withdrawn; to everybody else it
        is the same words whatever is wrong.
        """
        named, version = open_link(self.signer(), token)
        if reference and reference.upper() != named:
            raise Forbidden(WRONG)
        try:
            case = self.cases.get(named)
        except NotFound as error:
            raise Forbidden(WRONG) from error
        if case.link_version != version:
            raise Forbidden(WITHDRAWN)
        return case

    def follow(self, case: Case, limit: int, cursor: str | None) -> Followed:
        """What the customer may read of their case; raises Malformed for a foreign cursor."""
        shared = share(self.cases, case)
        whole_case = shared.whole
        part = self.service.messages(whole_case.id, limit, cursor, whole_case.merged_cases)
        readable = (m for m in part.messages if _public(m) and shared.may_read(m))
        shown = tuple(self._page(readable))
        about = PublicCase(
            reference=case.reference,
            subject=case.subject,
            status=str(whole_case.status),
            created_at=case.created_at,
            expected_by=expected(whole_case.promises),
            promised_by=broken(whole_case.promises, self.clock()),
        )
        return Followed(case=about, items=shown, cursor=part.cursor)

    def answer(self, case: Case, given: HelpAnswer, key: str, caller: str) -> Submitted:
        """Add to a case whose link was shown; one that ended long ago is followed by a new one."""
        self._allow("answer", caller)
        person = next((p for p in case.participants if not p.cc), None)
        inbound = InboundMessage(
            channel=Channel.WEB,
            external_id=f"answer {case.id} {self._once(key, given.text, given.attachments)}",
            sender=Address(
                name=person.name if person else "",
                address=person.address if person else case.reply_to,
            ),
            subject=case.subject,
            text=given.text,
            received_at=self.clock(),
            case_token=case.reference,
        )
        submitted = self._accepted(inbound, given.attachments)
        if case.merged_into and not submitted.opened:
            return self._submitted(case.reference, case.link_version, case.id, opened=False)
        return submitted

    def solved(self, case: Case, caller: str) -> None:
        """The customer says that it is solved; one that ended already stays as it is."""
        self._allow("answer", caller)
        case = self.cases.final(case.id)
        if case.status not in ENDED:
            patch = CasePatch(status=CaseStatus.RESOLVED)
            self.casework().patch(case.id, case.version, patch, BY_CUSTOMER)

    # --- helpers -------------------------------------------------------------------------

    def _once(self, key: str, written: str, uploads: Iterable[str]) -> str:
        """What makes a second delivery recognisable: the key, or files, which are sent once."""
        named = "\n".join((key, written, *uploads))
        return digest(named) if key or any(uploads) else self.ids.new()

    def _accepted(self, inbound: InboundMessage, uploads: tuple[str, ...]) -> Submitted:
        files = self.uploads.collect(uploads, inbound) if uploads else ()
        receipt = self.intake.accept(inbound.model_copy(update={"attachments": files}))
        if files:
            self.uploads.forget(uploads)
        return self._submitted(
            receipt.reference, receipt.link_version, receipt.case_id, receipt.opened
        )

    def _allow(self, what: str, caller: str) -> None:
        """Raises TooMany; the caller's address is kept as a keyed digest only."""
        most = self.settings.read("channels", ChannelSettings).form_posts_per_hour
        self.rates.count(what, self.signer().word("caller", caller), most, self.clock())

    def _topic(self, label: str) -> str:
        if not label:
            return ""
        topics = self.settings.read("topics", TopicsSettings).topics
        return next((topic.name for topic in topics if topic.label == label), "")

    def _submitted(self, reference: str, version: int, case_id: str, opened: bool) -> Submitted:
        """The secret of the customer's own case, also where that was merged into another's."""
        token = link_token(self.signer(), reference, version)
        case = self.cases.get(case_id)
        return Submitted(
            reference=reference,
            token=token,
            link=f"{self.public_url()}/c/{token}",
            opened=opened,
            messages=self.follow(case, 100, None).items,
        )

    def _page(self, messages: Iterable[Message]) -> Iterable[PublicMessage]:
        """Long texts whole, as far as one answer can carry them."""
        left = BODIES
        for message in messages:
            entire, cut = message, False
            if message.body_key:
                entire = whole(self.objects(), message) if left > 0 else message
                cut = entire is message or len(entire.text.encode()) > left
                entire = message if cut else entire
            left -= len(entire.text.encode())
            yield self._shown(entire, cut)

    def _shown(self, message: Message, cut: bool) -> PublicMessage:
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
            text=message.text,
            quoted=message.quoted[:QUOTED] if inbound else "",
            truncated=cut,
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
