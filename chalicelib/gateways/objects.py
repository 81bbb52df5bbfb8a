"""Files in S3."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote

from botocore.exceptions import ClientError

from chalicelib.base import to_utc
from chalicelib.errors import NotFound
from chalicelib.ports import UploadForm


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

    def page(self, prefix: str, after: str) -> tuple[list[tuple[str, datetime]], str]:
        """One ListObjectsV2 call."""
        behind = {"StartAfter": after} if after else {}
        answer = self._client.list_objects_v2(Bucket=self._bucket, Prefix=prefix, **behind)
        found = [(e["Key"], to_utc(e["LastModified"])) for e in answer.get("Contents", [])]
        return found, found[-1][0] if answer.get("IsTruncated") and found else ""

    def delete(self, key: str) -> None:
        self._client.delete_object(Bucket=self._bucket, Key=key)

    def signed_url(
        self, key: str, name: str, seconds: int, kind: str = "application/octet-stream"
    ) -> str:
        """A link that saves the object as `name`; it never opens in the page."""
        disposition = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
        url: str = self._client.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._bucket,
                "Key": key,
                "ResponseContentDisposition": disposition,
                "ResponseContentType": kind,
            },
            ExpiresIn=seconds,
        )
        return url

    def upload_form(self, key: str, most: int, seconds: int) -> UploadForm:
        """S3 itself refuses what is larger, goes elsewhere or comes late (its "POST policy").

        The type is always that of plain bytes, so that the object can open nowhere.
        """
        kind = {"Content-Type": "application/octet-stream"}
        made = self._client.generate_presigned_post(
            Bucket=self._bucket,
            Key=key,
            Fields=dict(kind),
            Conditions=[kind, ["content-length-range", 1, most]],
            ExpiresIn=seconds,
        )
        return UploadForm(url=made["url"], fields=made["fields"])
