"""Custom classification on this machine: really trained and measured, refusing what AWS does."""

from __future__ import annotations

import asyncio
import io
import json
import tarfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from botocore.exceptions import ClientError

from infra.local.amazon import CloudDown, make_client
from infra.local.comprehend.bayes import Bayes, measured, split, train
from infra.local.comprehend.custom import Custom
from infra.local.comprehend.files import BadInput
from infra.local.comprehend.service import comprehend
from infra.local.doors import services
from infra.local.memory import Memory

from .conftest import Serving

ROLE = "arn:aws:iam::000000000000:role/classifier"
SAID = {
    "parcel": ("where is my parcel {}", "the courier lost box {}", "delivery {} is late"),
    "voucher": ("voucher {} is refused", "discount code {} does not work", "no discount for {}"),
    "login": ("cannot log in to account {}", "password {} not accepted", "login {} fails"),
}


@dataclass
class FakeFiles:
    """S3, which may be down."""

    kept: dict[str, bytes] = field(default_factory=dict)
    down: bool = False

    async def read(self, bucket: str, key: str) -> bytes:
        if self.down:
            raise CloudDown("down")
        if key not in self.kept:
            raise BadInput(f"no {key}")
        return self.kept[key]

    async def write(self, bucket: str, key: str, content: bytes) -> None:
        self.kept[key] = content


@dataclass
class Place:
    client: Any
    files: FakeFiles
    custom: Custom

    def create(self, name: str = "topics", **more: Any) -> str:
        request = {
            "DocumentClassifierName": name,
            "DataAccessRoleArn": ROLE,
            "InputDataConfig": {"DataFormat": "COMPREHEND_CSV", "S3Uri": "s3://bucket/train.csv"},
            "LanguageCode": "en",
            **more,
        }
        return str(self.client.create_document_classifier(**request)["DocumentClassifierArn"])

    def ended(self, arn: str) -> dict[str, Any]:
        def look() -> dict[str, Any]:
            found = self.client.describe_document_classifier(DocumentClassifierArn=arn)
            properties: dict[str, Any] = found["DocumentClassifierProperties"]
            return properties

        return until(look, lambda found: found["Status"] not in ("SUBMITTED", "TRAINING"))


def until(look: Callable[[], dict[str, Any]], ready: Callable[[dict[str, Any]], bool]) -> Any:
    for _ in range(200):
        found = look()
        if ready(found):
            return found
        time.sleep(0.02)
    raise AssertionError(f"it stayed as {found}")


def rows(a_label: int = 30) -> bytes:
    lines = [f"{label},{SAID[label][n % 3].format(n)}" for label in SAID for n in range(a_label)]
    return "\n".join(lines).encode()


@pytest.fixture
def place(memory: Memory, serve: Callable[[web.Application], Serving]) -> Iterator[Place]:
    files = FakeFiles({"train.csv": rows()})
    custom = Custom(memory, files)
    client = make_client("comprehend", serve(services([comprehend(custom.operations())], [])).url)
    yield Place(client, files, custom)
    client.close()


def test_a_classifier_is_trained_and_measured_on_what_it_was_not_taught(place: Place) -> None:
    found = place.ended(place.create(VersionName="v1"))
    assert found["Status"] == "TRAINED"
    metadata = found["ClassifierMetadata"]
    assert (metadata["NumberOfLabels"], metadata["NumberOfTestDocuments"]) == (3, 9)
    assert metadata["NumberOfTrainedDocuments"] == 81
    assert metadata["EvaluationMetrics"]["Accuracy"] == 1.0
    assert found["DocumentClassifierArn"].endswith(":document-classifier/topics/version/v1")
    listed = place.client.list_document_classifiers(Filter={"Status": "TRAINED"})
    assert len(listed["DocumentClassifierPropertiesList"]) == 1


def test_wrong_labels_are_measured_as_wrong() -> None:
    documents = [(label, SAID[label][n % 3].format(n)) for label in SAID for n in range(30)]
    learnt, _ = split(documents)
    turned = [("login" if label == "parcel" else label, text) for label, text in documents]
    metrics = measured(train(learnt), turned)
    assert metrics["Accuracy"] == pytest.approx(2 / 3)
    assert metrics["HammingLoss"] == pytest.approx(1 / 3)
    assert metrics["F1Score"] < 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (rows(9), "At least 10 examples for each label"),
        (b"\n".join(f"parcel,text {n}".encode() for n in range(40)), "at least 2 labels"),
        (b"parcel\n" * 30, "a label and a document"),
        (b"\xff\xfe", "not a CSV"),
    ],
)
def test_data_that_comprehend_gives_up_on(place: Place, content: bytes, words: str) -> None:
    place.files.kept["train.csv"] = content
    found = place.ended(place.create())
    assert found["Status"] == "IN_ERROR"
    assert words in found["Message"]


def test_the_same_request_again_is_the_same_classifier(place: Place) -> None:
    arn = place.create(ClientRequestToken="t1")
    assert place.create(ClientRequestToken="t1") == arn
    with pytest.raises(ClientError, match="ResourceInUseException"):
        place.create(ClientRequestToken="t2")


def test_an_endpoint_answers_with_scores_that_add_up(place: Place) -> None:
    model = place.create()
    place.ended(model)
    made = place.client.create_endpoint(
        EndpointName="live", ModelArn=model, DesiredInferenceUnits=1
    )
    answer = place.client.classify_document(
        Text="My discount voucher does not work", EndpointArn=made["EndpointArn"]
    )
    assert answer["Classes"][0]["Name"] == "voucher"
    assert sum(one["Score"] for one in answer["Classes"]) == pytest.approx(1, abs=1e-4)
    described = place.client.describe_endpoint(EndpointArn=made["EndpointArn"])
    assert described["EndpointProperties"]["Status"] == "IN_SERVICE"
    with pytest.raises(ClientError, match="TextSizeLimitExceeded"):
        place.client.classify_document(Text="ä" * 5_001, EndpointArn=made["EndpointArn"])
    with pytest.raises(ClientError, match="ResourceInUse"):
        place.client.delete_document_classifier(DocumentClassifierArn=model)
    place.client.delete_endpoint(EndpointArn=made["EndpointArn"])
    with pytest.raises(ClientError, match="ResourceUnavailable"):
        place.client.classify_document(Text="x", EndpointArn=made["EndpointArn"])
    place.client.delete_document_classifier(DocumentClassifierArn=model)


def test_a_job_labels_each_line(place: Place) -> None:
    model = place.create()
    place.ended(model)
    place.files.kept["in/cases.txt"] = b"the courier lost my box\npassword not accepted\n"
    request = {
        "DocumentClassifierArn": model,
        "ClientRequestToken": "hour-1",
        "InputDataConfig": {"S3Uri": "s3://bucket/in/cases.txt", "InputFormat": "ONE_DOC_PER_LINE"},
        "OutputDataConfig": {"S3Uri": "s3://bucket/out/"},
        "DataAccessRoleArn": ROLE,
    }
    job = place.client.start_document_classification_job(**request)["JobId"]
    assert place.client.start_document_classification_job(**request)["JobId"] == job

    def look() -> dict[str, Any]:
        found = place.client.describe_document_classification_job(JobId=job)
        properties: dict[str, Any] = found["DocumentClassificationJobProperties"]
        return properties

    done = until(look, lambda found: found["JobStatus"] == "COMPLETED")
    key = done["OutputDataConfig"]["S3Uri"].removeprefix("s3://bucket/")
    with tarfile.open(fileobj=io.BytesIO(place.files.kept[key]), mode="r:gz") as tar:
        [member] = tar.getmembers()
        file = tar.extractfile(member)
        assert file is not None
        lines = [json.loads(line) for line in file.read().decode().splitlines()]
    assert [(one["Line"], one["Classes"][0]["Name"]) for one in lines] == [
        ("0", "parcel"),
        ("1", "login"),
    ]
    assert (
        len(
            place.client.list_document_classification_jobs()[
                "DocumentClassificationJobPropertiesList"
            ]
        )
        == 1
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"LanguageCode": "ja"}, "UnsupportedLanguageException"),
        ({"Mode": "MULTI_LABEL"}, "InvalidRequestException"),
    ],
)
def test_requests_that_are_refused_at_once(place: Place, change: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as refused:
        place.create(**change)
    assert refused.value.response["Error"]["Code"] == code


def test_a_training_that_was_cut_off_is_begun_again(memory: Memory) -> None:
    """The process ended while S3 was away; the next one finds the classifier and trains it."""
    files = FakeFiles({"train.csv": rows()}, down=True)

    async def asked() -> str:
        made = await Custom(memory, files).create(
            {
                "DocumentClassifierName": "topics",
                "DataAccessRoleArn": ROLE,
                "InputDataConfig": {"S3Uri": "s3://bucket/train.csv"},
                "LanguageCode": "en",
            }
        )
        await asyncio.sleep(0.05)
        return str(made["DocumentClassifierArn"])

    async def again(arn: str) -> str:
        custom = Custom(memory, files)
        custom.resume()
        for _ in range(200):
            found = await custom.describe({"DocumentClassifierArn": arn})
            status = str(found["DocumentClassifierProperties"]["Status"])
            if status == "TRAINED":
                return status
            await asyncio.sleep(0.02)
        return status

    arn = asyncio.run(asked())
    files.down = False
    assert asyncio.run(again(arn)) == "TRAINED"
    state = memory.get("comprehend:model", arn)
    assert state is not None
    assert Bayes(state).classify("lost parcel")[0][0] == "parcel"
