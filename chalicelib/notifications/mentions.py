"""Who is called upon in a note: `@ann.lee`, or the whole address where two are called so. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection

NAME = re.compile(
    r"(?<![\w@.+-])@([a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*(?:@[a-z0-9-]+(?:\.[a-z0-9-]+)+)?)"
)


def mentioned(text: str, known: Collection[str]) -> tuple[str, ...]:
    """Addresses of those of `known` (in lower case) whom a text names, in its order, each once.

    What stands before the @ of an address is a name as long as only one of them has it.
    """
    by_name: dict[str, list[str]] = {}
    for email in known:
        by_name.setdefault(email.partition("@")[0], []).append(email)
    found: dict[str, None] = {}
    for match in NAME.finditer(text.lower()):
        name = match[1]
        one = [name] if name in known else by_name.get(name, [])
        if len(one) == 1:
            found[one[0]] = None
    return tuple(found)
