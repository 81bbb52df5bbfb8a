"""What a customer may read of a case that others became a part of.

Where the cases of two customers were merged, each of them reads what lies in their own and what
was said since, never what the other wrote before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.cases.models import Case, Message

if TYPE_CHECKING:
    from chalicelib.store.cases import CaseStore


@dataclass(frozen=True)
class Share:
    """`whole` is the case in which it goes on; `may_read` tells which messages are theirs."""

    whole: Case
    may_read: Callable[[Message], bool]


def share(cases: CaseStore, case: Case) -> Share:
    """What the customer of a case shares in; raises NotFound."""
    whole = cases.final(case.id) if case.merged_into else case
    if not whole.merged_cases:
        return Share(whole, lambda message: True)
    parts = {whole.id: whole, **cases.some(whole.merged_cases)}
    theirs = {i for i, part in parts.items() if part.customer_id == case.customer_id}
    since = case.merge.at if case.merge else None

    def may_read(message: Message) -> bool:
        said_since = since is not None and message.created_at >= since
        return message.case_id in theirs or (message.case_id == whole.id and said_since)

    return Share(whole, may_read)
