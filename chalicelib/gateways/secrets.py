"""What the deployer left in SSM Parameter Store: the signing key and our public address."""

from __future__ import annotations

import base64
from typing import Any


class SsmSecrets:
    """See ports.Secrets. One call a process, when first asked."""

    def __init__(self, client: Any, path: str) -> None:
        self._client = client
        self._path = path.rstrip("/")
        self._values: dict[str, str] = {}

    def signing_key(self) -> bytes:
        return base64.b64decode(self._value("signing-key"))

    def public_url(self) -> str:
        return self._value("public-url").rstrip("/")

    def _value(self, name: str) -> str:
        if not self._values:
            answer = self._client.get_parameters_by_path(Path=self._path, WithDecryption=True)
            self._values = {
                parameter["Name"].rsplit("/", 1)[-1]: parameter["Value"]
                for parameter in answer["Parameters"]
            }
        return self._values[name]
