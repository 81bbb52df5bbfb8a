"""E-mail through SES v2 (SendEmail with raw MIME, SendBulkEmail with a template)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.gateways.sending import THROTTLED, meaning
from chalicelib.ports import BulkEntry, BulkResult, MailDomain

SIGNING_ZONE = "dkim.amazonses.com"
THROTTLED_ENTRIES = THROTTLED | {
    "ACCOUNT_THROTTLED",
    "ACCOUNT_DAILY_QUOTA_EXCEEDED",
    "TRANSIENT_FAILURE",
}


class SesMailer:
    """See ports.Mailer. The client must not retry (gateways/clients.py)."""

    def __init__(self, client: Any, configuration_set: str) -> None:
        self._client = client
        self._configuration = (
            {"ConfigurationSetName": configuration_set} if configuration_set else {}
        )

    def send(self, raw: bytes, *, sender: str, to: Sequence[str], tags: Mapping[str, str]) -> str:
        with meaning():
            answer = self._client.send_email(
                FromEmailAddress=sender,
                Destination={"ToAddresses": list(to)},
                Content={"Raw": {"Data": raw}},
                EmailTags=_tags(tags),
                **self._configuration,
            )
        return str(answer["MessageId"])

    def domain(self, name: str) -> MailDomain | None:
        try:
            found = self._client.get_email_identity(EmailIdentity=name)
        except self._client.exceptions.NotFoundException:
            return None
        signing = found.get("DkimAttributes", {})
        return MailDomain(
            sends=bool(found.get("VerifiedForSendingStatus")),
            signs=signing.get("Status") == "SUCCESS",
            tokens=tuple(signing.get("Tokens", ())),
            signing_zone=signing.get("SigningHostedZone") or SIGNING_ZONE,
        )

    def put_template(self, name: str, subject: str, text: str) -> None:
        content = {"TemplateName": name, "TemplateContent": {"Subject": subject, "Text": text}}
        try:
            self._client.create_email_template(**content)
        except self._client.exceptions.AlreadyExistsException:
            self._client.update_email_template(**content)

    def delete_template(self, name: str) -> None:
        self._client.delete_email_template(TemplateName=name)

    def send_bulk(
        self,
        *,
        sender: str,
        template: str,
        entries: Sequence[BulkEntry],
        tags: Mapping[str, str],
        reply_to: str = "",
    ) -> list[BulkResult]:
        answers = {"ReplyToAddresses": [reply_to]} if reply_to else {}
        with meaning():
            answer = self._client.send_bulk_email(
                FromEmailAddress=sender,
                DefaultContent={"Template": {"TemplateName": template, "TemplateData": "{}"}},
                DefaultEmailTags=_tags(tags),
                BulkEmailEntries=[_entry(entry) for entry in entries],
                **answers,
                **self._configuration,
            )
        return [_result(result) for result in answer["BulkEmailEntryResults"]]


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in tags.items()]


def _entry(entry: BulkEntry) -> dict[str, Any]:

    content = {"ReplacementTemplate": {"ReplacementTemplateData": json.dumps(entry.fields)}}
    shaped: dict[str, Any] = {
        "Destination": {"ToAddresses": [entry.to]},
        "ReplacementEmailContent": content,
        "ReplacementTags": _tags(entry.tags),
    }
    if entry.headers:
        shaped["ReplacementHeaders"] = _tags(entry.headers)
    return shaped


def _result(result: Mapping[str, str]) -> BulkResult:
    if result.get("Status") == "SUCCESS":
        return BulkResult(provider_id=result.get("MessageId", ""))
    status = result.get("Status", "")
    return BulkResult(error=result.get("Error") or status, throttled=status in THROTTLED_ENTRIES)
