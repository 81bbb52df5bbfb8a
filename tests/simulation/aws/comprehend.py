"""Comprehend: what it says really depends on the words, and is the same for the same text.

Trainings and jobs are done when a test says so (`train`, `run_jobs`): time does not pass by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.local.comprehend import bayes, files
from infra.local.comprehend.bayes import Bayes
from tests.simulation.aws.errors import AwsError
from tests.simulation.aws.s3 import S3

Request = dict[str, Any]
OWNER = "arn:aws:comprehend:us-east-1:123456789012"
MAX_BYTES = 5_000
LANGUAGES = frozenset({"en", "es", "fr", "de", "it", "pt", "ar", "hi", "ja", "ko", "zh", "zh-TW"})
GOOD = frozenset({"good", "great", "thanks", "love", "perfect", "happy", "danke", "merci"})
BAD = frozenset({"bad", "broken", "angry", "terrible", "worst", "late", "lost", "kaputt"})


class Comprehend:
    """Texts one by one; `custom` has the classifiers, endpoints and jobs of the account."""

    def __init__(self, s3: S3, clock: Callable[[], float]) -> None:
        self._s3 = s3
        self._clock = clock
        self.classifiers: dict[str, Request] = {}
        self.models: dict[str, Bayes] = {}
        self.endpoints: dict[str, Request] = {}
        self.jobs: dict[str, Request] = {}
        self.down: set[str] = set()  # operations that are throttled

    def batch_detect_sentiment(self, request: Request) -> Request:
        results: list[Request] = []
        errors: list[Request] = []
        for index, text in enumerate(request["TextList"]):
            try:
                asked = {"Text": text, "LanguageCode": request["LanguageCode"]}
                results.append({"Index": index, **self.detect_sentiment(asked)})
            except AwsError as error:
                errors.append({"Index": index, "ErrorCode": error.code, "ErrorMessage": "refused"})
        return {"ResultList": results, "ErrorList": errors}

    def detect_sentiment(self, request: Request) -> Request:
        text = request["Text"]
        if not text:
            raise AwsError(
                "InvalidRequestException",
                "Value at 'text' failed to satisfy "
                "constraint: Member must have length greater than or equal to 1",
            )
        if len(text.encode()) > MAX_BYTES:
            raise AwsError(
                "TextSizeLimitExceededException",
                "Input text size exceeds limit. Max length of request text allowed is "
                f"{MAX_BYTES} bytes",
            )
        if request["LanguageCode"] not in LANGUAGES:
            raise AwsError(
                "UnsupportedLanguageException", f"Unsupported language: {request['LanguageCode']}"
            )
        words = re.findall(r"\w+", text.lower())
        good, bad = sum(w in GOOD for w in words), sum(w in BAD for w in words)
        total = good + bad
        scores = {
            "Positive": good / total * 0.9 if total else 0.05,
            "Negative": bad / total * 0.9 if total else 0.05,
            "Neutral": 0.1 if total else 0.9,
            "Mixed": 0.0,
        }
        if good and bad:
            scores = {"Positive": 0.1, "Negative": 0.1, "Neutral": 0.1, "Mixed": 0.7}
        winner = max(scores, key=lambda name: scores[name])
        return {"Sentiment": winner.upper(), "SentimentScore": scores}

    # --- more about a text -----------------------------------------------------------------

    def detect_key_phrases(self, request: Request) -> Request:
        """Runs of words of more than four letters."""
        self._may("DetectKeyPhrases")
        found = re.finditer(r"\w{5,}(?: \w{5,})*", request["Text"])
        phrases = [
            {"Text": m[0], "Score": 0.95, "BeginOffset": m.start(), "EndOffset": m.end()}
            for m in found
        ]
        return {"KeyPhrases": phrases}

    def detect_pii_entities(self, request: Request) -> Request:
        """Names that follow a greeting."""
        self._may("DetectPiiEntities")
        found = re.finditer(r"(?<=name is )[A-Z]\w+(?: [A-Z]\w+)*", request["Text"])
        spans = [
            {"Type": "NAME", "Score": 0.99, "BeginOffset": m.start(), "EndOffset": m.end()}
            for m in found
        ]
        return {"Entities": spans}

    # --- custom classification -------------------------------------------------------------

    def create_document_classifier(self, request: Request) -> Request:
        self._may("CreateDocumentClassifier")
        arn = f"{OWNER}:document-classifier/{request['DocumentClassifierName']}"
        arn += f"/version/{request['VersionName']}"
        if arn in self.classifiers:
            if self.classifiers[arn]["token"] == request["ClientRequestToken"]:
                return {"DocumentClassifierArn": arn}
            raise AwsError("ResourceInUseException", f"{arn} exists")
        self.classifiers[arn] = {
            "token": request["ClientRequestToken"],
            "input": request["InputDataConfig"],
            "submitted": self._clock(),
            "status": "SUBMITTED",
        }
        return {"DocumentClassifierArn": arn}

    def train(self) -> None:
        """Time passes: what was submitted is trained, or refused for want of data."""
        for arn, found in self.classifiers.items():
            if found["status"] != "SUBMITTED":
                continue
            given = found["input"]
            documents = files.documents_of(self._read(given["S3Uri"]))
            tests = given.get("TestS3Uri")
            tested = files.documents_of(self._read(tests)) if tests else []
            try:
                files.check(documents, tested)
            except files.BadInput as error:
                found |= {"status": "IN_ERROR", "message": str(error)}
                continue
            if not tested:
                documents, tested = bayes.split(documents)
            self.models[arn] = bayes.train(documents, tested)
            found["status"] = "TRAINED"
            found["metadata"] = {
                "NumberOfLabels": len(self.models[arn].labels),
                "NumberOfTrainedDocuments": len(documents),
                "NumberOfTestDocuments": len(tested),
                "EvaluationMetrics": bayes.measured(self.models[arn], tested),
            }

    def describe_document_classifier(self, request: Request) -> Request:
        arn = request["DocumentClassifierArn"]
        found = self.classifiers.get(arn)
        if found is None:
            raise AwsError("ResourceNotFoundException", f"there is no {arn}")
        started = datetime.fromtimestamp(found["submitted"], UTC)
        shown: Request = {"DocumentClassifierArn": arn, "Status": found["status"]}
        if "message" in found:
            shown["Message"] = found["message"]
        if "metadata" in found:
            shown["ClassifierMetadata"] = found["metadata"]
            shown["TrainingStartTime"] = started
            shown["TrainingEndTime"] = started + timedelta(minutes=30)
        return {"DocumentClassifierProperties": shown}

    def create_endpoint(self, request: Request) -> Request:
        arn = f"{OWNER}:document-classifier-endpoint/{request['EndpointName']}"
        self.endpoints[arn] = {"EndpointArn": arn, "ModelArn": request["ModelArn"]}
        return self.endpoints[arn]

    def describe_endpoint(self, request: Request) -> Request:
        return {"EndpointProperties": self.endpoints[request["EndpointArn"]]}

    def classify_document(self, request: Request) -> Request:
        self._may("ClassifyDocument")
        endpoint = self.endpoints.get(request["EndpointArn"])
        if endpoint is None:
            raise AwsError("ResourceUnavailableException", "the endpoint is not in service")
        return {"Classes": self._classes(endpoint["ModelArn"], request["Text"])}

    def start_document_classification_job(self, request: Request) -> Request:
        self._may("StartDocumentClassificationJob")
        job_id = request["ClientRequestToken"].lower()
        output = f"{request['OutputDataConfig']['S3Uri']}{job_id}/output/output.tar.gz"
        self.jobs.setdefault(job_id, {**request, "JobStatus": "SUBMITTED", "output": output})
        return {"JobId": job_id, "JobStatus": self.jobs[job_id]["JobStatus"]}

    def run_jobs(self) -> None:
        """Time passes: jobs that were submitted are done."""
        for job in self.jobs.values():
            if job["JobStatus"] != "SUBMITTED":
                continue
            lines = self._read(job["InputDataConfig"]["S3Uri"]).decode().splitlines()
            said = [
                {"Line": str(n), "Classes": self._classes(job["DocumentClassifierArn"], line)}
                for n, line in enumerate(lines)
            ]
            bucket, key = files.place(job["output"])
            content = files.archive("predictions.jsonl", said)
            self._s3.put_object({"Bucket": bucket, "Key": key, "Body": content})
            job["JobStatus"] = "COMPLETED"

    def describe_document_classification_job(self, request: Request) -> Request:
        job = self.jobs[request["JobId"]]
        shown = {"JobStatus": job["JobStatus"], "OutputDataConfig": {"S3Uri": job["output"]}}
        return {"DocumentClassificationJobProperties": shown}

    def _classes(self, arn: str, text: str) -> list[Request]:
        return [{"Name": n, "Score": s} for n, s in self.models[arn].classify(text)]

    def _read(self, uri: str) -> bytes:
        bucket, key = files.place(uri)
        return self._s3.buckets[bucket][key].content

    def _may(self, operation: str) -> None:
        if operation in self.down:
            raise AwsError("ThrottlingException", "Rate exceeded")
