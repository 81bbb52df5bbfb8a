"""Who has to agree before something big happens: the document `approvals`."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Literal

from pydantic import Field

from chalicelib.base import Model
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
