"""What `run` does between starting the processes and saying ready. Each step may be repeated."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from infra.local import mastodon, mastodon_routes
from infra.local.amazon import make_client
from infra.local.layout import Layout, checkpoint_time, read_json, write_json
from infra.local.processes import HOST, Ports, tool_environment

STAGE = "local"
SENTENCE_MODEL = ".build/semantic/sentence_model"  # made by `make semantic`
API_STAGE = "api"
SUPPORT_ADDRESS = "support@example.com"
CONFIGURATION_SET = f"custops-{STAGE}"
EVENT_KINDS = ["SEND", "DELIVERY", "BOUNCE", "COMPLAINT", "REJECT", "RENDERING_FAILURE"]
LOGINS = {"admin@example.com": "admin", "lead@example.com": "lead", "agent@example.com": "agent"}
SOURCES = ("app.py", "requirements.txt", ".chalice", "chalicelib", "infra")
HEALTH = "/v1/health"
WARM_CALLS = 4
PATIENCE = 180  # seconds; on a busy machine a cold function takes long, and is no failure
NO_EVENTS = ("APIHandler", "Authorize", "authorize", "AnswerCall", "answer_call")
"""Functions that no event without records starts."""
SIGNED_IN = "/v1/me"
SCHEDULED = {
    "version": "0",
    "id": "warm-up",
    "source": "aws.events",
    "detail-type": "Scheduled Event",
    "account": "000000000000",
    "region": "us-east-1",
    "time": "2026-01-01T00:00:00Z",
    "resources": [],
    "detail": {},
}
_MAPPING_KEYS = (
    "EventSourceArn", "BatchSize", "MaximumBatchingWindowInSeconds", "FilterCriteria",
    "DestinationConfig", "ParallelizationFactor", "MaximumRecordAgeInSeconds",
    "BisectBatchOnFunctionError", "MaximumRetryAttempts", "FunctionResponseTypes",
)  # fmt: skip


class StepFailed(Exception):
    """A step did not work; the text says what a developer can look at."""


def wait_for(what: str, ready: Callable[[], bool], patience: float) -> None:
    """Ask until it is so; raises StepFailed after `patience` seconds."""
    until = time.monotonic() + patience
    while not ready():
        if time.monotonic() > until:
            raise StepFailed(f"{what} was not there after {patience:.0f} s")
        time.sleep(0.05)


def answers(url: str) -> bool:
    """Whether a server answers there, whatever it says."""
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def package(layout: Layout, project: Path, ports: Ports) -> bool:
    """Make the package unless its sources are unchanged; returns whether it was made."""
    mark = layout.package / "sources.sha256"
    semantic = os.environ.get("SEMANTIC", "") == "1"
    digest = source_digest(project) + (" semantic" if semantic else "")
    if mark.exists() and mark.read_text() == digest:
        return False
    layout.package.mkdir(exist_ok=True)
    mark.unlink(missing_ok=True)
    arguments = ["--stage", STAGE, "--out", str(layout.package)]
    if semantic:
        arguments += ["--semantic", str(project / SENTENCE_MODEL)]
    _tool("infra.package", arguments, layout, project, ports)
    mark.write_text(digest)
    return True


def source_digest(project: Path) -> str:
    """SHA-256 over everything that a package is made from."""
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted(_source_files(project)):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(project)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _source_files(project: Path) -> Iterator[Path]:
    ours = Path(__file__).parent
    for name in SOURCES:
        root = project / name
        for path in root.rglob("*") if root.is_dir() else [root]:
            skipped = {"__pycache__", "deployments", "deployed", "benchmarks"} & set(path.parts)
            if path.is_file() and not skipped and ours not in path.parents:
                yield path


def deploy(layout: Layout, project: Path, ports: Ports) -> dict[str, str]:
    """Create or update the stack and tell the doors about it; returns its outputs."""
    arguments = ["--stage", STAGE, "--package", str(layout.package), "--public-url", ports.public]
    printed = _tool("infra.deploy", arguments, layout, project, ports)
    outputs = {key: str(value) for key, value in json.loads(printed.splitlines()[-1]).items()}
    found = re.search(r"//([a-z0-9]+)\.execute-api\.|/restapis/([a-z0-9]+)/", outputs["ApiUrl"])
    if found is None:
        raise StepFailed("the stack's ApiUrl names no API")
    api = found[1] or found[2]
    outputs["ApiTarget"] = f"{ports.cloud_url}/restapis/{api}/{API_STAGE}/_user_request_"
    write_json(layout.stack, outputs)
    return outputs


def _tool(module: str, arguments: list[str], layout: Layout, project: Path, ports: Ports) -> str:
    log = layout.logs / f"{module}.log"
    with log.open("w", encoding="utf-8") as errors:
        ended = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=project,
            env=tool_environment(ports),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            check=False,
        )
    with log.open("a", encoding="utf-8") as file:
        file.write(ended.stdout)
    if ended.returncode:
        last = "\n".join(log.read_text(encoding="utf-8").splitlines()[-15:])
        raise StepFailed(f"{module} ended with {ended.returncode}; see {log}\n{last}")
    return ended.stdout


def prepare_mail(outputs: dict[str, str], ports: Ports) -> None:
    """What the mail stack does on AWS: identity, configuration set, events to DeliveryTopic."""
    ses = make_client("sesv2", ports.aws_url)
    domain = SUPPORT_ADDRESS.rpartition("@")[2]
    _unless_there(ses, "create_email_identity", EmailIdentity=domain)
    _unless_there(ses, "create_configuration_set", ConfigurationSetName=CONFIGURATION_SET)
    destination = {
        "ConfigurationSetName": CONFIGURATION_SET,
        "EventDestinationName": "custops",
        "EventDestination": {
            "Enabled": True,
            "MatchingEventTypes": EVENT_KINDS,
            "SnsDestination": {"TopicArn": outputs["DeliveryTopicArn"]},
        },
    }
    if not _unless_there(ses, "create_configuration_set_event_destination", **destination):
        ses.update_configuration_set_event_destination(**destination)
    sms = make_client("pinpoint-sms-voice-v2", ports.aws_url)
    _unless_there(sms, "create_configuration_set", ConfigurationSetName=CONFIGURATION_SET)
    _unless_there(
        sms,
        "create_event_destination",
        ConfigurationSetName=CONFIGURATION_SET,
        EventDestinationName="custops",
        MatchingEventTypes=["TEXT_ALL"],
        SnsDestination={"TopicArn": outputs["DeliveryTopicArn"]},
    )


def prepare_campaigns(outputs: dict[str, str], ports: Ports) -> None:
    """Whoever tries a campaign here does so at any hour and again and again: no quiet hours, and
    a limit of notices that nobody meets, unless somebody set up something else."""
    if "TableName" not in outputs:
        return
    key = {"pk": {"S": "SETTINGS"}, "sk": {"S": "campaigns"}}
    cap = {"M": {"notices": {"N": "1000"}}}
    fresh = {
        "type": {"S": "settings"},
        "document": {"M": {"quiet_hours": {"M": {}}, "fatigue": cap}},
        "version": {"N": "1"},
        "updated_by": {"S": "make run"},
    }
    _unless_there(
        make_client("dynamodb", ports.cloud_url),
        "put_item",
        TableName=outputs["TableName"],
        Item={**key, **fresh},
        ConditionExpression="attribute_not_exists(pk)",
    )


def prepare_network(outputs: dict[str, str], ports: Ports) -> None:
    """Connect the support account of the small Mastodon, unless somebody set up another one.

    An application without a table (that of the tests) keeps no settings.
    """
    if "TableName" not in outputs:
        return
    ssm = make_client("ssm", ports.cloud_url)
    name = f"/custops/{STAGE}/mastodon-token"
    ssm.put_parameter(Name=name, Value=mastodon.TOKEN, Type="SecureString", Overwrite=True)
    instance = {"S": f"{ports.public}{mastodon_routes.BASE}"}
    account = {"M": {"instance": instance, "account": {"S": mastodon.ACCOUNT}}}
    table = make_client("dynamodb", ports.cloud_url)
    key = {"pk": {"S": "SETTINGS"}, "sk": {"S": "channels"}}
    fresh = {
        "type": {"S": "settings"},
        "document": {"M": {"mastodon": account}},
        "version": {"N": "1"},
        "updated_by": {"S": "make run"},
    }
    where = {"TableName": outputs["TableName"]}
    condition = "attribute_not_exists(pk)"
    if _unless_there(
        table, "put_item", **where, Item={**key, **fresh}, ConditionExpression=condition
    ):
        return
    # The last run may have had another port.
    _unless_there(
        table,
        "update_item",
        **where,
        Key=key,
        UpdateExpression="SET document.mastodon.instance = :here",
        ConditionExpression="begins_with(document.mastodon.instance, :local)",
        ExpressionAttributeValues={":here": instance, ":local": {"S": f"http://{HOST}:"}},
    )


def _unless_there(client: Any, method: str, **arguments: Any) -> bool:
    """Create; False when it exists already."""
    from botocore.exceptions import ClientError

    existing = {
        "AlreadyExistsException", "ConflictException",
        "UsernameExistsException", "GroupExistsException", "ConditionalCheckFailedException",
    }  # fmt: skip
    try:
        getattr(client, method)(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] in existing:
            return False
        raise
    return True


def create_logins(layout: Layout, outputs: dict[str, str], ports: Ports) -> dict[str, str]:
    """The demo logins with the passwords of this installation; returns {email: password}."""
    kept = read_json(layout.logins)
    # Upper and lower case, digit and symbol, whatever chance brings.
    logins = {mail: str(kept.get(mail) or f"Aa1!{secrets.token_urlsafe(12)}") for mail in LOGINS}
    write_json(layout.logins, logins)
    cognito, pool = make_client("cognito-idp", ports.cloud_url), outputs["UserPoolId"]
    for mail, password in logins.items():
        verified = [
            {"Name": "email", "Value": mail},
            {"Name": "email_verified", "Value": "true"},
        ]
        who = {"UserPoolId": pool, "Username": mail}
        _unless_there(
            cognito, "admin_create_user", **who, UserAttributes=verified, MessageAction="SUPPRESS"
        )
        cognito.admin_set_user_password(**who, Password=password, Permanent=True)
        _unless_there(cognito, "create_group", UserPoolId=pool, GroupName=LOGINS[mail])
        cognito.admin_add_user_to_group(**who, GroupName=LOGINS[mail])
    return logins


def renew_stream_mappings(ports: Ports) -> int:
    """Re-create the mappings of table streams; returns how many.

    The embedded AWS keeps a mapping's position over a restart but not the stream, so an old
    mapping would wait for records that never come.
    """
    functions = make_client("lambda", ports.cloud_url)
    found = functions.list_event_source_mappings(MaxItems=100)["EventSourceMappings"]
    streams = [mapping for mapping in found if ":dynamodb:" in mapping["EventSourceArn"]]
    newest: dict[tuple[str, str], dict[str, Any]] = {}
    for mapping in sorted(streams, key=lambda mapping: mapping["LastModified"]):
        newest[mapping["FunctionArn"], mapping["EventSourceArn"]] = mapping
    for mapping in newest.values():
        kept = {
            key: mapping[key] for key in _MAPPING_KEYS if mapping.get(key) not in (None, {}, [])
        }
        functions.create_event_source_mapping(
            FunctionName=mapping["FunctionArn"], StartingPosition="TRIM_HORIZON", **kept
        )
    for mapping in streams:
        functions.delete_event_source_mapping(UUID=mapping["UUID"])
    return len(newest)


def warm_up(ports: Ports) -> None:
    """Start a process of each function, so that the first customer does not wait for them all.

    A mail passes through six functions one after the other; cold, that would take seconds. Event
    functions get an event without records, the API a few calls at once, one of them signed in.
    """
    wait_for("the API", lambda: _status(f"{ports.public}{HEALTH}") < 500, 60)
    functions = make_client("lambda", ports.cloud_url, read_timeout=PATIENCE)
    names = [entry["FunctionName"] for entry in functions.list_functions()["Functions"]]
    event = json.dumps({**SCHEDULED, "Records": []}).encode()
    with ThreadPoolExecutor(WARM_CALLS) as pool:
        calls = [pool.submit(_status, f"{ports.public}{HEALTH}") for _ in range(WARM_CALLS)]
        calls.append(pool.submit(_status, f"{ports.public}{SIGNED_IN}", "Bearer warm"))
        calls += [
            pool.submit(functions.invoke, FunctionName=name, Payload=event)
            for name in names
            if not any(other in name for other in NO_EVENTS)
        ]
    for call in calls:
        call.result()


def _status(url: str, token: str = "") -> int:
    request = urllib.request.Request(url, headers={"Authorization": token} if token else {})
    try:
        with urllib.request.urlopen(request, timeout=35) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 599


def wait_for_checkpoint(layout: Layout, since: float) -> None:
    """Until what was there at `since` (seconds since the epoch) would survive a kill."""
    wait_for("a checkpoint", lambda: checkpoint_time(layout) > since, 60)


def smtp_answers(port: int) -> bool:
    """Whether the mail door is open."""
    try:
        with socket.create_connection((HOST, port), timeout=5) as connection:
            return connection.recv(3) == b"220"
    except OSError:
        return False
