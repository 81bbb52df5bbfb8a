"""What each function may do, as IAM statements: the least that its work needs.

Resources are CloudFormation intrinsics; Chalice passes them through untouched. SSM needs no right
on the key: the AWS managed key of Parameter Store admits whoever may read the parameter.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

Statement = dict[str, Any]
Resource = str | dict[str, Any]

UNRESTRICTABLE: Final = frozenset(
    {
        *(f"comprehend:Detect{what}" for what in ("Sentiment", "KeyPhrases", "PiiEntities")),
        "comprehend:BatchDetectSentiment",
        "ses:GetSuppressedDestination",
    }
)
"""Actions for which AWS offers no resource of ours to name: only these may stand with Resource "*".
Source: Service Authorization Reference, Amazon Comprehend and Amazon SES v2 (whose suppression
list belongs to the account; a tenant, its one resource type, is not used here)."""

_DOMAIN_OF_SUPPORT: Final = {"Fn::Select": [1, {"Fn::Split": ["@", {"Ref": "SupportAddress"}]}]}


def document(log_group: str, rights: Iterable[Statement]) -> dict[str, Any]:
    """The policy of one function: its rights and writing into the log group of that logical id."""
    own_log = _allow(
        ["logs:CreateLogStream", "logs:PutLogEvents"], {"Fn::GetAtt": [log_group, "Arn"]}
    )
    return {"Version": "2012-10-17", "Statement": [own_log, *rights]}


def _allow(
    actions: list[str], *resources: Resource, condition: dict[str, Any] | None = None
) -> Statement:
    statement: Statement = {"Effect": "Allow", "Action": actions, "Resource": list(resources)}
    if condition:
        statement["Condition"] = condition
    return statement


def _objects(action: str, *prefixes: str) -> Statement:
    return _allow([f"s3:{action}"], *({"Fn::Sub": f"${{Bucket.Arn}}/{p}/*"} for p in prefixes))


def _post(*queues: str) -> Statement:
    return _allow(["sqs:SendMessage"], *({"Fn::GetAtt": [f"{q}Queue", "Arn"]} for q in queues))


def _consume(queue: str) -> Statement:
    return _allow(
        ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
        {"Fn::GetAtt": [f"{queue}Queue", "Arn"]},
    )


def _in_account(service: str, *names: str) -> list[Resource]:
    place = "${AWS::Region}:${AWS::AccountId}"
    return [{"Fn::Sub": f"arn:${{AWS::Partition}}:{service}:{place}:{name}"} for name in names]


def _as_us(*actions: str) -> Statement:
    """Sending mail from an address of the support domain, with the configuration set of the stage.

    Identities are not narrowed further: a sandboxed account is also checked against the
    recipient's identity; the condition on the sender is what binds.
    """
    return _allow(
        list(actions),
        *_in_account(
            "ses",
            "identity/*",
            "configuration-set/custops-${Stage}",
            "template/custops-${Stage}-*",
        ),
        condition={
            "StringLike": {"ses:FromAddress": {"Fn::Sub": ["*@${D}", {"D": _DOMAIN_OF_SUPPORT}]}}
        },
    )


# Neither Scan nor anything that alters the table. Transactions are checked by their parts.
_TABLE: Final = _allow(
    [
        f"dynamodb:{verb}"
        for verb in (
            "GetItem",
            "BatchGetItem",
            "Query",
            "ConditionCheckItem",
            "PutItem",
            "UpdateItem",
            "DeleteItem",
            "BatchWriteItem",
        )
    ],
    {"Fn::GetAtt": ["Table", "Arn"]},
    {"Fn::Sub": "${Table.Arn}/index/*"},
)
# Without it S3 answers "access denied", and not "no such key", for an object that is not there.
_SEE_WHAT_IS_MISSING: Final = _allow(["s3:ListBucket"], {"Fn::GetAtt": ["Bucket", "Arn"]})
_PARAMETERS: Final = _allow(
    ["ssm:GetParametersByPath"],
    *_in_account("ssm", "parameter/custops/${Stage}", "parameter/custops/${Stage}/*"),
)
_STREAM: Final = (
    _allow(
        ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
        {"Fn::GetAtt": ["Table", "StreamArn"]},
    ),
    # Lambda asks for it when it makes the mapping.
    _allow(["dynamodb:ListStreams"], {"Fn::Sub": "${Table.Arn}/stream/*"}),
    _allow(["sqs:SendMessage"], {"Fn::GetAtt": ["StreamDeadLetters", "Arn"]}),
)
_TEXT: Final = _allow(
    ["sms-voice:SendTextMessage"],
    *_in_account(
        "sms-voice",
        "phone-number/*",
        "pool/*",
        "sender-id/*",
        "configuration-set/custops-${Stage}",
    ),
)
_TEMPLATES: Final = _allow(
    [f"ses:{verb}EmailTemplate" for verb in ("Create", "Update", "Get", "Delete")],
    *_in_account("ses", "template/custops-${Stage}-*"),
)

# An endpoint is made by people, and named in the settings: any of this account.
_ENDPOINTS: Final = _allow(
    ["comprehend:ClassifyDocument", "comprehend:DescribeEndpoint"],
    *_in_account("comprehend", "document-classifier-endpoint/*"),
)
_CLASSIFIERS: Final = (
    _allow(
        [
            "comprehend:CreateDocumentClassifier",
            "comprehend:DescribeDocumentClassifier",
            "comprehend:StartDocumentClassificationJob",
            "comprehend:DescribeDocumentClassificationJob",
        ],
        *_in_account(
            "comprehend",
            "document-classifier/custops-${Stage}",
            "document-classifier/custops-${Stage}/version/*",
            "document-classification-job/*",
        ),
    ),
    _allow(
        ["iam:PassRole"],
        {"Fn::GetAtt": ["ClassifierRole", "Arn"]},
        condition={"StringEquals": {"iam:PassedToService": "comprehend.amazonaws.com"}},
    ),
)

_PEOPLE: Final = _allow(
    [
        f"cognito-idp:{verb}"
        for verb in (
            "ListUsers",
            "ListUsersInGroup",
            "AdminGetUser",
            "AdminListGroupsForUser",
            "AdminCreateUser",
            "AdminUpdateUserAttributes",
            "AdminAddUserToGroup",
            "AdminRemoveUserFromGroup",
            "AdminEnableUser",
            "AdminDisableUser",
            # Also of who chose a new password by a mailed code: the old one's sessions end.
            "AdminUserGlobalSignOut",
            "AdminSetUserPassword",
        )
    ],
    {"Fn::GetAtt": ["UserPool", "Arn"]},
)

API: Final = (
    _SEE_WHAT_IS_MISSING,
    _TABLE,
    _PARAMETERS,
    _objects(
        *("GetObject", "attachments", "bodies", "mail", "campaigns"),
        *("uploads", "drafts", "index", "exports"),
    ),
    # A form that is signed for uploads/ or drafts/ can do what its signer may.
    _objects(
        *("PutObject", "attachments", "bodies", "mail", "campaigns"),
        *("uploads", "drafts", "exports"),
    ),
    # A customer's right to be forgotten reaches the bodies and originals as well.
    _objects("DeleteObject", "attachments", "bodies", "mail", "uploads"),
    _PEOPLE,
    _post("Mail"),
    _TEXT,  # one-time codes, while the customer waits; test sends of notices
    _as_us("ses:SendEmail", "ses:SendRawEmail"),  # test sends of notices
    _allow(["ses:GetEmailIdentity"], *_in_account("ses", "identity/*")),  # the first steps
)
RECEIVE_MAIL: Final = (
    _consume("Mail"),
    _TABLE,
    _PARAMETERS,
    _objects("GetObject", "mail"),
    _objects("PutObject", "attachments", "bodies"),
)
RECEIVE_SMS: Final = (_consume("Sms"), _TABLE, _PARAMETERS, _objects("PutObject", "bodies"))
RECEIVE_DELIVERY: Final = (_consume("Delivery"), _TABLE)
FORWARD: Final = (
    *_STREAM,
    _post(
        "Triage", "Acknowledge", "Count", "Send", "Plan", "Train", "Answer", "Relate", "Handover"
    ),
)
TRIAGE: Final = (
    _SEE_WHAT_IS_MISSING,
    _consume("Triage"),
    _TABLE,
    _objects("GetObject", "bodies", "models"),
    _allow(
        [
            "comprehend:DetectSentiment",
            "comprehend:BatchDetectSentiment",
            "comprehend:DetectKeyPhrases",
        ],
        "*",
    ),
    _ENDPOINTS,
)
ACKNOWLEDGE: Final = (
    _consume("Acknowledge"),
    _TABLE,
    _PARAMETERS,
    _objects("GetObject", "index"),  # an article may go along
)
COUNT: Final = (
    _consume("Count"),
    _TABLE,
    _allow(["comprehend:DetectPiiEntities"], "*"),  # in what is learnt from a correction
    _PARAMETERS,  # who may have sent the file of a draft is signed
    _objects("DeleteObject", "attachments", "bodies", "mail", "drafts"),  # of whom is forgotten
)
SEND: Final = (
    _consume("Send"),
    _TABLE,
    _PARAMETERS,
    _objects("GetObject", "bodies", "attachments"),
    _as_us("ses:SendEmail", "ses:SendRawEmail"),
    _TEXT,
)
PLAN_CAMPAIGN: Final = (
    _consume("Plan"),
    _TABLE,
    _PARAMETERS,
    _objects("GetObject", "campaigns"),
    _objects("PutObject", "campaigns"),
    _post("Notify"),
    _TEMPLATES,
)
NOTIFY: Final = (
    _consume("Notify"),
    _TABLE,
    _PARAMETERS,
    _objects("GetObject", "campaigns"),
    _as_us("ses:SendEmail", "ses:SendBulkEmail", "ses:SendBulkTemplatedEmail"),
    _allow(["ses:GetSuppressedDestination"], "*"),
    _TEXT,
)
RELATE: Final = (_consume("Relate"), _TABLE, _PARAMETERS)
HAND_OVER: Final = (
    _consume("Handover"),
    _TABLE,
    _PARAMETERS,
    _as_us("ses:SendEmail", "ses:SendRawEmail"),
)
DETECT_TRENDS: Final = (
    _TABLE,
    _objects("GetObject", "trends"),
    _objects("PutObject", "trends"),
    _SEE_WHAT_IS_MISSING,
)
INDEX_KNOWLEDGE: Final = (
    _SEE_WHAT_IS_MISSING,
    _TABLE,
    _objects("GetObject", "index"),
    _objects("PutObject", "index"),
    _objects("DeleteObject", "index"),
)
TRAIN_MODELS: Final = (_TABLE,)
LABEL_CASES: Final = (_TABLE,)
TRAIN: Final = (
    _SEE_WHAT_IS_MISSING,
    _consume("Train"),
    _TABLE,
    _objects("GetObject", "models"),
    _objects("PutObject", "models"),
    *_CLASSIFIERS,
)
ANSWER: Final = (
    _SEE_WHAT_IS_MISSING,
    _consume("Answer"),
    _TABLE,
    _PARAMETERS,
    _objects("GetObject", "bodies", "index"),
)
ANSWER_CALL: Final = (
    _allow(
        ["dynamodb:GetItem", "dynamodb:Query"],
        {"Fn::GetAtt": ["Table", "Arn"]},
        {"Fn::Sub": "${Table.Arn}/index/gsi1"},
    ),
)
KEEP_PROMISES: Final = (_TABLE, _PARAMETERS)
POLL_SOCIAL: Final = (_TABLE, _PARAMETERS, _objects("PutObject", "bodies"))
SWEEP: Final = (
    _TABLE,
    _objects("GetObject", "mail"),
    _allow(
        ["s3:ListBucket"],
        {"Fn::GetAtt": ["Bucket", "Arn"]},
        condition={"StringLike": {"s3:prefix": ["mail/*"]}},
    ),
    _post(
        "Mail",
        "Sms",
        "Delivery",
        "Triage",
        "Acknowledge",
        "Count",
        "Send",
        "Plan",
        "Notify",
        "Train",
        "Answer",
        "Relate",
        "Handover",
    ),
)
