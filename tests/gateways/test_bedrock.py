"""Wording by Amazon Bedrock, held against the SDK's own description of that API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from chalicelib.errors import WordingFailed
from chalicelib.gateways.bedrock import BedrockWorder

ANSWER: dict[str, Any] = {
    "output": {"message": {"role": "assistant", "content": [{"text": "It is so [1]."}]}},
    "stopReason": "end_turn",
    "usage": {"inputTokens": 120, "outputTokens": 9, "totalTokens": 129},
    "metrics": {"latencyMs": 400},
}


@pytest.fixture
def stub() -> Iterator[tuple[BedrockWorder, Stubber]]:
    """A client whose requests and answers are checked by botocore's model of the service."""
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    client = boto3.client("bedrock-runtime", region_name="us-east-1", **keys)
    with Stubber(client) as stubber:
        yield BedrockWorder(client), stubber


def converse(worder: BedrockWorder) -> Any:
    return worder.converse(model="example.model-v1:0", system="Be brief.", text="?", most_tokens=50)


def test_it_asks_once_and_tells_what_it_took(stub: tuple[BedrockWorder, Stubber]) -> None:
    worder, stubber = stub
    asked = {
        "modelId": "example.model-v1:0",
        "system": [{"text": "Be brief."}],
        "messages": [{"role": "user", "content": [{"text": "?"}]}],
        "inferenceConfig": {"maxTokens": 50, "temperature": 0.0},
    }
    stubber.add_response("converse", ANSWER, asked)
    said = converse(worder)
    assert (said.text, said.complete) == ("It is so [1].", True)
    assert (said.tokens_in, said.tokens_out) == (120, 9)


def test_an_answer_that_was_cut_off_is_known(stub: tuple[BedrockWorder, Stubber]) -> None:
    worder, stubber = stub
    stubber.add_response("converse", {**ANSWER, "stopReason": "max_tokens"}, None)
    assert not converse(worder).complete


@pytest.mark.parametrize(
    "code",
    [
        "ThrottlingException",
        "AccessDeniedException",
        "ModelTimeoutException",
        "ValidationException",
    ],
)
def test_whatever_fails_is_one_named_error(stub: tuple[BedrockWorder, Stubber], code: str) -> None:
    worder, stubber = stub
    parameters = dict.fromkeys(("modelId", "system", "messages", "inferenceConfig"), ANY)
    stubber.add_client_error("converse", code, expected_params=parameters)
    with pytest.raises(WordingFailed, match=code):
        converse(worder)
