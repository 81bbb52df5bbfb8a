"""Files that a page's script has sent to the bucket: their ids, in one hidden field of its form."""

from __future__ import annotations

import json
from collections.abc import Mapping

from chalicelib.base import Model
from chalicelib.errors import Invalid
from chalicelib.handlers.http import Call

FIELD = "files"
LONGEST = 40_000  # characters of all ids together


class ChosenFile(Model):
    id: str
    name: str


class ChosenFiles(Model):
    """What the page shows of them; `wrong` is what is wrong with them."""

    chosen: tuple[ChosenFile, ...] = ()
    wrong: str = ""

    @property
    def as_json(self) -> str:
        return json.dumps([file.model_dump() for file in self.chosen])


def ids(given: Mapping[str, str]) -> list[str]:
    return given.get(FIELD, "")[:LONGEST].split()


def shown(call: Call, given: Mapping[str, str], wrong: str) -> ChosenFiles:
    """The files as far as they are ours; others are not shown, and refused when they are sent."""
    named = ids(given)
    try:
        names = call.app.uploads.names(named)
    except Invalid:
        return ChosenFiles(wrong=wrong)
    pairs = zip(named, names, strict=True)
    return ChosenFiles(chosen=tuple(ChosenFile(id=i, name=n) for i, n in pairs), wrong=wrong)


def at_fault(invalid: Invalid) -> bool:
    """Whether a form was refused for its files alone: they are too old, used, or not there."""
    fields = [str(entry["field"]) for entry in invalid.extra.get("fields", [])]
    return bool(fields) and all(name.startswith("attachments") for name in fields)
