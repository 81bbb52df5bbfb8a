"""Files in a mail: their names, their types, and which of them to beware of."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from chalicelib.channels.mail import parse_mail
from chalicelib.channels.models import Envelope, InboundMessage

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
HEAD = (
    "From: Ann <ann@example.org>\nTo: help@example.com\nSubject: s\nMessage-ID: <1@example.org>\n"
)


def read(
    mail: str | bytes, own: frozenset[str] = frozenset(), envelope: Envelope | None = None
) -> InboundMessage:
    raw = mail if isinstance(mail, bytes) else mail.encode("utf-8")
    return parse_mail(raw, received_at=NOW, own_addresses=own, envelope=envelope)


def typed(kind: str, body: str) -> str:
    return f"{HEAD}MIME-Version: 1.0\nContent-Type: {kind}\n\n{body}"


def parts(kind: str, *sections: str) -> str:
    inside = "".join(f"--B\n{section}\n" for section in sections)
    return typed(f"{kind}; boundary=B", f"preamble\n{inside}--B--\nepilogue\n")


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ('filename="C:\\\\temp\\\\..\\\\bill.pdf"', "bill.pdf"),
        ("filename*=utf-8''R%C3%A9sum%C3%A9.pdf", "Résumé.pdf"),
        ("filename*0*=utf-8''a%C3%BC; filename*1=b.pdf", "aüb.pdf"),
        ('filename="=?utf-8?B?w7wucGRm?="', "ü.pdf"),
        ("filename=two words.pdf", "two words.pdf"),
        ('filename="../../etc/passwd"', "passwd"),
        ('filename="con.txt"', "_con.txt"),
        ('filename="a\u202egnp.exe"', "agnp.exe"),
        ('filename="' + "a" * 400 + '.pdf"', "a" * 146 + ".pdf"),
        ("x=y", "attachment-1.pdf"),
    ],
)
def test_file_names_are_decoded_and_made_harmless(parameters: str, name: str) -> None:
    section = (
        f"Content-Type: application/pdf\nContent-Disposition: attachment; {parameters}\n\n%PDF-"
    )
    assert read(parts("multipart/mixed", section)).attachments[0].name == name


@pytest.mark.parametrize(
    ("name", "declared", "content", "kind", "dangerous"),
    [
        ("photo.jpg", "image/jpeg", b"MZ" + b"\0" * 80, "application/x-msdownload", True),
        ("bill.pdf.exe", "application/pdf", b"x", "application/pdf", True),
        ("bill.pdf", "application/octet-stream", b"%PDF-1.7", "application/pdf", False),
        ("page.txt", "text/plain", b"<!DOCTYPE html><html>", "text/html", True),
        ("pic.png", "image/png", b"<svg onload=alert(1)>", "image/svg+xml", True),
        ("a.docm", "application/zip", b"PK\x03\x04" + b"\0" * 40, "application/zip", True),
        (
            "a.zip",
            "application/zip",
            b"PK\x03\x04\x14\0\x01\0",
            "application/x-encrypted-archive",
            True,
        ),
        ("a.csv", "application/octet-stream", b"a;b", "text/csv", False),
        ("a.iso", "application/octet-stream", b"x", "application/octet-stream", True),
    ],
)
def test_types_are_sniffed_and_dangerous_files_marked(
    name: str, declared: str, content: bytes, kind: str, dangerous: bool
) -> None:
    head = f'Content-Type: {declared}; name="{name}"\nContent-Transfer-Encoding: base64\n\n'
    mail = parts("multipart/mixed", head + base64.b64encode(content).decode())
    found = read(mail).attachments[0]
    assert (found.type, found.dangerous) == (kind, dangerous)
