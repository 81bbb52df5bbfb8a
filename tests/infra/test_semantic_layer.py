"""The semantic layer in the template: attached to those who use it, and only where it was made."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra import families, semantic
from infra.console import Failure
from infra.functions import FUNCTIONS

LAYER = families.SemanticLayer("custops-semantic-1.zip", "python3.13", "arm64")


def test_only_what_reacts_trains_and_indexes_gets_the_layer() -> None:
    resources = families.template("x", LAYER)["Resources"]
    attached = {f.name for f in FUNCTIONS if "Layers" in resources[f.logical_id]["Properties"]}
    assert attached == {"triage", "train", "index_knowledge"}
    assert resources["Triage"]["Properties"]["Layers"] == [{"Ref": families.SEMANTIC_LAYER}]
    made = resources[families.SEMANTIC_LAYER]["Properties"]
    assert made["Content"]["S3Key"] == LAYER.key


def test_a_package_without_it_has_no_trace_of_it() -> None:
    resources = families.template("x")["Resources"]
    assert families.SEMANTIC_LAYER not in resources
    assert not any("Layers" in one.get("Properties", {}) for one in resources.values())


def test_a_layer_without_a_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="make semantic"):
        semantic.fingerprint(tmp_path)
