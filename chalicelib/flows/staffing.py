"""Admins decide who may sign in, and as what.

The user pool keeps it, so nothing here can be one transaction: the audit list has each act before
and behind it (handlers/http.py, `audited`), every step may be repeated, and roles are given before
others are taken. Whoever loses something is signed out everywhere, since a token carries the roles
that it was made with.

One change of roles at a time: two admins who take each other's role at once would leave none.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from chalicelib.access.rules import Role
from chalicelib.base import Instant, Model
from chalicelib.errors import Conflict, Forbidden
from chalicelib.ports import Clock, Directory, Ids, Person
from chalicelib.settings_documents import TeamsSettings
from chalicelib.store import keys
from chalicelib.store.table import WriteRefused, delete, put

if TYPE_CHECKING:
    from chalicelib.store.cursors import Cursors
    from chalicelib.store.settings import SettingsStore
    from chalicelib.store.table import Table

HELD = timedelta(seconds=30)  # longer than a request may take
SCOPE = "people"


def _once(roles: tuple[Role, ...]) -> tuple[Role, ...]:
    return tuple(sorted(set(roles)))


Email = Annotated[str, Field(pattern=r"^[A-Za-z0-9._~=+-]+@[A-Za-z0-9.-]+$", max_length=254)]
"""Of one of us: what an address in a path may be made of."""
Roles = Annotated[tuple[Role, ...], Field(max_length=8), AfterValidator(_once)]


class Invitation(Model):
    """Whom to invite. The temporary password is mailed to them, and to nobody else."""

    email: Email
    name: str = Field(default="", max_length=120)
    roles: Roles = (Role.AGENT,)


class PersonPatch(Model):
    """Fields left out stay. `roles` are all that they then have; `enabled` false signs them out."""

    name: str | None = Field(default=None, min_length=1, max_length=120)
    roles: Roles | None = None
    enabled: bool | None = None


class PersonView(Model):
    """Somebody who may sign in, with the teams that they are a member of."""

    email: str
    name: str
    roles: tuple[str, ...]
    teams: tuple[str, ...]
    enabled: bool
    state: str
    second_factor: bool | None
    created_at: Instant | None


class PersonPart(Model):
    """A page of people, and where the next one begins."""

    people: tuple[PersonView, ...]
    cursor: str | None


class TemporaryPassword(Model):
    """Shown this once. They have to replace it at their next sign-in."""

    temporary_password: str


@dataclass(frozen=True)
class Staffing:
    directory: Directory
    table: Table
    settings: SettingsStore
    cursors: Cursors
    clock: Clock
    ids: Ids

    def find(self, limit: int, cursor: str | None) -> PersonPart:
        """A page of people, as the user pool has them; raises Malformed."""
        before = self.cursors.read(SCOPE, cursor)
        found, after = self.directory.people(limit, before["after"] if before else "")
        people = tuple(self._view(self.directory.person(one.email)) for one in found)
        position = {"after": after} if after else None
        return PersonPart(people=people, cursor=self.cursors.write(SCOPE, position))

    def invite(self, given: Invitation, by: str) -> PersonView:
        """Make an account; raises Conflict where they have one with a role.

        An account without any role is what a death in the middle leaves: it is finished.
        """
        email = given.email.lower()
        with self._alone(by):
            try:
                self.directory.invite(email, given.name)
            except Conflict:
                if self.directory.person(email).roles:
                    raise
                self.directory.invite(email, given.name, again=True)
            for role in given.roles:
                self.directory.give(email, role)
        return self._view(self.directory.person(email))

    def change(self, email: str, given: PersonPatch, by: str) -> PersonView:
        """The person after a change; raises NotFound, Conflict where nobody could administer."""
        email = email.lower()
        with self._alone(by):
            person = self.directory.person(email)
            self._keeps_an_admin(person, given, by)
            if given.name is not None and given.name != person.name:
                self.directory.rename(email, given.name)
            roles = {str(role) for role in Role}
            wanted = person.roles if given.roles is None else frozenset(map(str, given.roles))
            for role in sorted(wanted - person.roles):
                self.directory.give(email, role)
            for role in sorted((person.roles & roles) - wanted):
                self.directory.take(email, role)
            if given.enabled is not None and given.enabled != person.enabled:
                self.directory.enable(email, given.enabled)
            if given.enabled is False or (person.roles & roles) - wanted:
                self.directory.sign_out(email)
        return self._view(self.directory.person(email))

    def sign_out(self, email: str) -> None:
        """End every token of theirs; the gateway may know one for five minutes more."""
        self.directory.sign_out(email.lower())

    def reset(self, email: str) -> TemporaryPassword:
        """A new temporary password; whoever knew the old one is signed out."""
        password = f"Aa1-{secrets.token_urlsafe(12)}"  # upper and lower case, digit and symbol
        self.directory.set_temporary(email.lower(), password)
        self.directory.sign_out(email.lower())
        return TemporaryPassword(temporary_password=password)

    # --- helpers -------------------------------------------------------------------------

    def _keeps_an_admin(self, person: Person, given: PersonPatch, by: str) -> None:
        """Raises Conflict where an admin would lose the role, and be the last or oneself."""
        loses = given.roles is not None and Role.ADMIN not in given.roles
        if Role.ADMIN not in person.roles or not (loses or given.enabled is False):
            return
        if person.email == by.lower():
            raise Conflict("nobody takes their own role as an admin, or shuts themselves out")
        if not self.directory.members(Role.ADMIN) - {person.email}:
            raise Conflict("they are the last admin")

    @contextmanager
    def _alone(self, by: str) -> Iterator[None]:
        """While nobody else changes roles, and only as an admin whom the user pool knows as one;
        raises Conflict, Forbidden."""
        holder, now = self.ids.new(), self.clock()
        pk, sk = keys.PEOPLE_LOCK
        expires = int((now + HELD).timestamp())
        item = {"pk": pk, "sk": sk, "type": "lock", "holder": holder, "expires": expires}
        free = "attribute_not_exists(pk) OR expires < :now"
        try:
            self.table.commit(put("lock", item, free, now=int(now.timestamp())))
        except WriteRefused as refused:
            raise Conflict("somebody else is changing roles; try again") from refused
        try:
            if by.lower() not in self.directory.members(Role.ADMIN):
                raise Forbidden("you are no admin any more")
            yield
        finally:
            self._release(holder)

    def _release(self, holder: str) -> None:
        try:
            self.table.commit(delete("lock", keys.PEOPLE_LOCK, "holder = :h", h=holder))
        except WriteRefused:
            return  # it took so long that somebody else has it by now

    def _view(self, person: Person) -> PersonView:
        teams = self.settings.read("teams", TeamsSettings).teams
        return PersonView(
            email=person.email,
            name=person.name,
            roles=tuple(sorted(person.roles)),
            teams=tuple(team.name for team in teams if team.has(person.email)),
            enabled=person.enabled,
            state=person.state,
            second_factor=person.second_factor,
            created_at=person.created_at,
        )
