"""What the API shows of cases, messages and customers: the models without what is only for us."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from chalicelib import bootstrap
from chalicelib.base import Instant, Model, iso
from chalicelib.bootstrap import Application
from chalicelib.cases.models import Case, Delivery, Message, StoredAttachment
from chalicelib.cases.rules import warnings
from chalicelib.cases.undoing import UNDO
from chalicelib.channels.html import held_pictures
from chalicelib.customers.models import Customer
from chalicelib.flows.timeline import whole
from chalicelib.handlers.mail_frame import frame_token
from chalicelib.ports import Objects
from chalicelib.promises.alarms import seen

LINK_SECONDS = 300  # how long a link to a file works
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What may be shown in a page. The bucket serves it as that type and, if it is opened by itself,
as a download: nothing of another origin than the bucket's, and nothing that can run."""
LARGEST_PICTURE = 10_000_000  # bytes
BODIES = 3_000_000  # bytes of long bodies that one answer may carry; Lambda returns 6 MB
HIDDEN_OF_CASE = {
    "message_ids",
    "link_version",
    "merge",
    "former_customers",
    "counted_for",
    "understood_by",
}
HIDDEN_OF_CUSTOMER = {"open_case", "merge"}
HIDDEN_OF_DELIVERY = {"send_id", "lease_until", "settle_by", "provider_id"}
HIDDEN_OF_MESSAGE = {
    "attachments",
    "before",
    "body_key",
    "delivery",
    "raw_key",
    "references",
    "version",
}
HIDDEN_OF_FILE = {"key"}


def _without(model: type[BaseModel], hidden: set[str], name: str, **extra: Any) -> Any:
    """The model without some of its fields and with others, for the API's description."""
    kept = {n: (f.annotation, f) for n, f in model.model_fields.items() if n not in hidden}
    fields: dict[str, Any] = {**kept, **extra}
    config = ConfigDict(frozen=True, extra="forbid")
    return create_model(name, __config__=config, __doc__=model.__doc__, **fields)


CaseView: type[BaseModel] = _without(
    Case,
    HIDDEN_OF_CASE,
    "CaseView",
    customer_name=(str, Field("", description="In lists and where one case was asked for.")),
    customer_tier=(str, Field("", description="The same.")),
    unread=(bool, Field(False, description="The customer wrote since you saw it.")),
)
CustomerView: type[BaseModel] = _without(Customer, HIDDEN_OF_CUSTOMER, "CustomerView")
FileView: type[BaseModel] = _without(
    StoredAttachment,
    HIDDEN_OF_FILE,
    "FileView",
    url=(str, Field(description="Downloads the file; works for five minutes.")),
    preview_url=(
        str,
        Field("", description="A picture to show in the page; five minutes. Safe types only."),
    ),
)
DeliveryView: type[BaseModel] = _without(Delivery, HIDDEN_OF_DELIVERY, "DeliveryView")
MessageView: type[BaseModel] = _without(
    Message,
    HIDDEN_OF_MESSAGE,
    "MessageView",
    attachments=(list[FileView], []),  # type: ignore[valid-type]
    delivery=(DeliveryView | None, None),
    warnings=(
        list[str],
        Field([], description="What to know before trusting it, in words."),
    ),
    undo_until=(
        Instant | None,
        Field(None, description="Of a change that can be undone: until when."),
    ),
    truncated=(bool, Field(False, description="Only the first lines of a very long body.")),
    html_url=(str, Field("", description="The mail as it was sent, for a frame; ten minutes.")),
    remote_pictures=(
        list[str],
        Field([], description="Pictures elsewhere that the mail names; nothing loads them."),
    ),
    body_url=(str, Field("", description="Downloads such a body whole, as JSON; five minutes.")),
    original_url=(str, Field("", description="The untouched original; works for five minutes.")),
)


class CasePage(Model):
    """Cases in the order that was asked for. A page may be short and still have a cursor."""

    items: list[CaseView]  # type: ignore[valid-type]
    cursor: str | None = None
    looked_at: int | None = Field(None, description="Cases that were read for this page.")


class MessagePage(Model):
    """A page of a case's timeline, in the order that was asked for."""

    items: list[MessageView]  # type: ignore[valid-type]
    cursor: str | None = None


class CustomerPage(Model):
    """Customers in no particular order."""

    items: list[CustomerView]  # type: ignore[valid-type]
    cursor: str | None = None


def case_view(case: Case) -> dict[str, Any]:
    """The case, with its promises as they stand now, also where no sweep has looked yet."""
    promises = seen(case.promises, bootstrap.get().clock())
    case = case.model_copy(update={"promises": promises})
    return case.model_dump(mode="json", exclude=HIDDEN_OF_CASE)


def case_rows(cases: Sequence[Case], app: Application, email: str) -> list[dict[str, Any]]:
    """Cases with what a list shows beside them; one call more, however many they are."""
    beside = app.attending.beside(cases, email) if cases else []
    return [
        case_view(case) | more.model_dump(mode="json")
        for case, more in zip(cases, beside, strict=True)
    ]


def customer_view(customer: Customer) -> dict[str, Any]:
    return customer.model_dump(mode="json", exclude=HIDDEN_OF_CUSTOMER)


def page(shown: Iterable[dict[str, Any]], cursor: str | None) -> dict[str, Any]:
    return {"items": list(shown), "cursor": cursor}


def message_views(messages: Iterable[Message], app: Application) -> list[dict[str, Any]]:
    """Messages with links to their files; long bodies whole as far as one answer can carry them."""
    objects = partial(getattr, app, "objects")
    left = BODIES
    shown = []
    for message in messages:
        entire = message
        if message.body_key and left > 0:
            full = whole(objects(), message)
            size = sum(len(part.encode()) for part in (full.text, full.quoted, full.html))
            if size <= left:
                entire, left = full, left - size
        cut = bool(message.body_key) and entire is message
        shown.append(_message(entire, cut, objects) | {"html_url": _frame(entire, app)})
    return shown


def _message(message: Message, truncated: bool, objects: Callable[[], Objects]) -> dict[str, Any]:
    view = message.model_dump(mode="json", exclude=HIDDEN_OF_MESSAGE)
    view["attachments"] = [_file(file, objects) for file in message.attachments]
    view["delivery"] = (
        message.delivery.model_dump(mode="json", exclude=HIDDEN_OF_DELIVERY)
        if message.delivery
        else None
    )
    view["warnings"] = warnings(message)
    undoable = "was" in message.before
    view["undo_until"] = iso(message.created_at + UNDO) if undoable else None
    view["remote_pictures"] = list(held_pictures(message.html))
    view["truncated"] = truncated
    body = message.body_key if truncated else ""
    view["body_url"] = objects().signed_url(body, "body.json", LINK_SECONDS) if body else ""
    raw = message.raw_key
    view["original_url"] = objects().signed_url(raw, "original.eml", LINK_SECONDS) if raw else ""
    return view


def _frame(message: Message, app: Application) -> str:
    """The address, as seen from the first page, of the frame that shows a message's HTML."""
    if not message.html:
        return ""
    sort_key = app.cases.message_sk(message)
    return f"mail/{frame_token(app.signer, message, sort_key, app.clock())}"


def _file(file: StoredAttachment, objects: Callable[[], Objects]) -> dict[str, Any]:
    view = file.model_dump(mode="json", exclude=HIDDEN_OF_FILE)
    view["url"] = objects().signed_url(file.key, file.name, LINK_SECONDS)
    shown = file.type in PICTURES and not file.dangerous and file.bytes <= LARGEST_PICTURE
    view["preview_url"] = (
        objects().signed_url(file.key, file.name, LINK_SECONDS, file.type) if shown else ""
    )
    return view
