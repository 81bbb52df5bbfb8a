"""How sure a trained model may be: measured on texts that were held out. Pure.

The mix of letters, vector and likeness, and the temperature, under which the right labels are
likeliest; and the floor of what is in scope.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from chalicelib.understanding.learned import (
    Calibration,
    LearnedEngine,
    Parted,
    Reading,
    Signs,
    in_scope,
    mixed,
    parted,
)

_REJECTED = 0.042  # share of held-out known texts of which "don't know" is said
_PRIOR_CHECKS = 50  # how many held-out texts the belief in the usual temperature is worth
_MIXES, _NEARS = (0.5, 1.0, 2.0), (0.0, 8.0, 16.0, 32.0)
_ENOUGH_CHECKS, _USUAL = 100, (1.0, 8.0)  # fewer do not tell one mix from another
_ROUGHLY = (0.7, 1.0, 1.5, 2.2, 3.2)  # temperatures at which mixes are compared
_TEMPERATURES = tuple(0.4 * 1.08**i for i in range(36))


class Check(NamedTuple):
    """What a first fit says about a held-out text."""

    reading: Reading
    engine: LearnedEngine
    wanted: int


def calibrated(checks: Sequence[Check]) -> tuple[Calibration, float]:
    """What is likeliest to give the held-out labels, and the floors; and the share of held-out
    texts that are right so."""
    parts = [parted(check.reading) for check in checks]
    wanted = [check.wanted for check in checks]
    ways = [(mix, near) for mix in _MIXES for near in _NEARS]
    mix, near = min(
        ways if len(checks) >= _ENOUGH_CHECKS else [_USUAL],
        key=lambda way: min(_losses(parts, wanted, way[0], way[1], _ROUGHLY).values()),
    )
    found = Calibration(
        mix=mix,
        near=near,
        temperature=_tempered(parts, wanted, mix, near),
        letters_temperature=_tempered(parts, wanted, 0.0, 0.0),
    )
    guesses = [_best(part.joined(mix, near)) for part in parts]
    signs = [
        check.engine.signs(check.reading, guess, mixed(check.reading, found))
        for check, guess in zip(checks, guesses, strict=True)
    ]
    columns = list(zip(*signs, strict=True))
    means = tuple(sum(column) / len(column) for column in columns)
    spreads = tuple(
        math.sqrt(sum((v - mean) ** 2 for v in column) / len(column)) or 1.0
        for column, mean in zip(columns, means, strict=True)
    )
    measured = found.model_copy(update={"means": means, "spreads": spreads})
    floors = {
        "floor": _floor(checks, signs, guesses, measured),
        "letters_floor": _letters_floor(checks, measured),
    }
    right = sum(guess == want for guess, want in zip(guesses, wanted, strict=True))
    return measured.model_copy(update=floors), right / len(checks)


def _tempered(parts: Sequence[Parted], wanted: Sequence[int], mix: float, near: float) -> float:
    """The likeliest temperature. Where few texts speak for it it is drawn towards what it would be
    if letters and vector said the same, which then counts twice."""
    losses = _losses(parts, wanted, mix, near, _TEMPERATURES)
    measured = min(losses, key=losses.__getitem__)
    usual = 1 + mix
    told = len(parts) / (len(parts) + _PRIOR_CHECKS)
    return usual * math.exp(told * math.log(measured / usual))


def _losses(
    parts: Sequence[Parted],
    wanted: Sequence[int],
    mix: float,
    near: float,
    temperatures: Sequence[float],
) -> dict[float, float]:
    """The mean negative log-likelihood of the right labels, by temperature."""
    joined = [part.joined(mix, near) for part in parts]
    losses: dict[float, float] = {}
    for temperature in temperatures:
        lost = 0.0
        for scores, label in zip(joined, wanted, strict=True):
            highest = max(scores)
            total = sum(math.exp((score - highest) / temperature) for score in scores)
            lost += math.log(total) - (scores[label] - highest) / temperature
        losses[temperature] = lost / len(joined)
    return losses


def _floor(
    checks: Sequence[Check],
    signs: Sequence[Signs],
    guesses: Sequence[int],
    calibration: Calibration,
) -> float:
    """Below which, together with those that are doubted anyway, _REJECTED of the texts are."""
    doubted = 0
    left: list[float] = []
    for check, sign, guess in zip(checks, signs, guesses, strict=True):
        chance = mixed(check.reading, calibration)[guess]
        if check.engine.plain_doubt(check.reading, guess, chance):
            doubted += 1
        else:
            told = check.reading.vector_scores is not None
            left.append(in_scope(sign, calibration, told))
    if not left:
        return 0.0
    below = max(0, math.ceil(_REJECTED * len(checks)) - doubted)
    return sorted(left)[min(len(left) - 1, below)]


def _letters_floor(checks: Sequence[Check], calibration: Calibration) -> float:
    """The same for texts without a vector: as if none had one."""
    found = []
    for check in checks:
        bare = check.reading._replace(vector_scores=None, likeness={})
        signs = check.engine.signs(bare, _best(bare.scores), mixed(bare, calibration))
        found.append(in_scope(signs, calibration, False))
    return sorted(found)[math.ceil(_REJECTED * len(found))]


def _best(values: Sequence[float]) -> int:
    return max(range(len(values)), key=values.__getitem__)
