"""What a classifier's answer decides, and two engines on the same cases."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from chalicelib.understanding.comparing import Sorted, compared
from chalicelib.understanding.engines import (
    Engine,
    EnginesSettings,
    Opinion,
    Said,
    Scored,
    decision,
)

NOW = datetime(2026, 11, 23, tzinfo=UTC)
ARN = "arn:aws:comprehend:us-east-1:123456789012:document-classifier-endpoint/topics"


def opinion(number: int, own: str, other: str, sure: bool = True) -> Opinion:
    def word(label: str) -> Said:
        return Said(label=label if sure else None, guess=label, confidence=0.7, model_version="v1")

    return Opinion(
        case_id=f"case{number}",
        customer_id=f"customer{number}",
        own=word(own),
        other=word(other),
        decided=Engine.OWN,
        at=NOW,
    )


def test_what_the_classifier_is_not_sure_of_is_not_known() -> None:
    classes = [Scored(name="parcel", score=0.45), Scored(name="voucher", score=0.4)]
    unsure = decision(classes, 0.5, "v1", ["parcel", "voucher"])
    assert (unsure.label, unsure.guess, unsure.confidence) == (None, "parcel", 0.45)
    sure = decision(classes, 0.4, "v1", ["parcel", "voucher"])
    assert (sure.label, sure.source, sure.model_version) == ("parcel", "comprehend", "v1")


def test_a_topic_that_is_no_longer_defined_is_not_named() -> None:
    classes = [Scored(name="fax", score=0.9), Scored(name="voucher", score=0.1)]
    decided = decision(classes, 0.5, "v1", ["voucher"])
    assert (decided.label, decided.guess) == (None, "voucher")
    assert decision(classes, 0.5, "v1", ["other"]).guess == ""


def test_an_endpoint_that_decides_must_be_named() -> None:
    with pytest.raises(ValidationError, match="endpoint_arn"):
        EnginesSettings(topic=Engine.ENDPOINT)
    with pytest.raises(ValidationError):
        EnginesSettings(endpoint_arn="arn:aws:s3:::bucket")
    assert EnginesSettings(topic=Engine.ENDPOINT, endpoint_arn=ARN).asks_live


@pytest.mark.parametrize(
    ("settings", "live", "hourly"),
    [
        ({}, False, False),
        ({"endpoint_arn": ARN}, False, False),
        ({"endpoint_arn": ARN, "shadow": True}, True, False),
        ({"shadow": True}, False, True),
        ({"topic": "job"}, False, True),
        ({"topic": "job", "endpoint_arn": ARN, "shadow": True}, False, True),
        ({"topic": "endpoint", "endpoint_arn": ARN}, True, False),
    ],
)
def test_the_settings_say_when_the_classifier_is_asked(
    settings: dict[str, object], live: bool, hourly: bool
) -> None:
    engines = EnginesSettings.model_validate(settings)
    assert (engines.asks_live, engines.asks_hourly) == (live, hourly)


def test_engines_are_judged_by_what_people_made_of_the_cases() -> None:
    opinions = [opinion(n, "a" if n < 6 else "b", "a") for n in range(10)]
    truth = {f"case{n}": Sorted(label="a", worth=1.0 if n < 4 else 0.3) for n in range(8)}
    settings = EnginesSettings(shadow=True, endpoint_arn=ARN)
    result = compared(opinions, truth, settings, days=1.0)
    assert (result.cases, result.known, result.agreement) == (10, 8, 0.6)
    assert result.own is not None
    assert result.comprehend is not None
    assert result.own.right == pytest.approx((4 + 2 * 0.3) / (4 + 4 * 0.3), abs=1e-4)
    assert result.comprehend.right == result.own.right_on_corrections == 1.0
    assert result.difference is not None
    assert result.difference.difference > 0
    assert result.comprehend.dollars_per_1000 == pytest.approx(4_320)  # 10 cases a day
    assert result.own.dollars_per_1000 == 0.0


def test_dont_know_lowers_the_coverage_not_the_accuracy() -> None:
    opinions = [opinion(n, "a", "a", sure=n < 2) for n in range(4)]
    truth = {f"case{n}": Sorted(label="a", worth=1.0) for n in range(4)}
    result = compared(opinions, truth, EnginesSettings(), days=1.0)
    assert result.own is not None
    assert (result.own.coverage, result.own.right, result.own.right_when_uttered) == (0.5, 1.0, 1.0)


def test_nothing_to_compare_is_said() -> None:
    result = compared([], {}, EnginesSettings(), days=0.0)
    assert (result.cases, result.own, result.difference) == (0, None, None)
