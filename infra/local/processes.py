"""The children of the supervisor: their environment, their start and their end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from infra.local.amazon import CREDENTIALS, REGION
from infra.local.layout import Layout, read_json, write_json

HOST = "127.0.0.1"
INNER = ("cloud", "aws")
LOG_LIMIT = 20 * 1024 * 1024  # bytes


@dataclass(frozen=True)
class Ports:
    """Where everything listens, all on 127.0.0.1."""

    front: int
    smtp: int
    cloud: int  # the embedded AWS
    aws: int  # the services that it lacks

    @property
    def public(self) -> str:
        return f"http://{HOST}:{self.front}"

    @property
    def cloud_url(self) -> str:
        return f"http://{HOST}:{self.cloud}"

    @property
    def aws_url(self) -> str:
        return f"http://{HOST}:{self.aws}"


def choose_ports(layout: Layout, front: int, smtp: int) -> Ports:
    """Inner ports of the last run where they are free, else any free ones."""
    before = read_json(layout.ports)
    inner: dict[str, int] = {}
    for name in INNER:
        wanted = int(before.get(name, 0))
        taken = {front, smtp, *inner.values()}
        inner[name] = wanted if wanted not in taken and is_free(wanted) else free_port(taken)
    write_json(layout.ports, inner)
    return Ports(front, smtp, **inner)


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return port != 0


def free_port(taken: set[int]) -> int:
    """A port that nobody listens on."""
    while True:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            port = int(probe.getsockname()[1])
        if port not in taken:
            return port


def aws_environment(ports: Ports) -> dict[str, str]:
    """How boto3 finds the local AWS, in the functions and in the deployer."""
    return {
        "AWS_ACCESS_KEY_ID": CREDENTIALS["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": CREDENTIALS["aws_secret_access_key"],
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        # Nothing of the developer's own account may be read, not even by mistake.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": ports.cloud_url,
        "AWS_ENDPOINT_URL_SESV2": ports.aws_url,
        "AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2": ports.aws_url,
        "AWS_ENDPOINT_URL_COMPREHEND": ports.aws_url,
        "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": ports.aws_url,
    }


def cloud_environment(layout: Layout, ports: Ports) -> dict[str, str]:
    """All that the embedded AWS sees, and so, beside their own variables, the functions."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "TMPDIR": str(layout.cloud / "tmp"),
        "GATEWAY_PORT": str(ports.cloud),
        "BIND_HOST": HOST,
        "PERSIST_STATE": "1",
        "STATE_DIR": str(layout.cloud / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(layout.cloud / "s3"),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LAMBDA_EXECUTOR": "local",
        "LOG_LEVEL": "WARNING",
        "CLOCK_FILE": str(layout.clock),
        **aws_environment(ports),
    }


def tool_environment(ports: Ports) -> dict[str, str]:
    """For the packager and the deployer: the developer's own environment, less its AWS."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**own, **aws_environment(ports)}


class Child:
    """A process that ends when the supervisor does, in whatever way (see children.py).

    It leads a process group of its own.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        self.name = name
        if log.exists() and log.stat().st_size > LOG_LIMIT:
            log.replace(log.with_suffix(".old.log"))
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=None if environment is None else dict(environment),
                cwd=folder,
                process_group=0,
            )

    @property
    def code(self) -> int | None:
        """Exit code; None while it runs."""
        return self._process.poll()

    def stop(self, patience: float) -> bool:
        """Ask it to end and wait; kill it after `patience` seconds. True when it obeyed.

        Whatever it started (processes of functions) and that is still there goes with it.
        """
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return False
        finally:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            if self._process.stdin is not None:
                self._process.stdin.close()
        return True


def doors_command(layout: Layout, ports: Ports, sms_number: str) -> list[str]:
    """How the doors are started."""
    return [
        sys.executable, "-m", "infra.local.doors",
        "--state", str(layout.root),
        "--port", str(ports.front),
        "--smtp-port", str(ports.smtp),
        "--aws-port", str(ports.aws),
        "--cloud", ports.cloud_url,
        "--sms-number", sms_number,
    ]  # fmt: skip


def cloud_command(layout: Layout, ports: Ports, python: str) -> list[str]:
    """How the embedded AWS is started, by the Python of its own virtual environment."""
    return [
        python, "-m", "infra.local.cloud",
        "--state", str(layout.root),
        "--port", str(ports.cloud),
    ]  # fmt: skip
