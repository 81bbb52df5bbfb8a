"""Does a condition hold for an item?

Types are checked in two steps, as AWS does: what the request itself shows to be wrong (a number
given to begins_with) is a ValidationException; what only the item shows makes the predicate false.
"""

from __future__ import annotations

from tests.simulation.aws.dynamodb.binding import Bindings, find
from tests.simulation.aws.dynamodb.syntax import (
    Between,
    Both,
    Call,
    Compare,
    Condition,
    Either,
    In,
    Not,
    Operand,
    Path,
    Ref,
    Sum,
    parse_condition,
)
from tests.simulation.aws.dynamodb.values import SETS, Item, Value, sort_value
from tests.simulation.aws.errors import AwsError, invalid

ORDERED = ("S", "N", "B")
KINDS = ("S", "N", "B", "SS", "NS", "BS", "BOOL", "NULL", "L", "M")


class Test:
    """A condition with its values, checked once and applicable to many items."""

    __test__ = False  # its name is no invitation to pytest

    def __init__(self, text: str, kind: str, bindings: Bindings) -> None:
        parsed = parse_condition(text, kind)
        bindings.use(parsed, kind)
        self.tree = parsed.tree
        self.kind = kind
        self.bindings = bindings
        self._check(self.tree)

    def holds(self, item: Item) -> bool:
        return self._holds(self.tree, item)

    def _holds(self, node: Condition, item: Item) -> bool:
        match node:
            case Both():
                return self._holds(node.left, item) and self._holds(node.right, item)
            case Either():
                return self._holds(node.left, item) or self._holds(node.right, item)
            case Not():
                return not self._holds(node.inner, item)
            case Compare():
                return compare(
                    node.operator, self.operand(node.left, item), self.operand(node.right, item)
                )
            case Between():
                value = self.operand(node.value, item)
                return compare(">=", value, self.operand(node.low, item)) and compare(
                    "<=", value, self.operand(node.high, item)
                )
            case In():
                value = self.operand(node.value, item)
                return any(compare("=", value, self.operand(one, item)) for one in node.options)
            case Call():
                return self._function(node, item)

    def operand(self, node: Operand, item: Item) -> Value | None:
        if isinstance(node, Ref):
            return self.bindings.value(node)
        if isinstance(node, Path):
            return find(item, self.bindings.place(node))
        if isinstance(node, Call) and node.name == "size":
            return size(self.operand(node.arguments[0], item))
        raise invalid(f"Invalid {self.kind}: The function is not allowed to be used this way")

    def _function(self, node: Call, item: Item) -> bool:
        first = self.operand(node.arguments[0], item)
        if node.name == "attribute_exists":
            return first is not None
        if node.name == "attribute_not_exists":
            return first is None
        second = self.operand(node.arguments[1], item)
        if first is None or second is None:
            return False
        if node.name == "attribute_type":
            return second["S"] in first
        if node.name == "begins_with":
            return begins_with(first, second)
        return contains(first, second)

    def _check(self, node: Condition) -> None:
        match node:
            case Both() | Either():
                self._check(node.left)
                self._check(node.right)
            case Not():
                self._check(node.inner)
            case Compare():
                if node.operator not in ("=", "<>"):
                    for side in (node.left, node.right):
                        self._demand(side, ORDERED, node.operator)
                self._distinct(node.left, node.right, node.operator)
            case Between():
                for side in (node.value, node.low, node.high):
                    self._demand(side, ORDERED, "BETWEEN")
                self._bounds(node)
            case Call():
                self._check_function(node)
            case In():
                pass

    def _check_function(self, node: Call) -> None:
        if node.name == "begins_with":
            self._demand(node.arguments[1], ("S", "B"), node.name)
        if node.name == "contains":
            self._distinct(node.arguments[0], node.arguments[1], node.name)
        if node.name == "attribute_type":
            self._demand(node.arguments[1], ("S",), node.name)
            wanted = node.arguments[1]
            if isinstance(wanted, Ref) and self.bindings.value(wanted).get("S") not in KINDS:
                raise invalid(
                    f"Invalid {self.kind}: Invalid attribute type name found; "
                    f"type: {self.bindings.value(wanted).get('S')}"
                )

    def _demand(self, node: Operand, kinds: tuple[str, ...], operator: str) -> None:
        if isinstance(node, Ref):
            kind = next(iter(self.bindings.value(node)))
            if kind not in kinds:
                raise self._mistyped(operator, kind)
        if isinstance(node, Sum):
            raise self._mistyped(operator, "N")

    def _mistyped(self, operator: str, kind: str) -> AwsError:
        return invalid(
            f"Invalid {self.kind}: Incorrect operand type for operator or function; "
            f"operator or function: {operator}, operand type: {kind}"
        )

    def _distinct(self, left: Operand, right: Operand, operator: str) -> None:
        if isinstance(left, Path) and left == right:
            raise invalid(
                f"Invalid {self.kind}: The first operand must be distinct from the "
                f"remaining operands for this operator or function; operator: {operator}"
            )

    def _bounds(self, node: Between) -> None:
        if not (isinstance(node.low, Ref) and isinstance(node.high, Ref)):
            return
        low, high = self.bindings.value(node.low), self.bindings.value(node.high)
        if next(iter(low)) != next(iter(high)):
            raise invalid(
                f"Invalid {self.kind}: The BETWEEN operator requires same data type for "
                "lower and upper bounds"
            )
        if sort_value(low) > sort_value(high):
            raise invalid(
                f"Invalid {self.kind}: The BETWEEN operator requires upper bound to be "
                "greater than or equal to lower bound"
            )


def compare(operator: str, left: Value | None, right: Value | None) -> bool:
    """A comparison; a missing side makes all of them false but <>."""
    if operator == "=":
        return left is not None and left == right
    if operator == "<>":
        return left is None or left != right
    if left is None or right is None:
        return False
    kind = next(iter(left))
    if kind not in ORDERED or kind not in right:
        return False
    one, other = sort_value(left), sort_value(right)
    if operator == "<":
        return bool(one < other)
    if operator == "<=":
        return bool(one <= other)
    return bool(one > other) if operator == ">" else bool(one >= other)


def begins_with(value: Value, prefix: Value) -> bool:
    kind = next(iter(value))
    return kind in ("S", "B") and kind in prefix and bool(value[kind].startswith(prefix[kind]))


def contains(value: Value, part: Value) -> bool:
    """A substring of a string or binary, a member of a set or of a list."""
    ((kind, content),) = value.items()
    if kind in ("S", "B"):
        return kind in part and part[kind] in content
    if kind == "L":
        return part in content
    return kind in SETS and SETS[kind] in part and part[SETS[kind]] in content


def size(value: Value | None) -> Value | None:
    """Length of a string or binary, number of members of a set, list or map; else nothing."""
    if value is None:
        return None
    ((kind, content),) = value.items()
    return None if kind in ("N", "BOOL", "NULL") else {"N": str(len(content))}
