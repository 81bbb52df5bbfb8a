"""Files in S3."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote

from botocore.exceptions import ClientError

from chalicelib.base import to_utc
from chalicelib.errors import NotFound


class S3Objects:
    """See ports.Objects."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, key: str, content: bytes, content_type: str = "application/octet-stream") -> None:
        self._client.put_object(
            Bucket=self._bucket, Key=key, Body=content, ContentType=content_type
        )

    def get(self, key: str) -> bytes:
        """Raises NotFound."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                raise NotFound(f"there is no object {key}") from error
            raise
        content: bytes = answer["Body"].read()
        return content

    def list(self, prefix: str) -> Iterator[tuple[str, datetime]]:
        """(key, last modified), page by page."""
        token: dict[str, str] = {}
        while True:
            page = self._client.list_objects_v2(Bucket=self._bucket, Prefix=prefix, **token)
            for entry in page.get("Contents", []):
                yield entry["Key"], to_utc(entry["LastModified"])
            if not page.get("IsTruncated"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def signed_url(self, key: str, name: str, seconds: int) -> str:
        """A link that saves the object as `name`; it never opens in the page."""
        disposition = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
        url: str = self._client.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._bucket,
                "Key": key,
                "ResponseContentDisposition": disposition,
                "ResponseContentType": "application/octet-stream",
            },
            ExpiresIn=seconds,
        )
        return url
