"""The names and values that a request gives to its expressions, and the paths they lead to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.simulation.aws.dynamodb.syntax import Parsed, Path, Ref
from tests.simulation.aws.dynamodb.values import Item, Value, stored
from tests.simulation.aws.errors import invalid

Place = tuple[str | int, ...]
"""A document path with every #name resolved."""


class Bindings:
    """ExpressionAttributeNames and ExpressionAttributeValues of one request."""

    def __init__(self, request: Mapping[str, Any]) -> None:
        self.names: Mapping[str, str] = request.get("ExpressionAttributeNames") or {}
        raw = request.get("ExpressionAttributeValues") or {}
        self.values = {name: stored(value) for name, value in raw.items()}
        self._used: set[str] = set()

    def use(self, parsed: Parsed[Any], kind: str) -> None:
        """Note which placeholders an expression needs; raises where one is not defined."""
        for token in parsed.used:
            known = self.names if token[0] == "#" else self.values
            if token not in known:
                what = "name" if token[0] == "#" else "value"
                raise invalid(
                    f"Invalid {kind}: An expression attribute {what} used in the document path "
                    f"is not defined; attribute {what}: {token}"
                    if what == "name"
                    else f"Invalid {kind}: An expression attribute value used in expression "
                    f"is not defined; attribute value: {token}"
                )
        self._used |= parsed.used

    def close(self) -> None:
        """Raise where a placeholder was defined but no expression uses it, as AWS does."""
        for what, known in (("Names", self.names), ("Values", self.values)):
            unused = [name for name in known if name not in self._used]
            if unused:
                raise invalid(
                    f"Value provided in ExpressionAttribute{what} unused in expressions: "
                    f"keys: {{{', '.join(unused)}}}"
                )

    def value(self, ref: Ref) -> Value:
        return self.values[ref.name]

    def place(self, path: Path) -> Place:
        if not self.names:
            return path.parts
        return tuple(
            self.names[part] if isinstance(part, str) and part[0] == "#" else part
            for part in path.parts
        )


def find(item: Item, place: Place) -> Value | None:
    """What lies at a place of an item, None where there is nothing."""
    found = item.get(place[0])  # type: ignore[arg-type]
    for part in place[1:]:
        if found is None:
            return None
        if isinstance(part, int):
            members = found.get("L")
            found = members[part] if members is not None and part < len(members) else None
        else:
            found = found.get("M", {}).get(part)
    return found


def projected(item: Item, places: list[Place]) -> Item:
    """Only what lies at the places, with the maps and lists around it."""
    wanted: dict[str | int, Any] = {}
    for place in places:
        branch = wanted
        for part in place[:-1]:
            branch = branch.setdefault(part, {})
        branch[place[-1]] = None
    result: Item = {}
    for name, branch in wanted.items():
        if name in item:
            value = _pruned(item[str(name)], branch)
            if value is not None:
                result[str(name)] = value
    return result


def _pruned(value: Value, branch: dict[str | int, Any] | None) -> Value | None:
    if branch is None:
        return value
    if "M" in value:
        kept = {
            name: part
            for name, inner in branch.items()
            if name in value["M"] and (part := _pruned(value["M"][name], inner)) is not None
        }
        return {"M": kept} if kept else None
    if "L" in value:
        members = [
            part
            for index in sorted(i for i in branch if isinstance(i, int))
            if index < len(value["L"])
            and (part := _pruned(value["L"][index], branch[index])) is not None
        ]
        return {"L": members} if members else None
    return None
