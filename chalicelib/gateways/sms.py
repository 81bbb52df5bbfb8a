"""Text messages through AWS End User Messaging (pinpoint-sms-voice-v2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.gateways.sending import meaning


class EndUserSms:
    """See ports.Sms. The client must not retry (gateways/clients.py)."""

    def __init__(self, client: Any, configuration_set: str) -> None:
        self._client = client
        self._configuration = (
            {"ConfigurationSetName": configuration_set} if configuration_set else {}
        )

    def send(self, *, sender: str, to: str, text: str, tags: Mapping[str, str]) -> str:
        with meaning():
            answer = self._client.send_text_message(
                DestinationPhoneNumber=to,
                OriginationIdentity=sender,
                MessageBody=text,
                MessageType="TRANSACTIONAL",
                Context=dict(tags),
                **self._configuration,
            )
        return str(answer["MessageId"])
