"""The company's own fields of cases: which there are, and whether a case has what it must."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.cases.models import Case
from chalicelib.channels import fields, forms
from chalicelib.channels.fields import CaseField, FieldsSettings
from chalicelib.channels.forms import FormSettings
from chalicelib.channels.models import FieldValue
from chalicelib.channels.settings import ChannelSettings
from chalicelib.customers import rules as customer_rules
from chalicelib.errors import Invalid

if TYPE_CHECKING:
    from chalicelib.store.settings import SettingsStore


@dataclass(frozen=True)
class OwnFields:
    settings: SettingsStore

    def known(self) -> tuple[CaseField, ...]:
        """Every field that a case may have."""
        form = self.settings.read("channels", ChannelSettings).form
        return fields.all_fields(self.settings.read("fields", FieldsSettings), form)

    def form(self) -> FormSettings:
        """What the web form asks for."""
        form = self.settings.read("channels", ChannelSettings).form
        return fields.form_of(self.settings.read("fields", FieldsSettings), form)

    def checked(
        self, case: Case, given: Mapping[str, FieldValue | None]
    ) -> dict[str, FieldValue | None]:
        """What an agent entered as it is kept; raises Invalid for what does not fit its field."""
        kept = fields.checked(
            self.known(), given, case.fields, customer_rules.email, customer_rules.phone
        )
        after = {**case.fields, **kept}
        forms.bounded({name: value for name, value in after.items() if value is not None})
        return kept

    def complete(self, case: Case) -> None:
        """Raises Invalid where the case lacks what it must have before it is resolved."""
        lacking = fields.lacking(self.known(), case.topic.label, case.team, case.fields)
        if lacking:
            reason = "is needed before the case is resolved"
            named = [{"field": f"fields.{name}", "reason": reason} for name in lacking]
            raise Invalid(f"fields.{lacking[0]}: {reason}", named)
