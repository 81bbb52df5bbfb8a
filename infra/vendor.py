"""Brings the browser's libraries into the project: `python -m infra.vendor FOLDER`.

FOLDER holds the packages as `npm pack` fetched them. Of each, one module file is copied into
chalicelib/web/static with its bare imports made relative, so that a browser loads it without a
build step or an import map (which a strict Content-Security-Policy refuses inline). Versions,
licences and SHA-256 digests are recorded in vendor.json, and a test holds the files against it.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.console import Failure

STATIC: Final = Path(__file__).resolve().parent.parent / "chalicelib" / "web" / "static"


@dataclass(frozen=True)
class Library:
    """One module of a package: what is taken from it, and what it is called here."""

    package: str
    version: str
    module: str
    name: str

    @property
    def archive(self) -> str:
        return f"{self.package.removeprefix('@').replace('/', '-')}-{self.version}.tgz"


LIBRARIES: Final = (
    Library("preact", "10.29.8", "dist/preact.module.js", "preact.js"),
    Library("preact", "10.29.8", "hooks/dist/hooks.module.js", "hooks.js"),
    Library("htm", "3.1.1", "dist/htm.module.js", "htm.js"),
    Library("@preact/signals", "2.11.4", "dist/signals.module.js", "signals.js"),
    Library("@preact/signals-core", "1.14.5", "dist/signals-core.module.js", "signals-core.js"),
)
BARE: Final = {
    "preact": "./preact.js",
    "preact/hooks": "./hooks.js",
    "htm": "./htm.js",
    "@preact/signals-core": "./signals-core.js",
}
IMPORT: Final = re.compile(r"""(\bfrom\s*|\bimport\s*)(["'])([^"'.][^"']*)\2""")
SOURCE_MAP: Final = re.compile(r"\n?//# sourceMappingURL=.*\n?$")


def main(arguments: list[str]) -> int:
    """The command. Exit status 1 with the reason in words."""
    if len(arguments) != 1:
        print("usage: python -m infra.vendor FOLDER", file=sys.stderr)
        return 2
    try:
        record = vendor(Path(arguments[0]), STATIC)
    except Failure as reason:
        print(f"vendor: {reason}", file=sys.stderr)
        return 1
    print(f"{len(record)} files, {sum(int(f['bytes']) for f in record.values())} bytes")
    return 0


def vendor(packages: Path, place: Path) -> dict[str, dict[str, str | int]]:
    """Copy every library into `place`; returns the content of vendor.json. Raises Failure."""
    record: dict[str, dict[str, str | int]] = {}
    licences: dict[str, str] = {}
    for library in LIBRARIES:
        text = _member(packages / library.archive, library.module)
        licences[f"{library.package} {library.version}"] = _member(
            packages / library.archive, "LICENSE"
        )
        body = relative(SOURCE_MAP.sub("\n", text))
        (place / library.name).write_text(body, encoding="utf-8")
        record[library.name] = {
            "package": library.package,
            "version": library.version,
            "bytes": len(body.encode()),
            "sha256": hashlib.sha256(body.encode()).hexdigest(),
        }
    parts = [f"{name}\n\n{text.strip()}\n" for name, text in sorted(licences.items())]
    (place / "LICENCES.txt").write_text(f"\n{'-' * 72}\n\n".join(parts), encoding="utf-8")
    (place / "vendor.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return record


def relative(text: str) -> str:
    """A module with its bare imports made relative; raises Failure for one that is not known."""

    def replaced(match: re.Match[str]) -> str:
        if match[3] not in BARE:
            raise Failure(f"a module imports {match[3]!r}, which is not among the libraries")
        return f"{match[1]}{match[2]}{BARE[match[3]]}{match[2]}"

    return IMPORT.sub(replaced, text)


def _member(archive: Path, name: str) -> str:
    try:
        with tarfile.open(archive) as packed:
            found = packed.extractfile(f"package/{name}")
            if found is None:
                raise Failure(f"{archive.name} has no file {name}")
            return found.read().decode()
    except (OSError, KeyError, tarfile.TarError) as error:
        raise Failure(f"{archive.name}: {error}") from error


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
