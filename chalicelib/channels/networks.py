"""Settings of the channels that come in over HTTP: chat, signed webhooks, Mastodon."""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
import re
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from chalicelib.base import Model
from chalicelib.channels.models import Channel

SECRET = "whsec_"  # how a Standard Webhooks secret begins; base64 of 24 to 64 bytes follows
ORIGIN = re.compile(
    r"https?://(?:\*\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*"
    r"(?::[1-9]\d{0,4})?"
)
LOOPBACK = frozenset({"127.0.0.1", "localhost"})


def _https(url: str) -> str:
    """An https address in the public internet; plain http is for servers on this machine only."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "http" and host in LOOPBACK:
        return url.rstrip("/")
    if parts.scheme != "https" or not host or parts.username:
        raise ValueError("must be an https address without user or password")
    if not _public(host):
        raise ValueError("must be an address in the public internet")
    return url.rstrip("/")


def _public(host: str) -> bool:
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return False
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return not re.fullmatch(r"[\d.]+", host)


def _secret(secret: str) -> str:
    """As the Standard Webhooks specification wants it ("Signature scheme")."""
    try:
        size = len(base64.b64decode(secret.removeprefix(SECRET), validate=True))
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"is {SECRET} and base64") from error
    if not secret.startswith(SECRET) or not 24 <= size <= 64:
        raise ValueError(f"is {SECRET} and base64 of 24 to 64 random bytes")
    return secret


def _origin(site: str) -> str:
    """The origin of a site (RFC 6454), and nothing that could end its place in a policy."""
    if not ORIGIN.fullmatch(site):
        raise ValueError("must be an origin such as https://shop.example.com, without a path")
    host = urlsplit(site).hostname or ""
    if site.startswith("http:") and host not in LOOPBACK:
        raise ValueError("must be an https origin; plain http is for this machine only")
    return site


def _bare(account: str) -> str:
    return account.removeprefix("@")


WebAddress = Annotated[str, Field(max_length=2_000), AfterValidator(_https)]
Site = Annotated[str, Field(max_length=200), AfterValidator(_origin)]
WebhookSecret = Annotated[str, Field(max_length=200), AfterValidator(_secret)]


NETWORK_DOMAIN = ".network.invalid"


def network_id(source: str, identifier: str) -> str:
    """The Message-ID under which a post is known here: of the right form (RFC 5322 3.6.4), in a
    domain that no mail can come from (RFC 2606), the same for the same post."""
    name = hashlib.sha256(f"{source}\n{identifier}".encode()).hexdigest()[:32]
    return f"{name}@{source}{NETWORK_DOMAIN}"


class ChatSettings(Model):
    """Whoever has not asked for news for `away_minutes` and left an address is answered by mail.

    With `bot` what an article answers is answered by it first, as soon as there is an article.
    `sites` are the origins whose pages may show the chat in a frame, beside our own
    (`https://*.example.com` stands for all below a domain).
    """

    bot: bool = True
    away_minutes: int = Field(default=5, ge=1, le=1440)
    posts_per_hour: int = Field(default=300, ge=1, le=100_000)
    sites: tuple[Site, ...] = Field(default=(), max_length=50)

    @property
    def away(self) -> timedelta:
        return timedelta(minutes=self.away_minutes)


class InboundSource(Model):
    """Who may post to /v1/inbound/<name>. A second secret is for the time of a change.

    Answers are posted to `reply_url`, signed with the first secret; without it there are none.
    """

    channel: Channel | None = None  # by default what the name says, else social
    secrets: tuple[WebhookSecret, ...] = Field(min_length=1, max_length=2)
    reply_url: WebAddress | None = None
    characters: int = Field(default=1000, ge=100, le=100_000)  # an answer's most, each part


class MastodonAccount(Model):
    """The account whose mentions are taken in; its token is the parameter `mastodon-token`."""

    instance: WebAddress
    account: Annotated[
        str, Field(pattern=r"^@?[A-Za-z0-9_.-]+$", max_length=100), AfterValidator(_bare)
    ]
    characters: int = Field(default=500, ge=100, le=100_000)  # what the instance allows a post

    @property
    def host(self) -> str:
        return urlsplit(self.instance).hostname or ""
