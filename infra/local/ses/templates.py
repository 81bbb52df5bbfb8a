"""Rendering of SES templates: the part of Handlebars that SES documents. Pure.

Variables (`{{name}}`, `{{a.b}}`), comments, `#if` / `else`, `#unless`, `#each` with `this` and
`@index`. SES does not escape HTML. A variable without a value is an error: SES then publishes a
Rendering Failure event instead of a mail. Source: Amazon SES developer guide, "Advanced email
personalization".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

_TAG = re.compile(
    r"\{\{!--.*?--\}\}|\{\{!.*?\}\}|\{\{\{\s*(?P<raw>[^{}]+?)\s*\}\}\}|\{\{\s*(?P<tag>[^{}]+?)\s*\}\}",
    re.S,
)
_BLOCKS = {"if", "unless", "each"}


class RenderingError(Exception):
    """The template cannot be rendered with this data, in SES's words."""


@dataclass(frozen=True)
class Text:
    text: str


@dataclass(frozen=True)
class Variable:
    path: str


@dataclass(frozen=True)
class Block:
    kind: str
    path: str
    body: tuple[Node, ...]
    otherwise: tuple[Node, ...]


Node = Text | Variable | Block
_MISSING = object()


def render(template: str, data: Any) -> str:
    """The text of a template part; raises RenderingError."""
    tokens = list(_tokens(template))
    nodes, rest, _ = _parse(tokens, 0, "")
    if rest != len(tokens):
        raise RenderingError("A block is closed that was not opened.")
    return "".join(_emit(nodes, (data,), {}))


def _tokens(template: str) -> Iterator[tuple[str, str]]:
    at = 0
    for found in _TAG.finditer(template):
        if found.start() > at:
            yield "text", template[at : found.start()]
        at = found.end()
        tag = found["raw"] or found["tag"]
        if tag:
            yield "tag", tag
    if at < len(template):
        yield "text", template[at:]


def _parse(
    tokens: Sequence[tuple[str, str]], at: int, closing: str
) -> tuple[tuple[Node, ...], int, str]:
    """Nodes up to the end, `{{else}}` or `{{/closing}}`; where it went on; what ended it."""
    nodes: list[Node] = []
    while at < len(tokens):
        sort, value = tokens[at]
        at += 1
        if sort == "text":
            nodes.append(Text(value))
        elif value == "else" and closing:
            return tuple(nodes), at, "else"
        elif value.startswith("/"):
            if value[1:].strip() != closing:
                raise RenderingError(f"{{{{{value}}}}} closes nothing.")
            return tuple(nodes), at, "end"
        elif value.startswith("#"):
            block, at = _block(tokens, at, value[1:])
            nodes.append(block)
        else:
            nodes.append(Variable(value))
    if closing:
        raise RenderingError(f"{{{{#{closing}}}}} is not closed.")
    return tuple(nodes), at, "end"


def _block(tokens: Sequence[tuple[str, str]], at: int, tag: str) -> tuple[Block, int]:
    kind, _, path = tag.partition(" ")
    if kind not in _BLOCKS or not path.strip():
        raise RenderingError(f"{{{{#{tag}}}}} is not known.")
    body, at, ended = _parse(tokens, at, kind)
    otherwise: tuple[Node, ...] = ()
    if ended == "else":
        otherwise, at, _ = _parse(tokens, at, kind)
    return Block(kind, path.strip(), body, otherwise), at


def _emit(nodes: Sequence[Node], scopes: tuple[Any, ...], local: dict[str, Any]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, Text):
            yield node.text
        elif isinstance(node, Variable):
            yield _text(node.path, _find(node.path, scopes, local))
        elif node.kind == "each":
            yield from _each(node, scopes, local)
        else:
            true = _truth(_find(node.path, scopes, local)) == (node.kind == "if")
            yield from _emit(node.body if true else node.otherwise, scopes, local)


def _each(node: Block, scopes: tuple[Any, ...], local: dict[str, Any]) -> Iterator[str]:
    values = _find(node.path, scopes, local)
    if not isinstance(values, list) or not values:
        yield from _emit(node.otherwise, scopes, local)
        return
    for index, value in enumerate(values):
        yield from _emit(node.body, (value, *scopes), {**local, "@index": index})


def _find(path: str, scopes: tuple[Any, ...], local: dict[str, Any]) -> Any:
    if path in local:
        return local[path]
    if path in ("this", "."):
        return scopes[0]
    steps = path.removeprefix("this.").removeprefix("./").split(".")
    for scope in scopes:
        value = scope
        for step in steps:
            value = value.get(step, _MISSING) if isinstance(value, dict) else _MISSING
        if value is not _MISSING:
            return value
    return _MISSING


def _truth(value: Any) -> bool:
    return value is not _MISSING and bool(value)


def _text(path: str, value: Any) -> str:
    if value is _MISSING:
        raise RenderingError(f"Attribute '{path}' is not present in the rendering data.")
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
