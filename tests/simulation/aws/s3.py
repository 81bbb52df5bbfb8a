"""S3: objects by bucket and key, with metadata, conditional writes, ranges and listing."""

from __future__ import annotations

import hashlib
import io
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.response import StreamingBody

from tests.simulation.aws.errors import AwsError

Request = dict[str, Any]


@dataclass(frozen=True)
class Stored:
    content: bytes
    modified_at: float
    headers: Request = field(default_factory=dict)  # ContentType, Metadata, …

    @property
    def etag(self) -> str:
        return f'"{hashlib.md5(self.content, usedforsecurity=False).hexdigest()}"'


class S3:
    """All buckets of the account."""

    KEPT = ("ContentType", "ContentDisposition", "ContentEncoding", "CacheControl", "Metadata")

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.buckets: dict[str, dict[str, Stored]] = {}

    def create_bucket(self, request: Request) -> Request:
        self.buckets.setdefault(request["Bucket"], {})
        return {"Location": f"/{request['Bucket']}"}

    def head_bucket(self, request: Request) -> Request:
        self._bucket(request)
        return {}

    def put_object(self, request: Request) -> Request:
        bucket, key = self._bucket(request), request["Key"]
        if request.get("IfNoneMatch") == "*" and key in bucket:
            raise _precondition_failed()
        if "IfMatch" in request and (key not in bucket or bucket[key].etag != request["IfMatch"]):
            raise _precondition_failed()
        headers = {name: request[name] for name in self.KEPT if name in request}
        bucket[key] = Stored(_content(request.get("Body", b"")), self._clock(), headers)
        return {"ETag": bucket[key].etag}

    def get_object(self, request: Request) -> Request:
        stored = self._object(request, "NoSuchKey")
        content = stored.content
        answer = self._described(stored)
        if "Range" in request:
            content, answer["ContentRange"] = _part(content, request["Range"])
            answer["ContentLength"] = len(content)
        return {**answer, "Body": StreamingBody(io.BytesIO(content), len(content))}

    def head_object(self, request: Request) -> Request:
        return self._described(self._object(request, "404"))

    def delete_object(self, request: Request) -> Request:
        self._bucket(request).pop(request["Key"], None)
        return {}

    def delete_objects(self, request: Request) -> Request:
        bucket = self._bucket(request)
        names = [{"Key": one["Key"]} for one in request["Delete"]["Objects"]]
        for name in names:
            bucket.pop(name["Key"], None)
        return {"Deleted": names}

    def copy_object(self, request: Request) -> Request:
        source = request["CopySource"]
        if isinstance(source, str):
            name, _, key = source.lstrip("/").partition("/")
            source = {"Bucket": name, "Key": key}
        stored = self._object(source, "NoSuchKey")
        copy = Stored(stored.content, self._clock(), stored.headers)
        self._bucket(request)[request["Key"]] = copy
        return {"CopyObjectResult": {"ETag": copy.etag, "LastModified": _time(copy.modified_at)}}

    def list_objects_v2(self, request: Request) -> Request:
        bucket, prefix = self._bucket(request), request.get("Prefix", "")
        keys = sorted(key for key in bucket if key.startswith(prefix))
        after = request.get("ContinuationToken") or request.get("StartAfter") or ""
        keys = keys[bisect_right(keys, after) :] if after else keys
        most = request.get("MaxKeys", 1000)
        page, more = keys[:most], len(keys) > most
        answer: Request = {
            "KeyCount": len(page),
            "IsTruncated": more,
            "MaxKeys": most,
            "Name": request["Bucket"],
            "Prefix": prefix,
        }
        if page:
            answer["Contents"] = [
                {
                    "Key": key,
                    "Size": len(bucket[key].content),
                    "ETag": bucket[key].etag,
                    "LastModified": _time(bucket[key].modified_at),
                }
                for key in page
            ]
        if more:
            answer["NextContinuationToken"] = page[-1]
        return answer

    def _bucket(self, request: Request) -> dict[str, Stored]:
        try:
            return self.buckets[request["Bucket"]]
        except KeyError:
            raise AwsError(
                "NoSuchBucket", "The specified bucket does not exist", status=404
            ) from None

    def _object(self, request: Request, code: str) -> Stored:
        try:
            return self._bucket(request)[request["Key"]]
        except KeyError:
            words = "Not Found" if code == "404" else "The specified key does not exist."
            raise AwsError(code, words, status=404, fields={"Key": request["Key"]}) from None

    def _described(self, stored: Stored) -> Request:
        return {
            "ContentLength": len(stored.content),
            "ETag": stored.etag,
            "LastModified": _time(stored.modified_at),
            "ContentType": "binary/octet-stream",
            "Metadata": {},
            **stored.headers,
        }


def _content(body: Any) -> bytes:
    if isinstance(body, str):
        return body.encode()
    return bytes(body) if isinstance(body, bytes | bytearray) else bytes(body.read())


def _part(content: bytes, wanted: str) -> tuple[bytes, str]:
    """The bytes of a Range header of the form bytes=first-last, bytes=first- or bytes=-length."""
    first, _, last = wanted.removeprefix("bytes=").partition("-")
    start = int(first) if first else max(0, len(content) - int(last))
    end = min(int(last), len(content) - 1) if first and last else len(content) - 1
    if start >= len(content):
        raise AwsError("InvalidRange", "The requested range is not satisfiable", status=416)
    return content[start : end + 1], f"bytes {start}-{end}/{len(content)}"


def _precondition_failed() -> AwsError:
    return AwsError(
        "PreconditionFailed",
        "At least one of the pre-conditions you specified did not hold",
        status=412,
    )


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
