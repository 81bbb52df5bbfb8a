"""The same files always give the same zip, and what is kept of a library is enough to run it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra import bundle
from infra.console import Failure


def tree(place: Path) -> Path:
    library = place / "library"
    for name in ("__init__.py", "deep/__init__.py", "tests/__init__.py", "deep/types.pyi"):
        (library / name).parent.mkdir(parents=True, exist_ok=True)
        (library / name).write_text("WORDS = {'b', 'a', 'c'} - frozenset(('d', 'e'))\n")
    info = place / "library-1.0.dist-info"
    (info / "licenses").mkdir(parents=True)
    (info / "licenses" / "LICENSE").write_text("MIT")
    (info / "METADATA").write_text("Name: library")
    return place


def test_the_zip_depends_on_names_and_contents_only(tmp_path: Path) -> None:
    hashes: set[str] = set()
    for run in ("one", "two"):
        place = tree(tmp_path / run)
        bundle.compile_tree(place)
        os.utime(place / "library" / "__init__.py", (len(hashes), len(hashes)))
        hashes.add(bundle.write_zip(place, tmp_path / f"{run}.zip"))
    assert len(hashes) == 1


def test_slimming_keeps_the_licence_and_drops_tests_and_stubs(tmp_path: Path) -> None:
    bundle.slim(tree(tmp_path))
    left = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    assert left == {"library/__init__.py", "library/deep/__init__.py", "licenses/library/LICENSE"}


def test_a_library_runs_from_its_byte_code_alone(tmp_path: Path) -> None:
    bundle.slim(tree(tmp_path))
    bundle.compile_tree(tmp_path, keep_source=False)
    assert not list(tmp_path.rglob("*.py"))
    command = [sys.executable, "-c", "import library.deep; print(sorted(library.deep.WORDS))"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['a', 'b', 'c']"


def test_another_chalice_than_the_pinned_one_is_refused(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("chalice==0.0.1\n")
    target = bundle.Target(architecture="arm64", host=False)
    with pytest.raises(Failure, match=r"wants chalice==0\.0\.1"):
        bundle.vendor(requirements, target, tmp_path / "cache", print)


def test_a_package_that_does_not_exist_is_named(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("./no-such-directory\n")
    target = bundle.Target(architecture="arm64", host=True)
    with pytest.raises(Failure, match="no-such-directory"):
        bundle.vendor(requirements, target, tmp_path / "cache", print)
    assert not list((tmp_path / "cache").iterdir())  # no half-made directory is left to be used


def test_a_library_that_asks_for_its_own_version_keeps_its_metadata(tmp_path: Path) -> None:
    place = tree(tmp_path)
    (place / "library-1.0.dist-info").rename(place / "holidays-1.0.dist-info")
    bundle.slim(place)
    assert (place / "holidays-1.0.dist-info" / "METADATA").is_file()
