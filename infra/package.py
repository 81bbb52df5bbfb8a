"""Packages the application: `python -m infra.package --stage S --out DIR`.

1. Copy what ships (app.py, chalicelib, the Chalice configuration) into a build directory; give the
   configuration the size and policy of each function, and put the dependencies into `vendor`.
2. `chalice package --merge-template` makes the template and the zip.
3. Byte-compile, and zip again so that the same source gives the same bytes.
4. Name the zip after its hash, point the template at it, and lint the template.
5. With --semantic, a zip of the semantic layer, attached to the functions that use it.

DIR then holds template.json, one zip (and the layer's) and manifest.json; the template takes the
bucket's name as parameter ArtifactBucket, so the same package serves AWS and the local cloud.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from infra import bundle, families, policies
from infra import semantic as layers
from infra.bundle import Target
from infra.console import Failure, Say, progress
from infra.families import SemanticLayer
from infra.functions import FUNCTIONS, SEMANTIC_MEMORY

ROOT: Final = Path(__file__).resolve().parent.parent
LOCAL_STAGE: Final = "local"
RUNTIMES: Final = ("python3.11", "python3.12", "python3.13", "python3.14")
STAGE_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,19}")


def main(arguments: list[str] | None = None) -> int:
    """The command. Exit status 1 when packaging failed, with the reason in words."""
    parser = argparse.ArgumentParser(prog="python -m infra.package", description=__doc__)
    parser.add_argument(
        "--stage", required=True, help="name of the installation; local is this one"
    )
    parser.add_argument("--out", required=True, type=Path, help="directory for the package")
    parser.add_argument("--project", type=Path, default=ROOT, help="where app.py lies")
    parser.add_argument(
        "--semantic",
        type=Path,
        help="folder of the sentence model (infra.semantic): with its layer",
    )
    parser.add_argument("--no-lint", action="store_true", help="leave the template unchecked")
    options = parser.parse_args(arguments)
    try:
        package(
            options.project.resolve(),
            options.stage,
            options.out.resolve(),
            progress("package"),
            lint=not options.no_lint,
            semantic=options.semantic and options.semantic.resolve(),
        )
    except Failure as reason:
        print(f"package: {reason}", file=sys.stderr)
        return 1
    return 0


def package(
    project: Path,
    stage: str,
    out: Path,
    say: Say,
    *,
    lint: bool = True,
    build: Path | None = None,
    semantic: Path | None = None,
) -> dict[str, Any]:
    """Packages `project` into `out` and returns the manifest; does nothing if nothing changed.

    `build` is where the work is done, by default .build/work/<stage>. `semantic` is the folder of
    the sentence model, None for a package without the layer. Raises Failure.
    """
    _check(project, stage)
    target = _target(stage)
    inputs = _fingerprint(project, stage, target) + (
        layers.fingerprint(semantic) if semantic else ""
    )
    if known := _unchanged(out, inputs, lint=lint):
        say("nothing changed since the last package")
        return known
    work = build or project / ".build" / "work" / stage
    out.mkdir(parents=True, exist_ok=True)
    layer = _layer(project, target, out, semantic, say)
    source = _lay_out(project, stage, target, work, layer, say)
    say("chalice package")
    template = _chalice_package(source, stage, work / "chalice")
    say("byte-compiling and zipping")
    # Without a manifest the package cannot be deployed, should what follows fail.
    (out / "manifest.json").unlink(missing_ok=True)
    archive = _repack(work / "chalice" / "deployment.zip", work / "code", out)
    _point_at(template, archive.name)
    (out / "template.json").write_text(json.dumps(template, indent=1), encoding="utf-8")
    if lint:
        say("linting the template")
        lint_template(out / "template.json")
    manifest = _manifest(stage, target, archive) | {"inputs": inputs, "linted": lint}
    manifest["layer"] = layer.key if layer else None
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    _report(template, manifest, say)
    return manifest


def _check(project: Path, stage: str) -> None:
    if not STAGE_NAME.fullmatch(stage):
        raise Failure(f"{stage!r}: a stage is a short word of a-z, 0-9 and -, beginning with a-z")
    for needed in ("app.py", "requirements.txt"):
        if not (project / needed).is_file():
            raise Failure(f"{project} has no {needed}")


def _manifest(stage: str, target: Target, archive: Path) -> dict[str, Any]:
    return {
        "stage": stage,
        "runtime": target.runtime,
        "architecture": target.architecture,
        "zip": archive.name,
        "bytes": archive.stat().st_size,
    }


def _target(stage: str) -> Target:
    """Graviton on AWS; for the local cloud this machine, whatever it is."""
    machine = {"aarch64": "arm64", "amd64": "x86_64"}.get(
        platform.machine().lower(), platform.machine().lower()
    )
    local = stage == LOCAL_STAGE
    target = Target(architecture=machine if local else "arm64", host=local)
    if target.runtime not in RUNTIMES:
        raise Failure(
            f"this is {target.runtime}, and the zip is for the interpreter that packages it; "
            f"use one that Lambda runs: {', '.join(RUNTIMES)}"
        )
    return target


def _layer(
    project: Path, target: Target, out: Path, semantic: Path | None, say: Say
) -> SemanticLayer | None:
    if semantic is None:
        return None
    archive = layers.layer(semantic, target, project / ".build" / "vendor", out, say)
    say(f"{archive.name}: {archive.stat().st_size / 1e6:.2f} MB")
    return SemanticLayer(archive.name, target.runtime, target.architecture)


def _fingerprint(project: Path, stage: str, target: Target) -> str:
    digest = hashlib.sha256(repr((stage, target, target.runtime)).encode())
    for file in [*_shipped(project), project / "requirements.txt", *_own_sources()]:
        digest.update(f"{file.name}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _shipped(project: Path) -> Iterable[Path]:
    """app.py, everything of chalicelib but byte code and hidden files, and the configuration."""
    yield project / "app.py"
    yield project / ".chalice" / "config.json"
    for file in sorted((project / "chalicelib").rglob("*")):
        parts = file.relative_to(project).parts
        hidden = any(part.startswith(".") or part == "__pycache__" for part in parts)
        if file.is_file() and not hidden:
            yield file


def _own_sources() -> list[Path]:
    here = Path(__file__).parent
    return sorted([*here.glob("*.py"), *here.glob("*.yaml")])


def _unchanged(out: Path, inputs: str, *, lint: bool) -> dict[str, Any] | None:
    manifest_file = out / "manifest.json"
    if not manifest_file.is_file() or not (out / "template.json").is_file():
        return None
    manifest: dict[str, Any] = json.loads(manifest_file.read_text(encoding="utf-8"))
    same = manifest["inputs"] == inputs and (out / str(manifest["zip"])).is_file()
    return manifest if same and (manifest["linted"] or not lint) else None


def _lay_out(
    project: Path, stage: str, target: Target, build: Path, layer: SemanticLayer | None, say: Say
) -> Path:
    """The directory that Chalice packages."""
    source = build / "project"
    shutil.rmtree(source, ignore_errors=True)
    for file in _shipped(project):
        copy = source / file.relative_to(project)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
    # The dependencies come by `vendor`: Chalice would fetch them again at each change of the code.
    (source / "requirements.txt").touch()
    libraries = bundle.vendor(
        project / "requirements.txt", target, project / ".build" / "vendor", say
    )
    (source / "vendor").symlink_to(libraries, target_is_directory=True)
    _configure(source / ".chalice", stage, target, layer is not None)
    merge = source / ".chalice" / "merge.json"
    merge.write_text(json.dumps(families.template(stage, layer)), encoding="utf-8")
    return source


def _configure(folder: Path, stage: str, target: Target, layered: bool) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["lambda_architecture"] = target.architecture
    config["tags"] = {"application": "custops", "stage": stage}
    config["lambda_functions"] = {}
    for function in FUNCTIONS:
        policy_file = f"policy-{function.name}.json"
        policy = policies.document(function.log_group, function.rights)
        (folder / policy_file).write_text(json.dumps(policy), encoding="utf-8")
        config["lambda_functions"][function.name] = {
            "lambda_memory_size": max(
                function.memory, SEMANTIC_MEMORY if layered and function.semantic else 0
            ),
            "lambda_timeout": function.timeout,
            "iam_policy_file": policy_file,
        }
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")


def _chalice_package(source: Path, stage: str, out: Path) -> dict[str, Any]:
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-c", "from chalice.cli import main; main()", "package"]
    command += ["--stage", stage, "--pkg-format", "cloudformation", "--template-format", "json"]
    command += ["--merge-template", ".chalice/merge.json", str(out)]
    # Chalice wants a region; the template is the same for all.
    environment = {**os.environ, "AWS_DEFAULT_REGION": "us-east-1", "PYTHONHASHSEED": "0"}
    environment["PYTHONPATH"] = str(source)
    done = subprocess.run(
        command, cwd=source, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Failure(f"chalice package failed:\n{done.stdout}{done.stderr}")
    template: dict[str, Any] = json.loads((out / "sam.json").read_text(encoding="utf-8"))
    _check_functions(template)
    return template


def _check_functions(template: dict[str, Any]) -> None:
    """Refuses an app whose functions are not those of the table, one way or the other."""
    made = {
        logical_id
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function" and "Handler" in resource["Properties"]
    }
    known = {function.logical_id for function in FUNCTIONS}
    if missing := known - made:
        raise Failure(f"app.py registers no {', '.join(sorted(missing))} (infra/functions.py)")
    if unknown := made - known:
        raise Failure(f"infra/functions.py has no row for {', '.join(sorted(unknown))}")


def _repack(archive: Path, tree: Path, out: Path) -> Path:
    shutil.rmtree(tree, ignore_errors=True)
    with zipfile.ZipFile(archive) as made:
        made.extractall(tree)
    bundle.compile_tree(tree)
    fresh = out / "fresh.zip"
    digest = bundle.write_zip(tree, fresh)
    for old in out.glob("custops-*.zip"):
        if not old.name.startswith(layers.ZIP):
            old.unlink()
    return fresh.replace(out / f"custops-{digest[:20]}.zip")


def _point_at(template: dict[str, Any], key: str) -> None:
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {"Bucket": {"Ref": "ArtifactBucket"}, "Key": key}


def lint_template(template: Path) -> None:
    """Raises Failure with all that cfn-lint has to say; a warning counts as an error."""
    command = [
        sys.executable,
        "-c",
        "import sys; from cfnlint.runner import main; sys.exit(main())",
    ]
    command += ["--regions", "us-east-1", "--format", "parseable"]
    done = subprocess.run(
        [*command, "--template", str(template)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Failure(f"the template is not valid:\n{done.stdout}{done.stderr}")


def _report(template: dict[str, Any], manifest: dict[str, Any], say: Say) -> None:
    say(f"{'function':<18}{'memory':>7}{'time-out':>9}  handler")
    for function in FUNCTIONS:
        properties = template["Resources"][function.logical_id]["Properties"]
        say(
            f"{function.logical_id:<18}{properties['MemorySize']:>4} MB"
            f"{properties['Timeout']:>7} s  {properties['Handler']}"
        )
    say(
        f"{manifest['zip']}: {manifest['bytes'] / 1e6:.2f} MB, "
        f"{manifest['runtime']} {manifest['architecture']}"
    )


if __name__ == "__main__":
    sys.exit(main())
