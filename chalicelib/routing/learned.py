"""Which team a topic goes to by what people corrected. Pure.

Only the newest word on a case counts, and only as many of the newest cases as are kept. A team is
learned where most corrections went there, as far as so few can show it: by the lower end of
Wilson's interval (E. B. Wilson, "Probable inference, the law of succession, and statistical
inference", 1927). Corrections from before an administrator gave the topic another team no longer
speak.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Sequence

from chalicelib.routing.models import Correction, LearnedTeam

KEPT = 30  # corrections of a topic
FEWEST = 5  # for one team, to learn it
SURE = 0.5  # the share that the true one is above, at 95 %
Z = 1.96


def learned_team(
    corrections: Sequence[Correction], configured: str, teams: Collection[str]
) -> LearnedTeam | None:
    """What corrections of one topic speak for; None where they are too few or disagree.

    `configured` is the topic's own team; `teams` are those that exist, none means any.
    """
    valid = [one for one in corrections if one.configured == configured]
    if not valid:
        return None
    counted = Counter(one.team for one in valid)
    team, right = max(counted.items(), key=lambda entry: (entry[1], entry[0]))
    least = wilson_low(right, len(valid))
    if right < FEWEST or least <= SURE or (teams and team not in teams):
        return None
    return LearnedTeam(team=team, right=right, cases=len(valid), least=least)


def with_correction(corrections: Sequence[Correction], fresh: Correction) -> tuple[Correction, ...]:
    """The corrections with one more, newest first; the last word on a case replaces its others.

    One that is already there, or older than what is said of its case, changes nothing.
    """
    if any(one.case_id == fresh.case_id and one.at >= fresh.at for one in corrections):
        return tuple(corrections)
    others = [one for one in corrections if one.case_id != fresh.case_id]
    ordered = sorted([fresh, *others], key=lambda one: (one.at, one.case_id), reverse=True)
    return tuple(ordered[:KEPT])


def wilson_low(right: int, cases: int) -> float:
    """The lower end of Wilson's 95 % interval for a share, 0 without cases."""
    if cases == 0:
        return 0.0
    share = right / cases
    middle = share + Z * Z / (2 * cases)
    spread = Z * math.sqrt(share * (1 - share) / cases + Z * Z / (4 * cases * cases))
    return max(0.0, (middle - spread) / (1 + Z * Z / cases))
