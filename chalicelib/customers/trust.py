"""How well a contact shows that its sender is who it says. Pure.

A claim on somebody's record holds by itself only where it was shown:

| channel | shown by | called |
|---|---|---|
| e-mail | DMARC PASS (RFC 7489) | dmarc |
| e-mail of a domain without a DMARC policy | SPF PASS for a return path of the same domain | spf |
| text message, telephone | the carrier, who names the number | carrier |
| social network | the network, whose webhook is signed | network |
| chat session | the secret of the session | session |

SPF with the same domain is what DMARC itself would have accepted (RFC 7489 3.1.2); a bare SPF or
DKIM PASS is not enough, since it may be of the sender's own other domain. DMARC FAIL shows nothing
whatever else passed; nor does an address that was typed into a form.
"""

from __future__ import annotations

from chalicelib.channels.models import Channel, InboundMessage

ENVELOPE_SENDER = "x-envelope-from"
"""The header under which the mail door hands on the return path (RFC 5321)."""


def proof(inbound: InboundMessage) -> str:
    """What shows that the sender's address is theirs, "" where nothing does."""
    match inbound.channel:
        case Channel.EMAIL:
            return _mail(inbound)
        case Channel.SMS | Channel.VOICE:
            return "carrier"
        case Channel.SOCIAL:
            return "network"
    address = inbound.sender.address
    return "" if not address or "@" in address or address.startswith("+") else "session"


def forged(inbound: InboundMessage) -> bool:
    """Whether the mail's domain itself says that it is not from there."""
    return inbound.verdicts.dmarc == "FAIL"


def doubt(inbound: InboundMessage) -> str:
    """Why nothing is shown, in words, for the agent who decides."""
    if inbound.channel != Channel.EMAIL:
        return "the address was typed into a form"
    if forged(inbound):
        return "the mail claims their address, and their domain says that it is not from there"
    return "the mail claims their address, and nothing shows that it is from there"


def _mail(inbound: InboundMessage) -> str:
    verdicts = inbound.verdicts
    if verdicts.dmarc == "PASS":
        return "dmarc"
    if forged(inbound) or verdicts.spf != "PASS":
        return ""
    envelope = inbound.headers.get(ENVELOPE_SENDER, "").rpartition("@")[2].lower()
    # The very same domain: without the list of public suffixes a subdomain may be a stranger's.
    same = bool(envelope) and envelope == inbound.sender.address.rpartition("@")[2].lower()
    return "spf" if same else ""
