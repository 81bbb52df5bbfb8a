"""What is told of a trend: title, certainty, whom it hits, and since when it is calm."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from chalicelib.trends.models import Finding, Method, TrendHour
from chalicelib.trends.series import hour_of
from chalicelib.trends.showing import calm_since, confidence, lifts, title_of

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


def test_title_says_topic_and_what_it_is_limited_to() -> None:
    names = {"login": "Signing in"}
    assert title_of("topic=login", names) == "Signing in"
    assert title_of("topic=login&product=app&version=2", names) == (
        "Signing in: product app, version 2"
    )
    assert title_of("product=app") == "Product app"
    assert title_of("*") == "All contacts"


def test_confidence_falls_with_p_and_with_the_number_of_cells() -> None:
    strong, weak = finding(1e-9), finding(1e-4)
    assert confidence(strong, [strong, weak], 100) > confidence(weak, [strong, weak], 100)
    assert confidence(weak, [weak], 10) > confidence(weak, [weak], 1_000)
    assert confidence(weak, [weak], 10**6) == 0.0


def test_owners_of_a_product_are_compared_with_those_who_usually_write() -> None:
    people = [("*", "topic=login", "product=x", "product=x&version=2")] * 31 + [("*",)] * 3
    levels = {"*": (10.0, 4_000.0), "product=x": (0.9, 360.0)}
    found = {one.attribute: one for one in lifts(people, levels.get)}
    product = found["product"]
    assert (product.value, product.seen, product.of) == ("x", 31, 34)
    assert (product.base_share, product.base_customers) == (0.09, 4_000)
    assert product.lift == round(product.share / 0.09, 2)
    assert (found["version"].value, found["version"].base_share) == ("x 2", 0.0)
    assert found["version"].lift is None


def test_share_of_all_is_unknown_where_few_wrote_before() -> None:
    (one,) = lifts([("product=x",)] * 5, {"*": (1.0, 12.0)}.get)
    assert (one.base_share, one.lift) == (None, None)
    assert "too few" in one.base


def test_calm_begins_anew_behind_each_hour_above_the_band() -> None:
    now = hour_of(NOW)
    hours = [
        TrendHour(hour=NOW - timedelta(hours=back), expected=1, upper=4, cases=seen, customers=seen)
        for back, seen in ((9, 9), (6, 5), (3, 4), (0, 1))
    ]
    assert calm_since(now - 8, hours, now) == now - 5
    assert calm_since(now - 4, hours, now) == now - 4


def finding(p: float) -> Finding:
    return Finding(
        series="topic=login",
        window_hours=1,
        start=NOW,
        detected_at=NOW,
        expected=1,
        seen=9,
        p=p,
        lift=9,
        method=Method.SCAN,
    )
