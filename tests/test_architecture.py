"""Who may import whom. Read from the source, so that no import inside a function is missed."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "chalicelib"
DOMAINS = [
    "access",
    "campaigns",
    "cases",
    "channels",
    "customers",
    "knowledge",
    "notifications",
    "outcomes",
    "problems",
    "promises",
    "routing",
    "trends",
    "understanding",
]
SHARED = {"base", "errors", "text"}


def modules() -> Iterator[tuple[str, set[str]]]:
    """(module, what it imports at run time); imports for type checking do not count."""
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        yield name, set(imports(ast.parse(path.read_text())))


def imports(node: ast.AST) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and getattr(child.test, "id", "") == "TYPE_CHECKING":
            continue
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and child.module:
            yield child.module
            yield from (f"{child.module}.{alias.name}" for alias in child.names)
        else:
            yield from imports(child)


MODULES = dict(modules())


def part(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


@pytest.mark.parametrize("module", MODULES)
def test_only_store_and_gateways_import_the_sdk(module: str) -> None:
    sdk = {name for name in MODULES[module] if name.split(".")[0] in ("boto3", "botocore")}
    # The event handlers name botocore's errors to tell a failed call from a bug.
    allowed = part(module) in ("store", "gateways") or module == "chalicelib.handlers.events"
    assert allowed or not sdk


@pytest.mark.parametrize("module", MODULES)
def test_only_handlers_import_chalice(module: str) -> None:
    chalice = {name for name in MODULES[module] if name.split(".")[0] == "chalice"}
    assert part(module) == "handlers" or not chalice


@pytest.mark.parametrize("module", MODULES)
def test_nothing_imports_the_app(module: str) -> None:
    assert "app" not in MODULES[module]


@pytest.mark.parametrize("module", [m for m in MODULES if part(m) in DOMAINS])
def test_a_domain_knows_no_flow_store_gateway_or_handler(module: str) -> None:
    forbidden = {"flows", "gateways", "handlers", "bootstrap", "settings", "observability"}
    if not module.endswith(".service"):
        forbidden.add("store")
    assert not {name for name in MODULES[module] if part(name) in forbidden}


@pytest.mark.parametrize("module", [m for m in MODULES if part(m) in DOMAINS])
def test_across_domains_only_models_are_imported(module: str) -> None:
    for name in MODULES[module]:
        if part(name) in DOMAINS and part(name) != part(module):
            assert name.split(".")[2:3] == ["models"] or name.count(".") == 1, name


@pytest.mark.parametrize(
    "module", [m for m in MODULES if part(m) in ("store", "gateways", "flows")]
)
def test_nothing_below_the_handlers_knows_them(module: str) -> None:
    forbidden = {"handlers", "bootstrap"}
    if part(module) != "flows":
        forbidden.add("flows")
    assert not {name for name in MODULES[module] if part(name) in forbidden}


def test_only_settings_reads_the_environment() -> None:
    readers = {m for m in MODULES if {"os.environ", "os.getenv"} & (MODULES[m] | names(m))}
    assert readers == {"chalicelib.settings"}


def names(module: str) -> set[str]:
    """Every dotted name in a module, such as os.environ."""
    path = ROOT / (module.replace(".", "/") + ".py")
    tree = ast.parse(path.read_text() if path.exists() else "")
    attributes = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    return {f"{getattr(node.value, 'id', '')}.{node.attr}" for node in attributes}


@pytest.mark.parametrize("handler", sorted(m for m in MODULES if part(m) == "handlers"))
def test_importing_a_handler_needs_neither_environment_nor_network(handler: str) -> None:
    code = f"import socket; socket.socket.connect = None; import {handler}"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
