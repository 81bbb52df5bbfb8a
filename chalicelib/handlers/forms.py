"""What a browser's form sends."""

from __future__ import annotations

from urllib.parse import parse_qs

from chalicelib.errors import Malformed
from chalicelib.handlers.http import Call

MOST_FIELDS = 100


def fields(call: Call) -> dict[str, str]:
    """The fields of a form, each once, the last of its name; raises Malformed."""
    try:
        found = parse_qs(call.text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise Malformed("the form has too many fields") from error
    return {name: values[-1] for name, values in found.items()}
