"""Using a macro on a case: its text for the desk, and what it changes, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from chalicelib.base import Model
from chalicelib.cases import macros, rules
from chalicelib.cases.macros import Macro, MacrosSettings
from chalicelib.cases.models import Case
from chalicelib.channels.settings import ChannelSettings
from chalicelib.errors import NotFound
from chalicelib.ports import Clock
from chalicelib.settings_documents import TeamsSettings

if TYPE_CHECKING:
    from chalicelib.flows.casework import Casework
    from chalicelib.flows.outlets import Outlets
    from chalicelib.store.cases import CaseStore
    from chalicelib.store.customers import CustomerStore
    from chalicelib.store.settings import SettingsStore


class MacroInput(Model):
    """With `preview` nothing is changed. `language` is the case's where it is left out. `asked`
    has what the macro asks for, by the name of the field."""

    preview: bool = False
    language: str | None = Field(default=None, pattern=r"^[a-z]{2}$")
    asked: dict[str, Annotated[str, Field(max_length=2_000)]] = Field(default={}, max_length=10)


class MacroUsed(Model):
    """The text to send, which nobody has sent yet, and what changed, or would change: field →
    [from, to]. `version` is the case's by now."""

    macro: str
    text: str
    changes: dict[str, list[str]]
    applied: bool
    version: int


@dataclass(frozen=True)
class MacroWork:
    cases: CaseStore
    customers: CustomerStore
    casework: Casework
    outlets: Outlets
    settings: SettingsStore
    clock: Clock

    def use(self, case_id: str, name: str, given: MacroInput, by: str) -> MacroUsed:
        """Raises NotFound, Invalid (a field of the text has no value), Conflict (a state that the
        case cannot take), StaleVersion after a lost race."""
        case = self.cases.final(case_id)
        macro = self._macro(name, by)
        text = self._text(macro, case, given, by)
        patch = macros.patch_of(macro, case, by)
        changes = rules.apply(case, patch, self.clock(), by).changes
        version = case.version
        if not given.preview:
            version = self.casework.patch(case.id, case.version, patch, by).version
        return MacroUsed(
            macro=macro.name,
            text=text,
            changes=changes,
            applied=not given.preview,
            version=version,
        )

    def seen_by(self, login: str) -> list[Macro]:
        """The macros that somebody sees."""
        listed = self.settings.read("macros", MacrosSettings).macros
        return macros.visible(listed, self._teams(login))

    def _macro(self, name: str, by: str) -> Macro:
        for macro in self.seen_by(by):
            if macro.name == name:
                return macro
        raise NotFound(f"there is no macro {name}")

    def _teams(self, login: str) -> frozenset[str]:
        teams = self.settings.read("teams", TeamsSettings).teams
        return frozenset(team.name for team in teams if login in team.members)

    def _text(self, macro: Macro, case: Case, given: MacroInput, by: str) -> str:
        language = given.language or case.language or "en"
        asked = macros.filled_in(macro, given.asked, language)
        customer = self.customers.final(case.customer_id)
        named = next((p.name for p in case.participants if p.name and not p.cc), "")
        company = self.settings.read("channels", ChannelSettings).company
        agent = self.outlets.author(by).name
        values = macros.values_of(case, customer.name or named, agent, company) | asked
        return macros.render(macros.text_for(macro, language), values, macros.optional(macro))
