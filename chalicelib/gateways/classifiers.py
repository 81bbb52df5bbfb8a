"""Custom classification of Amazon Comprehend: classifiers are trained, documents labelled by jobs.

Both take long and are asked after. A request token makes a repeated call the same call, so that a
death between the call and our record of it costs nothing. Operations: Amazon Comprehend API
Reference (2017-11-27); files: "Preparing classifier training data" and "Outputs for asynchronous
analysis jobs" in its Developer Guide.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from chalicelib.errors import ClassifierRefused
from chalicelib.understanding.classifiers import ClassifierState, LabellingState, Work
from chalicelib.understanding.lessons import ClassifierFigures

_REFUSED = frozenset(
    {
        "InvalidRequestException",
        "ResourceLimitExceededException",
        "UnsupportedLanguageException",
        "KmsKeyValidationException",
        "ResourceNotFoundException",
        "ResourceUnavailableException",
        "AccessDeniedException",
    }
)
"""What no repetition will mend."""
_TRAINING = {
    "SUBMITTED": Work.RUNNING,
    "TRAINING": Work.RUNNING,
    "TRAINED": Work.DONE,
    "TRAINED_WITH_WARNING": Work.DONE,
}
_JOB = {"SUBMITTED": Work.RUNNING, "IN_PROGRESS": Work.RUNNING, "COMPLETED": Work.DONE}


class ComprehendClassifiers:
    """See ports.Classifiers. `role` is the one that Comprehend takes on to reach the bucket."""

    def __init__(self, client: Any, bucket: str, role: str, name: str) -> None:
        self._client = client
        self._bucket = bucket
        self._role = role
        self._name = name

    def create(self, version: str, examples: str, tests: str, output: str, language: str) -> str:
        given: dict[str, Any] = {"DataFormat": "COMPREHEND_CSV", "S3Uri": self._uri(examples)}
        if tests:
            given["TestS3Uri"] = self._uri(tests)
        try:
            answer = self._client.create_document_classifier(
                DocumentClassifierName=self._name,
                VersionName=version,
                ClientRequestToken=version,
                DataAccessRoleArn=self._role,
                InputDataConfig=given,
                OutputDataConfig={"S3Uri": self._uri(output)},
                LanguageCode=language,
                Mode="MULTI_CLASS",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceInUseException":
                return self._arn(version)  # made before, by who died then
            raise _meaning(error) from error
        return str(answer["DocumentClassifierArn"])

    def state(self, arn: str) -> ClassifierState:
        try:
            answer = self._client.describe_document_classifier(DocumentClassifierArn=arn)
        except ClientError as error:
            raise _meaning(error) from error
        found = answer["DocumentClassifierProperties"]
        status = str(found["Status"])
        work = _TRAINING.get(status, Work.FAILED)
        message = str(found.get("Message", ""))
        if work is not Work.DONE:
            return ClassifierState(work=work, status=status, message=message)
        return ClassifierState(
            work=work,
            status=status,
            message=message,
            seconds=_seconds(found.get("TrainingStartTime"), found.get("TrainingEndTime")),
            figures=_figures(found["ClassifierMetadata"]),
        )

    def label(self, job: str, arn: str, documents: str, output: str) -> str:
        try:
            answer = self._client.start_document_classification_job(
                JobName=f"{self._name}-{job}",
                ClientRequestToken=job,
                DocumentClassifierArn=arn,
                InputDataConfig={
                    "S3Uri": self._uri(documents),
                    "InputFormat": "ONE_DOC_PER_LINE",
                },
                OutputDataConfig={"S3Uri": self._uri(output)},
                DataAccessRoleArn=self._role,
            )
        except ClientError as error:
            raise _meaning(error) from error
        return str(answer["JobId"])

    def labelled(self, job_id: str) -> LabellingState:
        try:
            answer = self._client.describe_document_classification_job(JobId=job_id)
        except ClientError as error:
            raise _meaning(error) from error
        found = answer["DocumentClassificationJobProperties"]
        work = _JOB.get(str(found["JobStatus"]), Work.FAILED)
        uri = str(found["OutputDataConfig"]["S3Uri"])
        key = uri.removeprefix(f"s3://{self._bucket}/")
        return LabellingState(work=work, message=str(found.get("Message", "")), output=key)

    def _uri(self, key: str) -> str:
        return f"s3://{self._bucket}/{key}"

    def _arn(self, version: str) -> str:
        """A classifier lies in the account of the role, in the client's region."""
        _, partition, _, _, account, _ = self._role.split(":", 5)
        region = self._client.meta.region_name
        owner = f"arn:{partition}:comprehend:{region}:{account}"
        return f"{owner}:document-classifier/{self._name}/version/{version}"


def _meaning(error: Any) -> ClassifierRefused | ClientError:
    told = error.response["Error"]
    if told["Code"] in _REFUSED:
        return ClassifierRefused(f"{told['Code']}: {told.get('Message', '')}"[:500])
    return error


def _figures(metadata: dict[str, Any]) -> ClassifierFigures:
    measured = metadata["EvaluationMetrics"]
    return ClassifierFigures(
        labels=int(metadata["NumberOfLabels"]),
        trained=int(metadata["NumberOfTrainedDocuments"]),
        tested=int(metadata["NumberOfTestDocuments"]),
        accuracy=round(float(measured["Accuracy"]), 4),
        precision=round(float(measured["Precision"]), 4),
        recall=round(float(measured["Recall"]), 4),
        f1=round(float(measured["F1Score"]), 4),
    )


def _seconds(start: Any, end: Any) -> float:
    return float((end - start).total_seconds()) if start and end else 0.0
