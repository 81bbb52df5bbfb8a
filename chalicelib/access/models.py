"""Who has to agree before something big happens (the document `approvals`); the audit list."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from chalicelib.base import Instant, Model
from chalicelib.errors import Forbidden

ORDER = ("readonly", "agent", "lead", "admin")
Login = Annotated[str, Field(pattern=r"^[^@\s<>]+@[^@\s<>]+$", max_length=254)]


class Approvers(Model):
    """Whoever has at least that role; where `logins` are named, only those of them."""

    role: Literal["agent", "lead", "admin"] = "lead"
    logins: tuple[Login, ...] = Field(default=(), max_length=100)

    def admit(self, login: str, roles: Collection[str]) -> bool:
        """Whether that person, with those roles, is one of them."""
        ranks = [ORDER.index(role) for role in roles if role in ORDER]
        named = not self.logins or login.lower() in {known.lower() for known in self.logins}
        return named and max(ranks, default=-1) >= ORDER.index(self.role)


class ApprovalSettings(Model):
    """The document `approvals`: who may accept a problem, who may write to how many customers."""

    accept_problem: Approvers = Approvers()
    send_more_than: int = Field(default=1_000, ge=0)
    """Recipients of one notice up to whom any lead may send."""
    send_to_many: Approvers = Approvers()

    def check_acceptance(self, login: str, roles: Collection[str]) -> None:
        """Raises Forbidden for whoever may not accept a problem."""
        if not self.accept_problem.admit(login, roles):
            raise Forbidden(f"a problem is accepted by {_named(self.accept_problem)}")

    def check_sending(self, login: str, roles: Collection[str], recipients: int) -> None:
        """Raises Forbidden for whoever may not write to so many customers at once."""
        if recipients > self.send_more_than and not self.send_to_many.admit(login, roles):
            raise Forbidden(
                f"a message to {recipients} customers is approved by {_named(self.send_to_many)}: "
                f"it has more than {self.send_more_than} recipients"
            )


def _named(approvers: Approvers) -> str:
    named = f", {len(approvers.logins)} of them by name" if approvers.logins else ""
    return f"the role {approvers.role} or above{named}"


class Setup(Model):
    """A second factor that is to be set up: the secret for an authenticator app (base32), or the
    link that carries it."""

    secret: str
    link: str


# --- the audit list -------------------------------------------------------------------------------


class AuditSettings(Model):
    """The document `audit`: for how many days an entry is kept."""

    keep_days: int = Field(default=400, ge=30, le=3_650)


class Act(StrEnum):
    """What the audit list keeps."""

    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"  # so many an hour at most: nobody fills the table
    SIGNED_OUT = "signed_out"
    SIGNED_OUT_EVERYWHERE = "signed_out_everywhere"
    PASSWORD_CHANGED = "password_changed"  # one's own
    SECOND_FACTOR_ON = "second_factor_on"
    SECOND_FACTOR_OFF = "second_factor_off"
    INVITED = "invited"
    PERSON_CHANGED = "person_changed"  # roles, name, whether they may sign in
    PERSON_SIGNED_OUT = "person_signed_out"
    PASSWORD_RESET = "password_reset"
    SETTINGS_CHANGED = "settings_changed"
    TEAMS_CHANGED = "teams_changed"  # who is a member of which, which are restricted
    APPROVALS_CHANGED = "approvals_changed"
    CUSTOMER_EXPORTED = "customer_exported"
    CUSTOMER_ERASED = "customer_erased"
    AUDIT_EXPORTED = "audit_exported"
    ORIGINAL_READ = "original_read"  # of a mail in quarantine
    QUARANTINE_RELEASED = "quarantine_released"
    NOTICE_APPROVED = "notice_approved"


class ActState(StrEnum):
    """An act elsewhere has two entries: `begun` before it, `done` or `failed` behind it. One that
    stays `begun` may have happened or not."""

    BEGUN = "begun"
    DONE = "done"
    FAILED = "failed"


class Trace(Model):
    """Who asks, from where, in which request."""

    who: str
    where: str = ""  # the network that the request came from, not the address
    request_id: str = ""


class AuditEntry(Model):
    """One line of the audit list; nothing ever changes it. Entries of one act share `act_id`."""

    id: str
    act_id: str
    at: Instant
    who: str
    what: Act
    whom: str = ""  # or what it was done to
    outcome: ActState = ActState.DONE
    where: str = ""
    request_id: str = ""
    details: dict[str, str] = {}


def network_of(address: str) -> str:
    """The network of an IP address: enough to tell places apart, too little to follow a person."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    prefix = 24 if found.version == 4 else 48
    return str(ipaddress.ip_network((found, prefix), strict=False))
