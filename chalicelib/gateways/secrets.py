"""What the deployer left in SSM Parameter Store: the signing key, our public address, and
the tokens that somebody put beside them."""

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

    def mastodon_token(self) -> str:
        self._load()
        return self._values.get("mastodon-token", "")

    def _value(self, name: str) -> str:
        self._load()
        return self._values[name]

    def _load(self) -> None:
        if not self._values:
            answer = self._client.get_parameters_by_path(Path=self._path, WithDecryption=True)
            self._values = {
                parameter["Name"].rsplit("/", 1)[-1]: parameter["Value"]
                for parameter in answer["Parameters"]
            }
