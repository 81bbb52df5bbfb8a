"""When packaging refuses, and when there is nothing to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from infra import families, package
from infra.console import Failure
from infra.functions import FUNCTIONS


def test_aws_gets_graviton_and_the_local_cloud_this_machine() -> None:
    assert package._target("prod").architecture == "arm64"
    assert not package._target("prod").host
    assert package._target(package.LOCAL_STAGE).host


@pytest.mark.parametrize("stage", ["Prod", "a_b", "", "1st", "x" * 21])
def test_a_stage_is_a_short_plain_word(stage: str, tmp_path: Path) -> None:
    with pytest.raises(Failure, match="stage"):
        package.package(tmp_path, stage, tmp_path / "out", print)


def test_an_unchanged_source_is_not_packaged_again(packaged: Any) -> None:
    told: list[str] = []
    build = packaged.folder.parent / "build"
    again = package.package(
        package.ROOT, package.LOCAL_STAGE, packaged.folder, told.append, build=build
    )
    assert again == packaged.manifest
    assert told == ["nothing changed since the last package"]


def test_an_app_without_one_of_the_functions_is_refused() -> None:
    resources = {
        f.logical_id: {"Type": "AWS::Serverless::Function", "Properties": {"Handler": "a.b"}}
        for f in FUNCTIONS
    }
    package._check_functions({"Resources": resources})
    sweep = resources.pop("Sweep")
    with pytest.raises(Failure, match="no Sweep"):
        package._check_functions({"Resources": resources})
    with pytest.raises(Failure, match="no row for Broom"):
        package._check_functions({"Resources": resources | {"Sweep": sweep, "Broom": sweep}})


def test_a_wrong_template_does_not_pass_the_lint(tmp_path: Path) -> None:
    bad = tmp_path / "template.json"
    bad.write_text('{"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"Colour": 1}}}}')
    with pytest.raises(Failure, match="Colour"):
        package.lint_template(bad)


def test_two_resources_of_one_name_do_not_melt_into_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = families.RESOURCES_FILE.read_text("utf-8")
    clash = tmp_path / "resources.yaml"
    clash.write_text(text.replace("  Bucket:\n    Type", "  MailQueue:\n    Type", 1), "utf-8")
    monkeypatch.setattr(families, "RESOURCES_FILE", clash)
    with pytest.raises(ValueError, match="MailQueue"):
        families.template("prod")
