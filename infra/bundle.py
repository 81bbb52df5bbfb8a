"""The code of the functions: dependencies for the right machine, byte-compiled, in a stable zip.

1. `vendor` installs requirements.txt for the Lambda machine into a cached directory, once.
2. `slim` takes out what no function reads at run time or finds in the runtime, but keeps every
   licence.
3. `compile_tree` adds byte code, so that a cold start need not compile (0.82 s → 0.44 s measured).
   Of libraries only the byte code is kept, which saves a fifth of the zip; our own source stays
   beside it, so that a traceback shows our lines.
4. `write_zip` sorts and fixes the dates: the same files always give the same bytes.

Byte code is of the interpreter that runs this, which therefore has to be the one of the Lambda
runtime; Chalice chooses the runtime by the same rule.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

from infra.console import Failure, Say

# glibc of the Lambda images: Amazon Linux 2 below Python 3.12, Amazon Linux 2023 from there on.
_GLIBC_MINOR: Final = {(3, 11): 26, (3, 12): 34, (3, 13): 34, (3, 14): 34}
_WHEEL_MACHINES: Final = {"arm64": "aarch64", "x86_64": "x86_64"}
_LICENCES: Final = re.compile(r"^(licen[cs]es?|copying|notice|authors)", re.IGNORECASE)
_NEEDLESS_FOLDERS: Final = frozenset({"tests", "test", "docs", "bin", "__pycache__"})
_NEEDLESS_SUFFIXES: Final = frozenset({".pyi", ".pyx", ".c", ".h", ".typed", ".pyc"})
# Parts of libraries that nothing here uses; a test imports every module of ours from the zip.
_NEEDLESS_PARTS: Final = (
    "aws_lambda_powertools/event_handler",  # Chalice does the routing
    # Of powertools only Logger and Metrics are used; they need what is not named here.
    *(
        f"aws_lambda_powertools/utilities/{name}"
        for name in (
            "auth_alpha",
            "batch",
            "circuit_breaker",
            "data_classes",
            "data_masking",
            "feature_flags",
            "idempotency",
            "kafka",
            "parameters",
            "parser",
            "streaming",
            "validation",
        )
    ),
    "pydantic/v1",  # the old interface, imported only for classes written for it
    "holidays/financial",  # days on which stock exchanges are closed
)
_NEEDLESS_LOCALES: Final = tuple(
    f"holidays/locale/{pattern}"
    for pattern in ("[!e]*", "e[!n]*", "en_[!U]*")  # English is used
)
# These read their own metadata when they are imported.
_ASK_FOR_THEIR_VERSION: Final = ("holidays",)
# boto3 brings these along in the runtime; a library that needs them too finds them there.
_OF_THE_RUNTIME: Final = ("dateutil", "jmespath", "urllib3")
_FORMAT: Final = "7"  # raise it when slimming or compiling changes, so that no old cache is used


@dataclass(frozen=True)
class Target:
    """The machine that will run the code. `host` means this one (the local cloud)."""

    architecture: str
    host: bool

    @property
    def runtime(self) -> str:
        """The Lambda runtime: that of the running interpreter."""
        return f"python{sys.version_info[0]}.{sys.version_info[1]}"


def vendor(requirements: Path, target: Target, cache: Path, say: Say) -> Path:
    """A directory with all dependencies, slimmed and byte-compiled.

    Chalice itself is left out: `chalice package` adds the two files of it that run in Lambda,
    from the installed version, which must be the pinned one. Raises Failure when pip fails.
    """
    wanted = _without_chalice(requirements.read_text(encoding="utf-8"))
    key = hashlib.sha256(repr((_FORMAT, wanted, target, target.runtime)).encode()).hexdigest()[:16]
    place = cache / f"{target.runtime}-{target.architecture}-{key}"
    if place.is_dir():
        say(f"dependencies: cached for {target.runtime} {target.architecture}")
        return place
    say(f"dependencies: fetching for {target.runtime} {target.architecture}")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        fresh = Path(scratch) / "vendor"
        _install(wanted, fresh, target)
        slim(fresh)
        _copy_licences_of("chalice", fresh)
        compile_tree(fresh, keep_source=False)
        try:
            fresh.replace(place)
        except OSError:
            if not place.is_dir():  # else another run was faster, with the same
                raise
    return place


def _without_chalice(text: str) -> list[str]:
    lines = [line.split("#")[0].strip() for line in text.splitlines()]
    pins = dict.fromkeys(line for line in lines if line)
    installed = metadata.version("chalice")
    for pin in [pin for pin in pins if re.match(r"chalice\b", pin)]:
        if pin != f"chalice=={installed}":
            raise Failure(f"requirements.txt wants {pin} but {installed} is installed here")
        del pins[pin]
    return sorted(pins)


def _install(wanted: list[str], place: Path, target: Target) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile"]
    command += ["--disable-pip-version-check", "--no-input", "--target", str(place)]
    if not target.host:
        machine = _WHEEL_MACHINES[target.architecture]
        newest = _GLIBC_MINOR[sys.version_info[0], sys.version_info[1]]
        command += ["--only-binary=:all:", "--implementation", "cp"]
        for minor in range(newest, 16, -1):
            command += ["--platform", f"manylinux_2_{minor}_{machine}"]
        command += ["--platform", f"manylinux2014_{machine}"]
    done = subprocess.run([*command, *wanted], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failure(f"pip could not fetch the dependencies:\n{done.stderr.strip()}")


def slim(tree: Path) -> None:
    """Takes tests, stubs and metadata out of installed packages; licences go to `licenses/`."""
    for info in sorted(tree.glob("*.dist-info")):
        _keep_licences(info, tree / "licenses" / info.name.split("-")[0])
        if info.name.split("-")[0] not in _ASK_FOR_THEIR_VERSION:
            shutil.rmtree(info)
    for part in (*_NEEDLESS_PARTS, *_OF_THE_RUNTIME):
        shutil.rmtree(tree / part, ignore_errors=True)
    for locale in (found for pattern in _NEEDLESS_LOCALES for found in tree.glob(pattern)):
        shutil.rmtree(locale)
    for folder, folders, files in os.walk(tree):
        for name in _NEEDLESS_FOLDERS.intersection(folders):
            shutil.rmtree(Path(folder) / name)
            folders.remove(name)
        for name in files:
            if Path(name).suffix in _NEEDLESS_SUFFIXES:
                (Path(folder) / name).unlink()


def _keep_licences(source: Path, place: Path) -> None:
    for file in sorted(p for p in source.rglob("*") if p.is_file() and _LICENCES.match(p.name)):
        place.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place / file.name)


def _copy_licences_of(package: str, tree: Path) -> None:
    place = tree / "licenses" / package
    for file in metadata.files(package) or ():
        if _LICENCES.match(file.name):
            place.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(str(file.locate())), place / file.name)


def compile_tree(tree: Path, *, keep_source: bool = True) -> None:
    """Byte-compiles every module below `tree`; Lambda then uses it without looking at dates.

    In a process of its own with a fixed hash seed: sets in constants are written in hash order.
    Without its source a module is imported from a .pyc in its own place, not in `__pycache__`.
    """
    command = [sys.executable, "-m", "compileall", "-q", "-j", "1"]
    command += ["--invalidation-mode", "unchecked-hash", "-s", str(tree), "-p", "/var/task"]
    command += ["."] if keep_source else ["-b", "."]
    clean = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, cwd=tree, env=clean, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failure(f"byte-compiling failed:\n{done.stdout}{done.stderr}")
    if not keep_source:
        for source in tree.rglob("*.py"):
            source.unlink()


def write_zip(tree: Path, place: Path) -> str:
    """Zips `tree` reproducibly and returns the SHA-256 of the file, in hexadecimal."""
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for file in _files(tree):
            entry = zipfile.ZipInfo(file.relative_to(tree).as_posix(), (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, file.read_bytes())
    return hashlib.sha256(place.read_bytes()).hexdigest()


def _files(tree: Path) -> Iterator[Path]:
    yield from sorted(path for path in tree.rglob("*") if path.is_file())
