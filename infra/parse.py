"""`make parse MAILS=folder OUT=file.jsonl`: what intake would read in a folder of raw mails.

One JSON line a file, in the order of their paths; no file stops it. Counts at the end.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from chalicelib.channels.mail import parse_mail
from chalicelib.channels.models import Address, InboundMessage


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse MAILS into OUT; exit status 0 unless the folder is missing or OUT cannot be written."""
    parser = argparse.ArgumentParser(prog="infra.parse", description=__doc__)
    parser.add_argument("mails", type=Path, help="folder of raw mails, or one of them")
    parser.add_argument("out", type=Path, help="file to write, a JSON line a mail")
    chosen = parser.parse_args(arguments)
    if not chosen.mails.exists():
        print(f"{chosen.mails}: no such file or folder", file=sys.stderr)
        return 2
    files = mail_files(chosen.mails)
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    started, counts = time.process_time(), Counter[str]()
    with chosen.out.open("w", encoding="utf-8") as out:
        for line in lines(chosen.mails, _progress(files, sys.stderr)):
            counts[line["disposition"]] += 1
            counts["with defects"] += bool(line["defects"])
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
    spent = time.process_time() - started
    each = f"{1000 * spent / len(files):.2f} ms CPU each" if files else "nothing to do"
    found = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    print(f"{len(files)} files: {found}; {each} → {chosen.out}", file=sys.stderr)
    return 0


def mail_files(folder: Path) -> list[Path]:
    """All files below `folder` in order, hidden ones left out."""
    if folder.is_file():
        return [folder]
    found = (p for p in folder.rglob("*") if p.is_file() and not p.name.startswith("."))
    return sorted(found)


def lines(folder: Path, files: Iterator[Path] | Sequence[Path]) -> Iterator[dict[str, Any]]:
    """What each file says, as the JSON object of its line."""
    for file in files:
        name = str(file.relative_to(folder)) if folder.is_dir() else file.name
        try:
            raw = file.read_bytes()
            received = datetime.fromtimestamp(file.stat().st_mtime, UTC)
        except OSError as error:
            yield {**_line(name, None), "defects": [f"file cannot be read: {error.strerror}"]}
            continue
        yield _line(name, parse_mail(raw, received_at=received, raw_key=name))


def _line(name: str, message: InboundMessage | None) -> dict[str, Any]:
    if message is None:
        message = InboundMessage.model_validate(
            {
                "channel": "email",
                "external_id": "",
                "sender": {"address": ""},
                "disposition": "quarantine",
                "reason": "the file cannot be read",
                "received_at": datetime.now(UTC),
            }
        )
    return {
        "file": name,
        "disposition": message.disposition.value,
        "reason": message.reason,
        "from": _address(message.sender),
        "to": [_address(a) for a in message.recipients],
        "cc": [_address(a) for a in message.cc],
        "subject": message.subject,
        "text": message.text,
        "quoted": message.quoted,
        "html": message.html,
        "attachments": [
            {"name": a.name, "type": a.type, "bytes": a.bytes, "dangerous": a.dangerous}
            for a in message.attachments
        ],
        "message_id": message.message_id,
        "references": list(message.references),
        "reports": [r.model_dump() for r in message.reports],
        "forwarded": _address(message.forwarded) if message.forwarded else None,
        "defects": list(message.defects),
    }


def _address(address: Address) -> dict[str, str]:
    return {"name": address.name, "address": address.address}


def _progress(files: Sequence[Path], screen: TextIO) -> Iterator[Path]:
    """The files, with a bar on `screen` when it is a terminal."""
    shown = screen.isatty()
    for number, file in enumerate(files, 1):
        yield file
        if shown and (number % 20 == 0 or number == len(files)):
            filled = 40 * number // len(files)
            screen.write(f"\r[{'#' * filled}{'.' * (40 - filled)}] {number}/{len(files)}")
            screen.write("\n" if number == len(files) else "")
            screen.flush()


if __name__ == "__main__":
    sys.exit(main())
