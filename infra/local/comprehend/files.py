"""Files of custom classification in S3: training CSVs, documents to label, archives of answers.

Formats: "Preparing classifier training data" and "Outputs for asynchronous analysis jobs" of the
Amazon Comprehend Developer Guide.
"""

from __future__ import annotations

import csv
import io
import json
import tarfile
from collections import Counter
from typing import Any, Protocol

from infra.local.amazon import Boto3Amazon, CloudDown
from infra.local.comprehend.bayes import Document

LEAST_DOCUMENTS, LEAST_LABELS, MOST_LABELS = 10, 2, 1000


class BadInput(Exception):
    """What Comprehend gives up on; the text is what it says in Message."""


class Files(Protocol):
    async def read(self, bucket: str, key: str) -> bytes:
        """Raises BadInput where it is not there, CloudDown."""

    async def write(self, bucket: str, key: str, content: bytes) -> None: ...


class CloudFiles:
    """The embedded AWS's S3."""

    def __init__(self, amazon: Boto3Amazon) -> None:
        self._amazon = amazon

    async def read(self, bucket: str, key: str) -> bytes:
        try:
            answer = await self._amazon.call("s3", "get_object", Bucket=bucket, Key=key)
        except CloudDown as error:
            missing = "NoSuchKey" in repr(error.__cause__)
            if missing:
                raise BadInput(f"There is no file at s3://{bucket}/{key}") from error
            raise
        content: bytes = answer["Body"].read()
        return content

    async def write(self, bucket: str, key: str, content: bytes) -> None:
        await self._amazon.put_object(bucket, key, content)


def place(uri: str) -> tuple[str, str]:
    """Bucket and key of an S3 URI."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def documents_of(content: bytes) -> list[Document]:
    """The rows of a training CSV; raises BadInput."""
    try:
        rows = [row for row in csv.reader(io.StringIO(content.decode())) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput("The file is not a CSV in UTF-8") from error
    if any(len(row) != 2 or not row[0] or not row[1].strip() for row in rows):
        raise BadInput("Each line must have a label and a document")
    return [(row[0], row[1]) for row in rows]


def check(documents: list[Document], tests: list[Document]) -> None:
    """Raises BadInput for what is too little, or a test set that lacks a label."""
    counts = Counter(label for label, _ in documents)
    if len(counts) < LEAST_LABELS:
        raise BadInput(f"Insufficient data. Required: at least {LEAST_LABELS} labels")
    if len(counts) > MOST_LABELS:
        raise BadInput(f"At most {MOST_LABELS} labels are allowed")
    if min(counts.values()) < LEAST_DOCUMENTS:
        raise BadInput(
            f"Insufficient data. Required: At least {LEAST_DOCUMENTS} examples for each label."
            " Consider adding more training data."
        )
    if tests and {label for label, _ in tests} != set(counts):
        raise BadInput("The test data must have at least one example for each label")


def archive(name: str, lines: list[dict[str, Any]]) -> bytes:
    """An output.tar.gz with one file of JSON lines."""
    content = "".join(json.dumps(line) + "\n" for line in lines).encode()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()
