"""Contacts that come as JSON: posts and calls through a signed webhook, mentions on Mastodon.

Pure. The bodies are those of POST /v1/inbound/{channel}, and of the entity Notification in
Mastodon's API (docs.joinmastodon.org/entities/Notification, /Status).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from chalicelib.base import Instant, Model, from_iso
from chalicelib.channels.models import Address, Channel, InboundMessage, Source
from chalicelib.channels.networks import MastodonAccount, network_id
from chalicelib.errors import Unprocessable

MASTODON = "mastodon"
PUBLIC = frozenset({"public", "unlisted"})
MENTION_LINK = re.compile(r'<a [^>]{0,500}class="[^"]{0,50}\bmention\b[^>]{0,500}>(.{0,300}?)</a>')
"""As Mastodon writes a mention or a hashtag: what it leads to says no more than its text."""
MOST_TEXT = 50_000  # characters
Link = Annotated[str, Field(pattern=r"^https?://\S+$", max_length=2_000)]


class SenderInput(Model):
    """Who wrote or called. A call's `handle` is a telephone number."""

    handle: str = Field(min_length=1, max_length=254)
    name: str = Field(default="", max_length=200)
    account_id: str = Field(default="", max_length=200)


class AttachmentInput(Model):
    """A file where it lies; it is listed, never fetched."""

    url: Link
    name: str = Field(default="", max_length=200)


class ContactInput(Model):
    """One contact. The same `id` is the same contact again, whenever it comes.

    Of a call: `text` is its summary, `recording_url` and `duration_seconds` say more of it, and
    `case_reference` names the case that it was about, where the contact flow knew it.
    """

    id: str = Field(default="", max_length=500)
    sender: SenderInput
    text: str = Field(default="", max_length=MOST_TEXT)
    html: str = Field(default="", max_length=200_000)
    public: bool = False
    visibility: str = Field(default="", max_length=40)
    permalink: Link | None = None
    reach: int | None = Field(default=None, ge=0, le=10**12)
    in_reply_to: str = Field(default="", max_length=500)
    conversation_id: str = Field(default="", max_length=500)
    attachments: tuple[AttachmentInput, ...] = Field(default=(), max_length=20)
    created_at: Instant | None = None
    recording_url: Link | None = None
    duration_seconds: int | None = Field(default=None, ge=0, le=10**6)
    case_reference: str = Field(default="", max_length=20)


def contact(
    source: str, channel: Channel, given: ContactInput, webhook_id: str, now: datetime
) -> InboundMessage:
    """The contact that a source tells of, its html not yet sanitised."""
    identifier = given.id or webhook_id
    talk = conversation(given.conversation_id) if given.conversation_id else ""
    threads = (talk, given.in_reply_to)
    sent_at = given.created_at
    return InboundMessage(
        channel=channel,
        external_id=f"{source} {identifier}",
        sender=Address(name=given.sender.name, address=given.sender.handle.strip()),
        subject=_call(given) if channel == Channel.VOICE else "",
        text=given.text or (_call(given) if channel == Channel.VOICE else ""),
        message_id=network_id(source, identifier),
        references=tuple(network_id(source, thread) for thread in threads if thread),
        received_at=min(sent_at, now) if sent_at else now,
        sent_at=sent_at,
        case_token=given.case_reference.upper(),
        source=_source(source, identifier, given, channel),
    )


def conversation(identifier: str) -> str:
    """The id of a conversation, told apart from those of posts."""
    return f"conversation {identifier}"


def mention(account: MastodonAccount, entry: Mapping[str, Any], now: datetime) -> InboundMessage:
    """A mention of ours, its html not yet sanitised; raises Unprocessable where it is none."""
    try:
        status, author = entry["status"], entry["account"]
        identifier, html = str(status["id"]), str(status["content"])
        name = str(author["acct"])
        handle = f"@{name}" if "@" in name else f"@{name}@{account.host}"
        visibility = str(status.get("visibility") or "public")
        created = from_iso(str(status["created_at"]))
        reach = int(author.get("followers_count") or 0)
    except (KeyError, TypeError, ValueError) as error:
        raise Unprocessable(f"a mention without {error}") from error
    source: Source = {
        "source": MASTODON,
        "id": identifier,
        "handle": handle,
        "account_id": str(author.get("id", "")),
        "public": visibility in PUBLIC,
        "visibility": visibility,
        "reach": reach,
        **({"permalink": str(status["url"])} if status.get("url") else {}),
    }
    files = [str(file.get("url")) for file in status.get("media_attachments") or ()]
    if files:
        source["attachments"] = "\n".join(files)[:4_000]
    answered = status.get("in_reply_to_id")
    return InboundMessage(
        channel=Channel.SOCIAL,
        external_id=f"{MASTODON} {account.host} {identifier}",
        sender=Address(name=str(author.get("display_name") or "")[:200], address=handle.lower()),
        subject=str(status.get("spoiler_text") or "")[:200],
        html=MENTION_LINK.sub(r"\1", html),
        message_id=network_id(MASTODON, identifier),
        references=(network_id(MASTODON, str(answered)),) if answered else (),
        received_at=min(created, now),
        sent_at=created,
        source=source,
    )


def without_address(text: str, account: MastodonAccount) -> str:
    """A post without the mentions of our account that stand before what it says."""
    name = re.escape(account.account)
    ours = rf"@{name}(?:@{re.escape(account.host)})?(?![\w@.-])"
    return re.sub(rf"^(?:\s*{ours})+\s*", "", text, flags=re.IGNORECASE)


def _source(source: str, identifier: str, given: ContactInput, channel: Channel) -> Source:
    told: dict[str, str | int | bool | None] = {
        "source": source,
        "id": identifier,
        "handle": given.sender.handle,
        "account_id": given.sender.account_id,
        "public": given.public if channel == Channel.SOCIAL else None,
        "visibility": given.visibility,
        "permalink": given.permalink,
        "reach": given.reach,
        "attachments": "\n".join(file.url for file in given.attachments)[:4_000],
        "recording": given.recording_url,
        "duration": given.duration_seconds,
    }
    return {name: value for name, value in told.items() if value is not None and value != ""}


def _call(given: ContactInput) -> str:
    """A call in words."""
    if given.duration_seconds is None:
        return "Telephone call"
    minutes, seconds = divmod(given.duration_seconds, 60)
    return f"Telephone call, {minutes} min {seconds} s"
