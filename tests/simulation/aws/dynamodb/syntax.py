"""The expression language: from text to a tree, by tokens and recursive descent.

Grammar (AWS: DynamoDB developer guide, "Condition and filter expressions" and "Update
expressions"). Every parser here is cached by its text: names and values are bound later.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path as File
from typing import Generic, TypeVar

from tests.simulation.aws.errors import AwsError, invalid

RESERVED = frozenset((File(__file__).parent / "reserved_words.txt").read_text().split())
COMPARATORS = ("=", "<>", "<", "<=", ">", ">=")
CONDITION_FUNCTIONS = {
    "attribute_exists": 1,
    "attribute_not_exists": 1,
    "attribute_type": 2,
    "begins_with": 2,
    "contains": 2,
    "size": 1,
}
_TOKEN = re.compile(r"\s*(?:(<>|<=|>=|[=<>()\[\],.+-])|([#:]?[A-Za-z0-9_]+))")


@dataclass(frozen=True, slots=True)
class Path:
    """A document path: attribute names, "#refs" and list indexes."""

    parts: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Ref:
    """A :value."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function; which ones are allowed depends on where it stands."""

    name: str
    arguments: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Sum:
    left: Operand
    right: Operand
    sign: int


Operand = Path | Ref | Call | Sum


@dataclass(frozen=True, slots=True)
class Compare:
    operator: str
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class Between:
    value: Operand
    low: Operand
    high: Operand


@dataclass(frozen=True, slots=True)
class In:
    value: Operand
    options: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Not:
    inner: Condition


@dataclass(frozen=True, slots=True)
class Both:
    left: Condition
    right: Condition


@dataclass(frozen=True, slots=True)
class Either:
    left: Condition
    right: Condition


Condition = Compare | Between | In | Not | Both | Either | Call


@dataclass(frozen=True, slots=True)
class Action:
    """One clause of an update; REMOVE has no operand."""

    kind: str
    path: Path
    operand: Operand | None


Tree = TypeVar("Tree")


@dataclass(frozen=True)
class Parsed(Generic[Tree]):
    """A tree and the #names and :values that its text uses."""

    tree: Tree
    used: frozenset[str]


class Parser:
    """Reads one expression. `kind` is how AWS calls it in messages: ConditionExpression, …"""

    def __init__(self, text: str, kind: str) -> None:
        self.kind = kind
        self.tokens = self._tokens(text)
        self.at = 0
        self.used = frozenset(t for t in self.tokens if t[0] in "#:")

    def condition(self) -> Condition:
        left = self._conjunction()
        while self._word("OR"):
            left = Either(left, self._conjunction())
        return left

    def update(self) -> tuple[Action, ...]:
        actions: list[Action] = []
        seen: set[str] = set()
        while self.at < len(self.tokens):
            section = self._next().upper()
            if section not in ("SET", "REMOVE", "ADD", "DELETE"):
                raise self._wrong("Syntax error; token: " + section)
            if section in seen:
                raise self._wrong(
                    f'The "{section}" section can only be used once in an update expression;'
                )
            seen.add(section)
            actions.append(self._action(section))
            while self._take(","):
                actions.append(self._action(section))
        return tuple(actions)

    def paths(self) -> tuple[Path, ...]:
        found = [self._path()]
        while self._take(","):
            found.append(self._path())
        return tuple(found)

    def end(self) -> None:
        if self.at < len(self.tokens):
            raise self._wrong(f'Syntax error; token: "{self.tokens[self.at]}"')

    def _conjunction(self) -> Condition:
        left = self._negation()
        while self._word("AND"):
            left = Both(left, self._negation())
        return left

    def _negation(self) -> Condition:
        if self._word("NOT"):
            return Not(self._negation())
        if self._take("("):
            inner = self.condition()
            self._expect(")")
            return inner
        return self._predicate()

    def _predicate(self) -> Condition:
        left = self._operand(CONDITION_FUNCTIONS)
        token = self._peek()
        if token in COMPARATORS:
            self.at += 1
            return Compare(token, left, self._operand(CONDITION_FUNCTIONS))
        if self._word("BETWEEN"):
            low = self._operand(CONDITION_FUNCTIONS)
            if not self._word("AND"):
                raise self._wrong("Syntax error; BETWEEN without AND")
            return Between(left, low, self._operand(CONDITION_FUNCTIONS))
        if self._word("IN"):
            return In(left, self._options())
        if isinstance(left, Call) and left.name != "size":
            return left
        raise self._wrong(f'Syntax error; token: "{token or "<EOF>"}"')

    def _options(self) -> tuple[Operand, ...]:
        self._expect("(")
        options = [self._operand(CONDITION_FUNCTIONS)]
        while self._take(","):
            options.append(self._operand(CONDITION_FUNCTIONS))
        self._expect(")")
        if len(options) > 100:
            raise self._wrong("The IN operator is provided with too many operands")
        return tuple(options)

    def _action(self, section: str) -> Action:
        path = self._path()
        if section == "REMOVE":
            return Action(section, path, None)
        if section == "SET":
            self._expect("=")
            return Action(section, path, self._assigned())
        token = self._next()
        if not token.startswith(":"):
            raise self._wrong(f'Syntax error; token: "{token}"')
        return Action(section, path, Ref(token))

    def _assigned(self) -> Operand:
        left = self._operand({"if_not_exists": 2, "list_append": 2})
        for token, sign in (("+", 1), ("-", -1)):
            if self._take(token):
                return Sum(left, self._operand({"if_not_exists": 2, "list_append": 2}), sign)
        return left

    def _operand(self, functions: dict[str, int]) -> Operand:
        token = self._peek()
        if token.startswith(":"):
            self.at += 1
            return Ref(token)
        following = self.tokens[self.at + 1] if self.at + 1 < len(self.tokens) else ""
        if following != "(" or token in ("(", ")"):
            return self._path()
        if token not in functions:
            raise self._wrong(f"Invalid function name; function: {token}")
        self.at += 2
        arguments = [self._operand(functions)]
        while self._take(","):
            arguments.append(self._operand(functions))
        self._expect(")")
        if len(arguments) != functions[token]:
            raise self._wrong(
                "Incorrect number of operands for operator or function; operator "
                f"or function: {token}, number of operands: {len(arguments)}"
            )
        if token not in ("list_append",) and not isinstance(arguments[0], Path):
            raise self._wrong(
                f"Operator or function requires a document path; operator or function: {token}"
            )
        return Call(token, tuple(arguments))

    def _path(self) -> Path:
        parts: list[str | int] = [self._name()]
        while True:
            if self._take("."):
                parts.append(self._name())
            elif self._take("["):
                index = self._next()
                if not index.isdigit():
                    raise self._wrong(f'Syntax error; token: "{index}"')
                parts.append(int(index))
                self._expect("]")
            else:
                return Path(tuple(parts))

    def _name(self) -> str:
        token = self._next()
        if token[0] == "#":
            return token
        if not (token[0].isalpha() or token[0] == "_"):
            raise self._wrong(f'Syntax error; token: "{token}"')
        if token.upper() in RESERVED:
            raise self._wrong(f"Attribute name is a reserved keyword; reserved keyword: {token}")
        return token

    def _tokens(self, text: str) -> list[str]:
        found: list[str] = []
        position, end = 0, len(text.rstrip())
        if not end:
            raise self._wrong("The expression can not be empty;")
        while position < end:
            match = _TOKEN.match(text, position)
            if match is None:
                raise self._wrong(f'Syntax error; token: "{text[position:].strip()[:1]}"')
            found.append(match.group(1) or match.group(2))
            position = match.end()
        return found

    def _peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        if not token:
            raise self._wrong('Syntax error; token: "<EOF>"')
        self.at += 1
        return token

    def _take(self, token: str) -> bool:
        if self._peek() != token:
            return False
        self.at += 1
        return True

    def _word(self, word: str) -> bool:
        if self._peek().upper() != word:
            return False
        self.at += 1
        return True

    def _expect(self, token: str) -> None:
        if not self._take(token):
            raise self._wrong(f'Syntax error; token: "{self._peek() or "<EOF>"}"')

    def _wrong(self, why: str) -> AwsError:
        return invalid(f"Invalid {self.kind}: {why}")


@lru_cache(maxsize=4096)
def parse_condition(text: str, kind: str) -> Parsed[Condition]:
    parser = Parser(text, kind)
    tree = parser.condition()
    parser.end()
    return Parsed(tree, parser.used)


@lru_cache(maxsize=4096)
def parse_update(text: str) -> Parsed[tuple[Action, ...]]:
    parser = Parser(text, "UpdateExpression")
    return Parsed(parser.update(), parser.used)


@lru_cache(maxsize=1024)
def parse_projection(text: str) -> Parsed[tuple[Path, ...]]:
    parser = Parser(text, "ProjectionExpression")
    tree = parser.paths()
    parser.end()
    return Parsed(tree, parser.used)
