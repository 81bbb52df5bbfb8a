"""Templates as SES renders them."""

from __future__ import annotations

import pytest

from infra.local.ses.templates import RenderingError, render


def test_variables_blocks_and_comments() -> None:
    template = (
        "Hi {{name}}{{!-- note --}}, {{a.b}} {{{html}}}"
        "{{#if items}}:{{#each items}} {{@index}}={{this}}{{/each}}{{else}}none{{/if}}"
        "{{#unless gone}}!{{/unless}}"
    )
    data = {"name": "Ann & Bo", "a": {"b": 3}, "html": "<b>", "items": ["x", "y"]}
    assert render(template, data) == "Hi Ann & Bo, 3 <b>: 0=x 1=y!"


def test_inner_block_sees_outer_names() -> None:
    data = {"shop": "S", "orders": [{"id": 1}, {"id": 2}]}
    assert render("{{#each orders}}{{shop}}{{id}} {{/each}}", data) == "S1 S2 "


def test_missing_value_is_an_error_that_names_it() -> None:
    with pytest.raises(RenderingError, match="'who' is not present"):
        render("{{who}}", {})


@pytest.mark.parametrize("broken", ["{{#if a}}x", "{{/if}}", "{{#with a}}{{/with}}"])
def test_broken_template_is_an_error(broken: str) -> None:
    with pytest.raises(RenderingError):
        render(broken, {"a": 1})
