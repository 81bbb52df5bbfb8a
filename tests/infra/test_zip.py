"""What ships to Lambda: small, quick to import, complete."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from infra.functions import FUNCTIONS

MEGABYTE = 1_000_000
UNCHECKED_HASH = 1  # PEP 552: flags of a .pyc that is never compared with its source


@pytest.fixture(scope="module")
def entries(packaged: Any) -> dict[str, zipfile.ZipInfo]:
    with zipfile.ZipFile(packaged.archive) as archive:
        return {entry.filename: entry for entry in archive.infolist()}


def test_every_module_is_byte_compiled(entries: dict[str, zipfile.ZipInfo], packaged: Any) -> None:
    tag = sys.implementation.cache_tag
    for name in [name for name in entries if name.endswith(".py")]:
        folder, _, module = name.rpartition("/")
        cached = f"{folder}/__pycache__/{module[:-3]}.{tag}.pyc".lstrip("/")
        assert cached in entries
    assert f"__pycache__/app.{tag}.pyc" in entries
    with zipfile.ZipFile(packaged.archive) as archive:
        flags = archive.read(f"__pycache__/app.{tag}.pyc")[4:8]
    assert int.from_bytes(flags, "little") == UNCHECKED_HASH


def test_nothing_ships_that_no_function_reads(entries: dict[str, zipfile.ZipInfo]) -> None:
    tops = {name.split("/")[0] for name in entries}
    assert not tops & {"boto3", "botocore", "pip", "setuptools", "click", "infra", "tests"}
    needless = [name for name in entries if ".dist-info/" in name or "/tests/" in name]
    # The holidays library asks for its own version when it is imported.
    assert not [name for name in needless if not name.startswith("holidays-")]


def test_the_libraries_stay_below_eight_megabytes(entries: dict[str, zipfile.ZipInfo]) -> None:
    theirs = [e for name, e in entries.items() if not name.startswith("chalicelib/")]
    assert sum(entry.compress_size for entry in theirs) < 8 * MEGABYTE


def test_every_library_brings_its_licence(entries: dict[str, zipfile.ZipInfo]) -> None:
    for library in (
        "aws_lambda_powertools",
        "chalice",
        "nh3",
        "phonenumberslite",
        "pydantic",
        "jinja2",
        "holidays",
    ):
        assert [name for name in entries if name.startswith(f"licenses/{library}/")], library


def test_the_order_and_dates_are_fixed(entries: dict[str, zipfile.ZipInfo]) -> None:
    assert list(entries) == sorted(entries, key=lambda name: name.split("/"))
    assert {entry.date_time for entry in entries.values()} == {(1980, 1, 1, 0, 0, 0)}


def test_every_handler_is_imported_from_the_zip_alone(packaged: Any, tmp_path: Path) -> None:
    """Also what was taken out of the libraries: an import of it by our code fails here."""
    with zipfile.ZipFile(packaged.archive) as archive:
        archive.extractall(tmp_path / "task")
    functions = packaged.of_type("AWS::Serverless::Function")
    handlers = [functions[function.logical_id]["Handler"] for function in FUNCTIONS]
    done = subprocess.run(
        [sys.executable, "-S", "-c", _IMPORTS, str(tmp_path / "task"), *handlers],
        capture_output=True,
        text=True,
        check=False,
        env={},
    )
    assert done.returncode == 0, done.stderr


# Without site-packages (-S) but for boto3 and what it stands on, which the Lambda runtime brings.
_IMPORTS = """
import sys, importlib, importlib.util, pathlib, sysconfig
task = pathlib.Path(sys.argv[1])
RUNTIME = {"boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six"}
class Runtime:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] not in RUNTIME:
            return None
        site = path or [sysconfig.get_path("purelib")]
        return importlib.machinery.PathFinder.find_spec(name, site)
sys.path.insert(0, str(task))
sys.meta_path.append(Runtime())
for handler in sys.argv[2:]:
    module, _, name = handler.rpartition(".")
    assert callable(getattr(importlib.import_module(module), name)), handler
for source in sorted((task / "chalicelib").rglob("*.py")):
    parts = source.relative_to(task).with_suffix("").parts
    importlib.import_module(".".join(p for p in parts if p != "__init__"))
"""
