"""Signing in, step by step, and the second factor of whoever is signed in.

A sign-in that asks for more is answered with a *session*: what the user pool needs to go on, under
our signature, so that nobody goes on with somebody else's, or with a step that was not asked for.
Nothing is kept here between two steps.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

from pydantic import ValidationError

from chalicelib.access.models import Setup
from chalicelib.access.rules import Signer
from chalicelib.base import Model
from chalicelib.branding import BrandSettings
from chalicelib.errors import Conflict, Forbidden, Invalid, Unauthenticated
from chalicelib.ports import Clock, IdentityProvider, SecondFactor, Step, Tokens
from chalicelib.store.settings import SettingsStore

LASTS = timedelta(minutes=10)
"""So long a session may be answered; the pool's own (AuthSessionValidity) is as long."""
PURPOSE = "sign-in"
ASKED = {
    "new_password": ("new_password", "choose a new password: send it as new_password"),
    "code": ("code", "send the code of your second factor as code"),
    "setup": ("code", "set up a second factor with `setup`, and send its first code as code"),
}


class SignIn(Model):
    """What somebody gave to sign in. With a `session`, what was given before counts."""

    email: str
    password: str = ""
    new_password: str | None = None
    code: str | None = None
    session: str | None = None


class SecondFactorState(SecondFactor):
    """`required`: nobody may be without one here."""

    required: bool


@dataclass(frozen=True)
class SigningIn:
    """See the module."""

    identity: IdentityProvider
    signer: Callable[[], Signer]
    settings: Callable[[], SettingsStore]
    clock: Clock
    second_factor_required: bool = False

    def sign_in(self, given: SignIn) -> Tokens:
        """Tokens; raises Forbidden naming the field that is asked for, with a session to go on."""
        answers = {"new_password": given.new_password, "code": given.code}
        if given.session:
            step = self._opened(given.session, given.email)
            reached: Tokens | Step = step
            answers["setup"] = answers.pop("code") if step.asks == "setup" else None
        else:
            reached = self.identity.login(given.email, given.password)
        while isinstance(reached, Step):
            # Each answer is used once: the same step again means that it did not do.
            answer = answers.pop(reached.asks, None)
            if answer is None:
                raise self._asking(reached, given.email)
            reached = self.identity.answer(reached, answer)
        return reached

    def _asking(self, step: Step, email: str) -> Forbidden:
        field, reason = ASKED[step.asks]
        setup = self.setup(step.secret, email).model_dump() if step.asks == "setup" else None
        return Forbidden(
            reason,
            fields=[{"field": field, "reason": reason}],
            session=self._sealed(step, email),
            setup=setup,
        )

    def _sealed(self, step: Step, email: str) -> str:
        until = int((self.clock() + LASTS).timestamp())
        # The secret is told beside it; what goes on does not need it.
        held = {**step.model_dump(exclude={"secret"}), "email": email.lower(), "until": until}
        body = base64.urlsafe_b64encode(json.dumps(held).encode()).decode().rstrip("=")
        return f"{body}.{self.signer().word(PURPOSE, body, 20)}"

    def _opened(self, session: str, email: str) -> Step:
        """The step that a session stands for; raises Unauthenticated."""
        body, _, word = session.rpartition(".")
        refusal = Unauthenticated("this sign-in took too long, or is not yours; begin anew")
        if not self.signer().holds(PURPOSE, body, word, 20):
            raise refusal
        try:
            held = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
            fresh = held.pop("until") >= self.clock().timestamp()
            if not fresh or held.pop("email") != email.lower():
                raise refusal
            return Step.model_validate(held)
        except (ValueError, KeyError, ValidationError) as error:
            raise refusal from error

    # --- the second factor -----------------------------------------------------------------

    def setup(self, secret: str, email: str) -> Setup:
        """The link is of the form that authenticator apps agreed on (Key URI Format)."""
        issuer = quote(self.settings().read("brand", BrandSettings).name, safe="")
        label = f"{issuer}:{quote(email, safe='@')}"
        return Setup(secret=secret, link=f"otpauth://totp/{label}?secret={secret}&issuer={issuer}")

    def second_factor(self, token: str) -> SecondFactorState:
        state = self.identity.second_factor(token)
        return SecondFactorState(**state.model_dump(), required=self.second_factor_required)

    def begin_second_factor(self, token: str, email: str, password: str) -> Setup:
        """A new authenticator. Whoever finds an unlocked browser knows no password, and so can
        neither bind the account to a telephone of theirs nor take the owner's away."""
        if not self.identity.second_factor(token).offered:
            raise Conflict("whoever signs in elsewhere has the second factor there")
        self._prove(email, password)
        return self.setup(self.identity.begin_second_factor(token), email)

    def end_second_factor(self, token: str, email: str, password: str) -> None:
        """Sign in without a code from now on."""
        if self.second_factor_required:
            raise Conflict("nobody may be without a second factor here")
        self._prove(email, password)
        self.identity.end_second_factor(token)

    def change_password(self, token: str, password: str, new_password: str) -> None:
        """Every other browser is signed out, and so is this one: whoever knew the old password
        may have been signed in."""
        self.identity.change_password(token, password, new_password)
        self.identity.sign_out_everywhere(token)

    def _prove(self, email: str, password: str) -> None:
        """Raises Invalid where that is not the password. A step beyond it proves it as well."""
        try:
            reached = self.identity.login(email, password)
        except Unauthenticated as error:
            raise Invalid.field("password", "is not your present password") from error
        if isinstance(reached, Tokens) and reached.refresh:
            self.identity.revoke(reached.refresh)
