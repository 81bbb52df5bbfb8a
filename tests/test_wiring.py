"""Every part of the application can be made, and gets what it asks for."""

from __future__ import annotations

import pytest

from chalicelib.bootstrap import Application
from chalicelib.wiring import Part
from tests.support import installation

PARTS = sorted(name for name, value in vars(Application).items() if isinstance(value, Part))


@pytest.mark.parametrize("name", PARTS)
def test_every_part_finds_what_it_asks_for(name: str) -> None:
    with installation() as world:
        made = getattr(world.app, name)
        assert made is getattr(world.app, name)
        for late in (v for k, v in vars(made).items() if k in ("signer", "objects", "mailer")):
            if callable(late):
                assert late() is late()


def test_what_is_asked_for_late_is_not_made_early() -> None:
    with installation() as world:
        assert world.app.sending
        assert "mailer" not in vars(world.app)


def test_an_unknown_name_is_an_error_that_names_it() -> None:
    class Odd:
        mail: Part[object] = Part("flows.calls.Calls", customers="nowhere")

    odd = Odd()
    odd.__dict__["settings"] = object()
    with pytest.raises(AttributeError, match="nowhere"):
        assert odd.mail
