"""A model of Amazon Bedrock words a text: one Converse call, short and without a second try.

Source: Amazon Bedrock Runtime API reference, Converse.
"""

from __future__ import annotations

from typing import Any

from chalicelib.errors import WordingFailed
from chalicelib.ports import Spoken

COMPLETE = frozenset({"end_turn", "stop_sequence"})


class BedrockWorder:
    """See ports.Worder."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def converse(self, *, model: str, system: str, text: str, most_tokens: int) -> Spoken:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer = self._client.converse(
                modelId=model,
                system=[{"text": system}],
                messages=[{"role": "user", "content": [{"text": text}]}],
                inferenceConfig={"maxTokens": most_tokens, "temperature": 0.0},
            )
        except ClientError as error:
            raise WordingFailed(str(error.response["Error"]["Code"])) from error
        except BotoCoreError as error:  # time-outs, broken connections, a parameter it refuses
            raise WordingFailed(type(error).__name__) from error
        content = answer.get("output", {}).get("message", {}).get("content", [])
        usage = answer.get("usage", {})
        return Spoken(
            text="".join(str(block.get("text", "")) for block in content),
            complete=answer.get("stopReason") in COMPLETE,
            tokens_in=int(usage.get("inputTokens", 0)),
            tokens_out=int(usage.get("outputTokens", 0)),
        )
