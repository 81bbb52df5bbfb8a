"""Reads CloudFormation YAML: `!Sub x` becomes `{"Fn::Sub": "x"}`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]


def load(path: Path) -> dict[str, Any]:
    """The file as plain dictionaries and lists, short intrinsics written out."""
    document = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    if not isinstance(document, dict):
        raise ValueError(f"{path} holds no mapping")
    return document


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """Safe: it builds nothing but dictionaries, lists and scalars."""


def _intrinsic(loader: Any, tag: str, node: Any) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if tag == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {tag if tag in ("Ref", "Condition") else f"Fn::{tag}": value}


_Loader.add_multi_constructor("!", _intrinsic)
