"""Custom classification: classifiers that are really trained, endpoints, jobs. Kept in the doors'
memory, so that they are there after a restart; what was under way then begins again.

1. A request is checked as AWS checks it, stored, and answered at once.
2. A background task reads the files from the embedded S3, trains or labels in a thread, and stores
   the outcome: TRAINED with measured metrics, COMPLETED with an archive, or the reason why not.
Source: Amazon Comprehend API Reference and "Guidelines and quotas".
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from infra.local.amazon import ACCOUNT, REGION, CloudDown
from infra.local.comprehend import bayes, files
from infra.local.comprehend.bayes import Bayes
from infra.local.comprehend.files import BadInput, Files
from infra.local.memory import Memory
from infra.local.protocol import AwsError, Operation

CLASSIFIER, MODEL = "comprehend:classifier", "comprehend:model"
ENDPOINT, JOB = "comprehend:endpoint", "comprehend:job"
LANGUAGES = ("en", "es", "de", "it", "fr", "pt")
CLASSIFY_BYTES = 10_000
RETRY = 2.0  # seconds before the embedded S3 is asked again
_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*")
_ROLE = re.compile(r"arn:aws(-[^:]+)?:iam::[0-9]{12}:role/.+")
_URI = re.compile(r"s3://[a-z0-9][\.\-a-z0-9]{1,61}[a-z0-9](/.*)?")
_OWNER = f"arn:aws:comprehend:{REGION}:{ACCOUNT}"

Body = dict[str, Any]


class Custom:
    """The operations, over one memory. `files` is S3."""

    def __init__(self, memory: Memory, s3: Files, clock: Callable[[], float] = time.time) -> None:
        self._memory = memory
        self._s3 = s3
        self._clock = clock
        self._models: dict[str, Bayes] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def operations(self) -> Mapping[str, Operation]:
        return {
            "CreateDocumentClassifier": self.create,
            "DescribeDocumentClassifier": self.describe,
            "ListDocumentClassifiers": self.list_classifiers,
            "DeleteDocumentClassifier": self.delete,
            "CreateEndpoint": self.create_endpoint,
            "DescribeEndpoint": self.describe_endpoint,
            "DeleteEndpoint": self.delete_endpoint,
            "ClassifyDocument": self.classify,
            "StartDocumentClassificationJob": self.start_job,
            "DescribeDocumentClassificationJob": self.describe_job,
            "ListDocumentClassificationJobs": self.list_jobs,
        }

    def resume(self) -> None:
        """Begin again what was under way when the process ended; needs a running loop."""
        for found in self._memory.all(CLASSIFIER):
            if found["Status"] in ("SUBMITTED", "TRAINING"):
                self._begin(self._train(found["DocumentClassifierArn"]))
        for found in self._memory.all(JOB):
            if found["JobStatus"] in ("SUBMITTED", "IN_PROGRESS"):
                self._begin(self._label(found["JobId"]))

    # --- classifiers -----------------------------------------------------------------------

    async def create(self, body: Body) -> Body:
        name, version = _name(body, "DocumentClassifierName", 63), body.get("VersionName", "")
        arn = f"{_OWNER}:document-classifier/{name}"
        if version:
            arn += f"/version/{_name(body, 'VersionName', 63)}"
        token = body.get("ClientRequestToken", "")
        before = self._memory.get(CLASSIFIER, arn)
        if before is not None:
            if token and before.get("token") == token:
                return {"DocumentClassifierArn": arn}
            raise AwsError("ResourceInUseException", f"{arn} exists already.")
        _check_training(body)
        self._memory.put(
            CLASSIFIER,
            arn,
            {
                "DocumentClassifierArn": arn,
                "LanguageCode": body["LanguageCode"],
                "Status": "SUBMITTED",
                "SubmitTime": self._clock(),
                "InputDataConfig": body["InputDataConfig"],
                "OutputDataConfig": body.get("OutputDataConfig") or {},
                "DataAccessRoleArn": body["DataAccessRoleArn"],
                "Mode": "MULTI_CLASS",
                **({"VersionName": version} if version else {}),
                "token": token,
            },
        )
        self._begin(self._train(arn))
        return {"DocumentClassifierArn": arn}

    async def describe(self, body: Body) -> Body:
        return {"DocumentClassifierProperties": _shown(self._classifier(body))}

    async def list_classifiers(self, body: Body) -> Body:
        wanted = body.get("Filter") or {}
        name = wanted.get("DocumentClassifierName")
        found = [
            _shown(one)
            for one in self._memory.all(CLASSIFIER)
            if wanted.get("Status") in (None, one["Status"])
            and (name is None or f"/{name}" in one["DocumentClassifierArn"])
        ]
        return {"DocumentClassifierPropertiesList": found}

    async def delete(self, body: Body) -> Body:
        found = self._classifier(body)
        arn = found["DocumentClassifierArn"]
        if found["Status"] in ("SUBMITTED", "TRAINING"):
            raise AwsError("ResourceUnavailableException", f"{arn} is being trained.")
        if any(one["ModelArn"] == arn for one in self._memory.all(ENDPOINT)):
            raise AwsError("ResourceInUseException", f"{arn} is in use by an endpoint.")
        self._memory.remove(CLASSIFIER, arn)
        self._memory.remove(MODEL, arn)
        self._models.pop(arn, None)
        return {}

    def _classifier(self, body: Body, key: str = "DocumentClassifierArn") -> Body:
        found = self._memory.get(CLASSIFIER, str(body.get(key, "")))
        if found is None:
            words = f"RESOURCE_NOT_FOUND: Could not find specified resource {body.get(key)}."
            raise AwsError("ResourceNotFoundException", words)
        return found

    async def _train(self, arn: str) -> None:
        found = self._memory.get(CLASSIFIER, arn)
        if found is None:
            return
        started = self._clock()
        self._memory.put(
            CLASSIFIER, arn, {**found, "Status": "TRAINING", "TrainingStartTime": started}
        )
        given = found["InputDataConfig"]
        try:
            documents = files.documents_of(await self._read(given["S3Uri"]))
            uri = given.get("TestS3Uri")
            tests = files.documents_of(await self._read(uri)) if uri else []
            files.check(documents, tests)
        except BadInput as error:
            failed = {"Status": "IN_ERROR", "Message": str(error), "EndTime": self._clock()}
            self._memory.put(CLASSIFIER, arn, {**found, **failed})
            return
        learnt, tested = (documents, tests) if tests else bayes.split(documents)
        model = await asyncio.to_thread(bayes.train, learnt, tested)
        metrics = await asyncio.to_thread(bayes.measured, model, tested)
        self._memory.put(MODEL, arn, model.state)
        done = {
            "Status": "TRAINED",
            "TrainingStartTime": started,
            "TrainingEndTime": self._clock(),
            "EndTime": self._clock(),
            "ClassifierMetadata": {
                "NumberOfLabels": len(model.labels),
                "NumberOfTrainedDocuments": len(learnt),
                "NumberOfTestDocuments": len(tested),
                "EvaluationMetrics": metrics,
            },
        }
        self._memory.put(CLASSIFIER, arn, {**found, **done})

    def _model(self, arn: str) -> Bayes:
        if arn not in self._models:
            state = self._memory.get(MODEL, arn)
            if state is None:
                raise AwsError("ResourceUnavailableException", f"{arn} is not trained.")
            self._models[arn] = Bayes(state)
        return self._models[arn]

    # --- endpoints -------------------------------------------------------------------------

    async def create_endpoint(self, body: Body) -> Body:
        arn = f"{_OWNER}:document-classifier-endpoint/{_name(body, 'EndpointName', 40)}"
        units = body.get("DesiredInferenceUnits")
        if not isinstance(units, int) or units < 1:
            raise _invalid("DesiredInferenceUnits must be at least 1.")
        model = self._classifier(body, "ModelArn")
        if model["Status"] != "TRAINED":
            raise AwsError("ResourceUnavailableException", "The model is not trained.")
        if self._memory.get(ENDPOINT, arn) is not None:
            raise AwsError("ResourceInUseException", f"{arn} exists already.")
        now = self._clock()
        self._memory.put(
            ENDPOINT,
            arn,
            {
                "EndpointArn": arn,
                "Status": "IN_SERVICE",
                "ModelArn": body["ModelArn"],
                "DesiredModelArn": body["ModelArn"],
                "DesiredInferenceUnits": units,
                "CurrentInferenceUnits": units,
                "CreationTime": now,
                "LastModifiedTime": now,
            },
        )
        return {"EndpointArn": arn, "ModelArn": body["ModelArn"]}

    async def describe_endpoint(self, body: Body) -> Body:
        return {"EndpointProperties": self._endpoint(body)}

    async def delete_endpoint(self, body: Body) -> Body:
        self._memory.remove(ENDPOINT, self._endpoint(body)["EndpointArn"])
        return {}

    def _endpoint(self, body: Body) -> Body:
        found = self._memory.get(ENDPOINT, str(body.get("EndpointArn", "")))
        if found is None:
            words = "RESOURCE_NOT_FOUND: Could not find specified resource."
            raise AwsError("ResourceNotFoundException", words)
        return found

    async def classify(self, body: Body) -> Body:
        text = body.get("Text")
        if not isinstance(text, str) or not text:
            raise _invalid("Only plain text is offered here: Text must not be empty.")
        size = len(text.encode())
        if size > CLASSIFY_BYTES:
            words = f"Input text size exceeds limit. Max length is {CLASSIFY_BYTES} bytes, not "
            raise AwsError("TextSizeLimitExceededException", f"{words}{size}.")
        found = self._memory.get(ENDPOINT, str(body.get("EndpointArn", "")))
        if found is None:
            raise AwsError("ResourceUnavailableException", "The endpoint is not in service.")
        return {"Classes": _classes(self._model(found["ModelArn"]), text)}

    # --- jobs ------------------------------------------------------------------------------

    async def start_job(self, body: Body) -> Body:
        model = self._classifier(body)
        arn = model["DocumentClassifierArn"]
        if model["Status"] != "TRAINED":
            raise AwsError("ResourceUnavailableException", f"{arn} is not trained.")
        given, output = body.get("InputDataConfig") or {}, body.get("OutputDataConfig") or {}
        _uri(given.get("S3Uri"))
        _uri(output.get("S3Uri"))
        _role(body)
        if given.get("InputFormat", "ONE_DOC_PER_LINE") != "ONE_DOC_PER_LINE":
            raise _invalid("Only ONE_DOC_PER_LINE is offered here.")
        token = body.get("ClientRequestToken") or str(self._clock())
        job_id = hashlib.sha256(token.encode()).hexdigest()[:32]
        before = self._memory.get(JOB, job_id)
        if before is None:
            folder = output["S3Uri"].rstrip("/")
            result = f"{folder}/{ACCOUNT}-CLN-{job_id}/output/output.tar.gz"
            self._memory.put(
                JOB,
                job_id,
                {
                    "JobId": job_id,
                    "JobArn": f"{_OWNER}:document-classification-job/{job_id}",
                    "JobName": body.get("JobName", job_id),
                    "JobStatus": "SUBMITTED",
                    "SubmitTime": self._clock(),
                    "DocumentClassifierArn": arn,
                    "InputDataConfig": given,
                    "OutputDataConfig": {**output, "S3Uri": result},
                    "DataAccessRoleArn": body["DataAccessRoleArn"],
                },
            )
            self._begin(self._label(job_id))
        kept = self._memory.get(JOB, job_id) or {}
        return {n: kept[n] for n in ("JobId", "JobArn", "JobStatus", "DocumentClassifierArn")}

    async def describe_job(self, body: Body) -> Body:
        found = self._memory.get(JOB, str(body.get("JobId", "")))
        if found is None:
            raise AwsError("JobNotFoundException", "The specified job was not found.")
        return {"DocumentClassificationJobProperties": found}

    async def list_jobs(self, body: Body) -> Body:
        wanted = (body.get("Filter") or {}).get("JobStatus")
        found = [one for one in self._memory.all(JOB) if wanted in (None, one["JobStatus"])]
        found.sort(key=lambda one: -float(one["SubmitTime"]))
        return {"DocumentClassificationJobPropertiesList": found}

    async def _label(self, job_id: str) -> None:
        job = self._memory.get(JOB, job_id)
        if job is None:
            return
        self._memory.put(JOB, job_id, {**job, "JobStatus": "IN_PROGRESS"})
        uri = job["InputDataConfig"]["S3Uri"]
        try:
            lines = (await self._read(uri)).decode().splitlines()
            model = self._model(job["DocumentClassifierArn"])
        except (BadInput, AwsError, UnicodeDecodeError) as error:
            failed = {"JobStatus": "FAILED", "Message": str(error), "EndTime": self._clock()}
            self._memory.put(JOB, job_id, {**job, **failed})
            return
        name = uri.rpartition("/")[2]
        said = await asyncio.to_thread(
            lambda: [
                {"File": name, "Line": str(number), "Classes": _classes(model, line)}
                for number, line in enumerate(lines)
            ]
        )
        bucket, key = files.place(job["OutputDataConfig"]["S3Uri"])
        await self._patiently(
            lambda: self._s3.write(bucket, key, files.archive("predictions.jsonl", said))
        )
        done = {"JobStatus": "COMPLETED", "EndTime": self._clock()}
        self._memory.put(JOB, job_id, {**job, **done})

    # --- helpers ---------------------------------------------------------------------------

    def _begin(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _read(self, uri: str) -> bytes:
        bucket, key = files.place(uri)
        content: bytes = await self._patiently(lambda: self._s3.read(bucket, key))
        return content

    async def _patiently(self, work: Callable[[], Any]) -> Any:
        """Again and again while the embedded AWS is down, as after a restart."""
        while True:
            try:
                return await work()
            except CloudDown:
                await asyncio.sleep(RETRY)


def _check_training(body: Body) -> None:
    given = body.get("InputDataConfig") or {}
    _uri(given.get("S3Uri"))
    if given.get("TestS3Uri"):
        _uri(given["TestS3Uri"])
    _role(body)
    if body.get("Mode", "MULTI_CLASS") != "MULTI_CLASS":
        raise _invalid("Only the mode MULTI_CLASS is offered here.")
    if given.get("DataFormat", "COMPREHEND_CSV") != "COMPREHEND_CSV":
        raise _invalid("Only the format COMPREHEND_CSV is offered here.")
    if body.get("LanguageCode") not in LANGUAGES:
        words = f"A classifier can be trained in {list(LANGUAGES)}."
        raise AwsError("UnsupportedLanguageException", words)


def _classes(model: Bayes, text: str) -> list[Body]:
    return [{"Name": name, "Score": round(score, 6)} for name, score in model.classify(text)]


def _shown(stored: Body) -> Body:
    return {name: value for name, value in stored.items() if name != "token"}


def _name(body: Body, member: str, most: int) -> str:
    value = body.get(member)
    if not isinstance(value, str) or len(value) > most or not _NAME.fullmatch(value):
        raise _invalid(f"Value at '{member}' failed to satisfy constraint: {_NAME.pattern}")
    return value


def _uri(value: object) -> None:
    if not isinstance(value, str) or not _URI.fullmatch(value):
        raise _invalid(f"Value '{value}' is not the S3 URI of a file or folder.")


def _role(body: Body) -> None:
    if not _ROLE.fullmatch(str(body.get("DataAccessRoleArn", ""))):
        raise _invalid("DataAccessRoleArn must be the ARN of a role.")


def _invalid(words: str) -> AwsError:
    return AwsError("InvalidRequestException", words)
