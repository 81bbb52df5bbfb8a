"""What an UpdateExpression makes of an item.

All operands are read from the item as it was before; then the clauses are written: SET, ADD and
DELETE in turn, removals of list members last, so that no index shifts under another.
"""

from __future__ import annotations

from typing import Any

from tests.simulation.aws.dynamodb.binding import Bindings, Place, find
from tests.simulation.aws.dynamodb.syntax import (
    Action,
    Call,
    Operand,
    Path,
    Ref,
    Sum,
    parse_update,
)
from tests.simulation.aws.dynamodb.values import SETS, Item, Value, added, copied, in_order
from tests.simulation.aws.errors import invalid

KIND_NAMES = {
    "S": "STRING",
    "N": "NUMBER",
    "B": "BINARY",
    "BOOL": "BOOLEAN",
    "L": "LIST",
    "M": "MAP",
    "NULL": "NULL",
    "SS": "STRING_SET",
    "NS": "NUMBER_SET",
    "BS": "BINARY_SET",
}


class Update:
    """An update with its values, checked against the table's key and applied to one item."""

    def __init__(self, text: str, bindings: Bindings, keys: tuple[str, ...]) -> None:
        parsed = parse_update(text)
        bindings.use(parsed, "UpdateExpression")
        self.bindings = bindings
        self.actions = [(bindings.place(action.path), action) for action in parsed.tree]
        self._check_places(keys)
        for _, action in self.actions:
            self._check_operand(action)

    @property
    def only_removes(self) -> bool:
        """Such an update does not bring a missing item into being."""
        return all(action.kind in ("REMOVE", "DELETE") for _, action in self.actions)

    def touched(self) -> list[Place]:
        return [place for place, _ in self.actions]

    def apply(self, item: Item) -> Item:
        """The new item; raises ValidationException where the old one does not allow it."""
        values = [self._new_value(place, action, item) for place, action in self.actions]
        changed = dict(item)  # stored values are never changed in place: copy what will be
        for place, _ in self.actions:
            if len(place) > 1 and place[0] in changed:
                changed[str(place[0])] = copied(changed[str(place[0])])
        removals: list[Place] = []
        for (place, action), value in zip(self.actions, values, strict=True):
            if action.kind == "REMOVE" or (value is None and action.kind == "DELETE"):
                removals.append(place)
            elif value is not None:
                _write(changed, place, value)
        for place in sorted(removals, key=_last_index_first):
            _remove(changed, place)
        return changed

    def _new_value(self, place: Place, action: Action, item: Item) -> Value | None:
        if action.operand is None:
            return None
        operand = self._operand(action.operand, item)
        if operand is None:
            raise invalid(
                "The provided expression refers to an attribute that does not exist in the item"
            )
        if action.kind == "SET":
            return operand
        return _combined(action.kind, find(item, place), operand)

    def _operand(self, node: Operand, item: Item) -> Value | None:
        match node:
            case Ref():
                return self.bindings.value(node)
            case Path():
                return find(item, self.bindings.place(node))
            case Call(name="if_not_exists"):
                found = self._operand(node.arguments[0], item)
                return found if found is not None else self._operand(node.arguments[1], item)
            case Call():
                left, right = (self._operand(one, item) for one in node.arguments)
                if left is None or right is None:
                    return None
                if "L" not in left or "L" not in right:
                    raise _mistyped()
                return {"L": left["L"] + right["L"]}
            case Sum():
                one, other = self._operand(node.left, item), self._operand(node.right, item)
                if one is None or other is None:
                    return None
                if "N" not in one or "N" not in other:
                    raise _mistyped()
                return added(one, other, node.sign)

    def _check_places(self, keys: tuple[str, ...]) -> None:
        seen: list[Place] = []
        for place, _ in self.actions:
            if place[0] in keys:
                raise invalid(
                    "One or more parameter values were invalid: Cannot update attribute "
                    f"{place[0]}. This attribute is part of the key"
                )
            for other in seen:
                shared = min(len(place), len(other))
                if place[:shared] == other[:shared]:
                    raise invalid(
                        "Invalid UpdateExpression: Two document paths overlap with each other; "
                        "must remove or rewrite one of these paths; "
                        f"path one: {list(other)}, path two: {list(place)}"
                    )
            seen.append(place)

    def _check_operand(self, action: Action) -> None:
        operand = action.operand
        if action.kind in ("ADD", "DELETE") and isinstance(operand, Ref):
            kind = next(iter(self.bindings.value(operand)))
            if kind not in SETS and not (action.kind == "ADD" and kind == "N"):
                raise invalid(
                    "Invalid UpdateExpression: Incorrect operand type for operator or function; "
                    f"operator: {action.kind}, operand type: {KIND_NAMES[kind]}"
                )
        if isinstance(operand, Sum):
            self._demand(operand.left, "N", "+" if operand.sign > 0 else "-")
            self._demand(operand.right, "N", "+" if operand.sign > 0 else "-")
        if isinstance(operand, Call) and operand.name == "list_append":
            for argument in operand.arguments:
                self._demand(argument, "L", "list_append")

    def _demand(self, node: Operand, kind: str, operator: str) -> None:
        if isinstance(node, Ref) and kind not in self.bindings.value(node):
            got = next(iter(self.bindings.value(node)))
            raise invalid(
                "Invalid UpdateExpression: Incorrect operand type for operator or "
                f"function; operator or function: {operator}, operand type: {got}"
            )


def _combined(kind: str, old: Value | None, operand: Value) -> Value | None:
    """ADD to a number or set, DELETE from a set; None when nothing of the set is left."""
    ((of, content),) = operand.items()
    if old is not None and of not in old:
        raise _mistyped()
    if of == "N":
        return operand if old is None else added(old, operand)
    members = set(old[of]) if old is not None else set()
    after = members | set(content) if kind == "ADD" else members - set(content)
    return {of: in_order(of, after)} if after else None


def _write(item: Item, place: Place, value: Value) -> None:
    if len(place) == 1:
        item[str(place[0])] = value
        return
    parent, last = find(item, place[:-1]), place[-1]
    if parent is not None and isinstance(last, str) and "M" in parent:
        parent["M"][last] = value
    elif parent is not None and isinstance(last, int) and "L" in parent:
        members: list[Any] = parent["L"]
        if last < len(members):
            members[last] = value
        else:
            members.append(value)
    else:
        raise _bad_path()


def _remove(item: Item, place: Place) -> None:
    if len(place) == 1:
        item.pop(str(place[0]), None)
        return
    parent, last = find(item, place[:-1]), place[-1]
    if parent is not None and isinstance(last, str) and "M" in parent:
        parent["M"].pop(last, None)
    elif parent is not None and isinstance(last, int) and "L" in parent:
        if last < len(parent["L"]):
            del parent["L"][last]
    else:
        raise _bad_path()


def _last_index_first(place: Place) -> tuple[int, ...]:
    return tuple(-part if isinstance(part, int) else 0 for part in place)


def _mistyped() -> Exception:
    return invalid("An operand in the update expression has an incorrect data type")


def _bad_path() -> Exception:
    return invalid("The document path provided in the update expression is invalid for update")
