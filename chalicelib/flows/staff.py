"""Mail from one of us: only where it is shown to be, and then not as a customer's.

One of us is a member of a team (document `teams`), or writes from a domain of ours.

1. Nothing shows that it is them (customers/trust.py): an ordinary contact, with the doubt said.
2. They forward a mail: it is a case of whoever wrote the original; what they wrote above stays
   inside, as a note. The acknowledgement goes to the original sender.
3. They answer to the address of a case that is not their own: a member of a team answers the
   customer, or leaves a note where the text begins with `#note`. Others only leave notes, since a
   whole domain may be many people, and machines; so does who is not of the case's restricted team.
   Of an answer to a notification what stands above
   our line counts; where nothing does, all of it stays inside.
4. All else is theirs as customers, as anybody's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.base import Model
from chalicelib.cases import rules
from chalicelib.cases.models import Case, Message, MessageKind
from chalicelib.channels.forwards import unfold
from chalicelib.channels.models import Disposition, InboundMessage
from chalicelib.channels.settings import ChannelSettings
from chalicelib.customers import trust
from chalicelib.errors import Contended, StaleVersion
from chalicelib.flows.intake import ATTEMPTS, SENDER_DOUBT, Forward, Receipt
from chalicelib.flows.replying import ReplyInput
from chalicelib.flows.timeline import store_files
from chalicelib.settings_documents import TeamsSettings
from chalicelib.store.table import Write, WriteRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.flows.intake import Intake, Scene
    from chalicelib.flows.replying import Replying
    from chalicelib.ports import Clock, Objects
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.ledger import Ledger
    from chalicelib.store.settings import SettingsStore

NOTE = re.compile(r"(?i)^\s*(?:#note|#notiz|#internal|\[note\])[:\s]*")
ABOVE = re.compile(r"[^\n]*##-[\s\S]{1,200}?-##")
"""The line of a mail to an agent above which they answer (flows/agent_letters.py)."""
PUBLIC_DOMAINS = frozenset(
    {
        *("gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com"),
        *("icloud.com", "me.com", "aol.com", "gmx.de", "gmx.net", "web.de", "t-online.de"),
        *("mail.ru", "yandex.ru", "proton.me", "qq.com", "163.com"),
    }
)
"""Domains that are nobody's own, even where a support address is there."""


class Colleague(Model):
    """One of us. `member` of a team, or only writing from our domain."""

    address: str
    member: bool


@dataclass(frozen=True)
class StaffMail:
    intake: Intake
    replying: Replying
    cases: CaseStore
    ledger: Ledger
    settings: SettingsStore
    objects: Callable[[], Objects]
    clock: Clock
    support_address: str

    def take_in(self, inbound: InboundMessage) -> Receipt:
        """Take in a mail, whoever sent it; raises Contended."""
        colleague = self._colleague(inbound)
        if colleague is None or inbound.disposition != Disposition.MESSAGE:
            return self.intake.accept(inbound)
        if not trust.proof(inbound):
            return self.intake.accept(_doubted(inbound, colleague))
        forwarded = unfold(inbound)
        if forwarded and self._colleague(forwarded.original) is None:
            by = Forward(agent=colleague.address, comment=forwarded.comment)
            return self.intake.accept(forwarded.original, by)
        return self._answer(inbound, colleague) or self.intake.accept(inbound)

    def _colleague(self, inbound: InboundMessage) -> Colleague | None:
        address = inbound.sender.address.lower()
        teams = self.settings.read("teams", TeamsSettings).teams
        if any(address == member.lower() for team in teams for member in team.members):
            return Colleague(address=address, member=True)
        own = (self.support_address, *self.settings.read("channels", ChannelSettings).addresses)
        domains = {a.lower().rpartition("@")[2] for a in own} - PUBLIC_DOMAINS
        if address.rpartition("@")[2] in domains:
            return Colleague(address=address, member=False)
        return None

    # --- answers -------------------------------------------------------------------------

    def _answer(self, inbound: InboundMessage, colleague: Colleague) -> Receipt | None:
        """What becomes of an answer to a case of somebody else; None where it is none."""
        for _ in range(ATTEMPTS):
            scene = self.intake.look(inbound)
            case = scene.hints.token
            mine = scene.customer.id if scene.customer else ""
            if scene.known.claim or case is None or rules.asks(case, inbound, mine):
                return None
            try:
                return self._say(scene, case, colleague)
            except (StaleVersion, WriteRefused, Contended):
                continue  # somebody wrote what we had read: look again
        raise Contended(f"an agent's answer lost {ATTEMPTS} races")

    def _say(self, scene: Scene, case: Case, colleague: Colleague) -> Receipt:
        inbound = scene.inbound
        marked = NOTE.match(inbound.text)
        team = self.settings.read("teams", TeamsSettings).team(case.team)
        closed = team is not None and team.keeps_from(colleague.address)
        inside = bool(marked) or not colleague.member or closed or inbound.forwarded is not None
        text = inbound.text[marked.end() :] if marked else inbound.text
        quoted = ABOVE.search(text)
        if quoted:  # our own mail to them, with notes in it, did not come off as quoted text
            inside = inside or not text[: quoted.start()].strip()
            text = text[: quoted.start()].strip() or text
        given = ReplyInput(
            kind=MessageKind.NOTE if inside else MessageKind.MESSAGE,
            text=text.strip()[:100_000] or inbound.subject or "(no text)",
            cc=None,
        )
        files = store_files(self.objects, inbound).attachments

        def proof(message: Message) -> list[Write]:
            return self._proof(scene, message)

        message = self.replying.by_mail(case, given, colleague.address, files, proof)
        return Receipt(
            fate="case", case_id=case.id, reference=case.reference, message_id=message.id
        )

    def _proof(self, scene: Scene, message: Message) -> list[Write]:
        inbound, now = scene.inbound, self.clock()
        writes = [self.ledger.claim(inbound, message.case_id, message.id, now)]
        if inbound.raw_key:
            writes.append(self.ledger.mail(inbound.raw_key, "case", now, case_id=message.case_id))
        own = inbound.message_id
        if own and own not in scene.known.by_message_id:
            sk = self.cases.message_sk(message)
            writes.append(self.ledger.message_id(own, message.case_id, sk))
        return writes


def _doubted(inbound: InboundMessage, colleague: Colleague) -> InboundMessage:
    doubt = (
        f"it claims to be from {colleague.address}, one of us, and nothing shows that it is: "
        "taken as anybody's"
    )
    return inbound.model_copy(update={"headers": {**inbound.headers, SENDER_DOUBT: doubt}})
