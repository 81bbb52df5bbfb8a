"""Who may accept a problem, and who may write to many."""

from __future__ import annotations

import pytest

from chalicelib.access.models import ApprovalSettings, Approvers
from chalicelib.errors import Forbidden

LEAD, AGENT = frozenset({"lead"}), frozenset({"agent"})


def test_a_lead_accepts_unless_others_are_named() -> None:
    ApprovalSettings().check_acceptance("lead@example.com", LEAD)
    named = ApprovalSettings(accept_problem=Approvers(logins=("boss@example.com",)))
    named.check_acceptance("Boss@example.com", LEAD)
    with pytest.raises(Forbidden):
        named.check_acceptance("lead@example.com", LEAD)
    with pytest.raises(Forbidden):  # a name alone is not the role
        named.check_acceptance("boss@example.com", AGENT)


def test_only_more_recipients_than_the_limit_need_the_approver() -> None:
    settings = ApprovalSettings(send_more_than=100, send_to_many=Approvers(role="admin"))
    settings.check_sending("lead@example.com", LEAD, 100)
    with pytest.raises(Forbidden, match="101 customers"):
        settings.check_sending("lead@example.com", LEAD, 101)
    settings.check_sending("root@example.com", frozenset({"admin"}), 1_000_000)


def test_roles_that_nobody_knows_approve_nothing() -> None:
    assert not Approvers(role="agent").admit("x@example.com", frozenset({"partner", ""}))
