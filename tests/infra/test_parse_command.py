"""The command that parses a folder of mails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.parse import main


def test_every_file_gets_a_line_whatever_is_in_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mails = tmp_path / "mails"
    (mails / "deep").mkdir(parents=True)
    (mails / "deep" / "b.eml").write_bytes(b"\x00\xff not a mail")
    (mails / "a.eml").write_text(
        "From: Ann <ann@example.org>\nTo: x@example.com\nMessage-ID: <1@x>\n\nhello\n-- \nAnn"
    )
    (mails / "c.eml").symlink_to(mails / "nowhere")
    out = tmp_path / "out" / "mails.jsonl"
    assert main([str(mails), str(out)]) == 0
    first, second = (json.loads(line) for line in out.read_text().splitlines())
    assert (first["file"], second["file"]) == ("a.eml", "deep/b.eml")
    assert (first["disposition"], second["disposition"]) == ("message", "quarantine")
    assert first["from"] == {"name": "Ann", "address": "ann@example.org"}
    assert (first["text"], first["quoted"], first["message_id"]) == ("hello", "--\nAnn", "1@x")
    assert "2 files: 1 message, 1 quarantine" in capsys.readouterr().err


def test_a_missing_folder_is_said_plainly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "none"), str(tmp_path / "out")]) == 2
    assert "no such file" in capsys.readouterr().err
