"""The cautious rule for a series that has not been watched for a week.

Without a season a morning looks like an outbreak and so does a Monday. So the rule compares with
the fullest window of the same length so far, times a margin, with a large dispersion, and wants
many cases; in the first day it says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from math import log
from operator import sub

from chalicelib.trends.distribution import log_upper_tail
from chalicelib.trends.scan import Window

_WINDOWS = (1, 2, 3, 6, 12)
_SILENT_HOURS = 24
_MARGIN_DAYS = 3  # until then a weekend may be all that was seen
_DISPERSION = 2.5
_MIN_SEEN = 10
_LOG_P = log(1e-4)
_FEWEST_AN_HOUR = 0.5


def cold_start(seen: Sequence[int], part: float) -> Window | None:
    """The window that stands out from everything before it, or None.

    `seen` are all hours so far, the last of which may be only a `part` (0..1] of an hour.
    """
    if len(seen) <= _SILENT_HOURS or sum(seen[-_WINDOWS[-1] :]) < _MIN_SEEN:
        return None
    margin = 4.0 if len(seen) < _MARGIN_DAYS * 24 else 2.0
    sums = [0, *accumulate(seen)]
    best: Window | None = None
    for hours in _WINDOWS:
        before = len(seen) - hours
        if before < _SILENT_HOURS:
            break
        count = sums[-1] - sums[before]
        fullest = max(map(sub, sums[hours : before + 1], sums))
        mean = margin * max(float(fullest), _FEWEST_AN_HOUR * (hours - 1 + part))
        if count < _MIN_SEEN or count <= mean:
            continue
        log_p = log_upper_tail(count, mean, _DISPERSION)
        if log_p < _LOG_P and (best is None or log_p < best.log_p):
            usual = sums[before] / before * (hours - 1 + part)
            best = Window(hours, max(usual, 0.01), count, log_p, -log_p)
    return best
