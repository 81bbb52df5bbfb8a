"""Raw mail into an inbound message: bodies, files, names, kinds; and that nothing stops it."""

from __future__ import annotations

import base64
import struct
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.channels.mail import parse_mail
from chalicelib.channels.models import Disposition, Envelope, InboundMessage

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
MAILS = sorted((Path(__file__).parent / "data" / "mails").glob("*.eml"))
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


# --- text ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("charset", "encoded", "text"),
    [
        ("iso-8859-1", "Grüße für 5 €".encode("cp1252"), "Grüße für 5 €"),
        ("us-ascii", "Grüße".encode(), "Grüße"),
        ("x-unknown", "Größe und Straße".encode("latin-1"), "Größe und Straße"),
        (
            "utf-8",
            "Größe und Straße, schöne Grüße".encode("latin-1"),
            "Größe und Straße, schöne Grüße",
        ),
        (
            "iso-8859-1",
            "Здравствуйте, заказ не пришёл".encode("koi8-r"),
            "Здравствуйте, заказ не пришёл",
        ),
        ("", "Здравствуйте, заказ не пришёл".encode("cp1251"), "Здравствуйте, заказ не пришёл"),
        (
            "",
            "ご注文の商品がまだ届いていません。".encode("shift_jis"),
            "ご注文の商品がまだ届いていません。",
        ),
        (
            "",
            "我的订单还没有收到，请问什么时候发货？".encode("gbk"),
            "我的订单还没有收到，请问什么时候发货？",
        ),
        ("gb2312", "朱镕基、喆".encode("gbk"), "朱镕基、喆"),
        ("iso-2022-jp", "①まみむ".encode("cp932").join([b"", b""]), "①まみむ"),
        ("ks_c_5601-1987", "똠방각하".encode("cp949"), "똠방각하"),
        ("utf-8", "fÃ¼r alle Ã¼ber 18, schÃ¶n".encode(), "für alle über 18, schön"),
        ("utf-16", b"plain after all", "plain after all"),
        ("windows-1252", "caf\u00e9 \u2013 ok".encode("utf-8"), "café – ok"),
    ],
)
def test_text_is_read_whatever_charset_was_declared(
    charset: str, encoded: bytes, text: str
) -> None:
    kind = f"text/plain; charset={charset}" if charset else "text/plain"
    raw = typed(kind, "").encode() + encoded
    assert read(raw).text == text


def test_undeclared_iso_2022_jp_is_recognised() -> None:
    assert read(HEAD.encode() + b"\n" + "まみむめも".encode("iso-2022-jp")).text == "まみむめも"


def test_flowed_lines_are_joined_again() -> None:
    body = "one \nline\n> quoted \n> line\n-- \nsig"
    found = read(typed("text/plain; format=flowed", body))
    assert found.text == "one line"
    assert "> quoted line" in found.quoted


def test_html_alone_gets_a_text_rendering() -> None:
    found = read(typed("text/html", "<p>Hello&nbsp;<b>you</b></p><p>Bye<br>Ann</p>"))
    assert found.text == "Hello you\n\nBye\nAnn"
    assert "<b>you</b>" in found.html


def test_letters_of_outlook_keep_their_line_spacing() -> None:
    line = '<p class="MsoNormal">{}</p>'
    source = "".join(line.format(t) for t in ("Hello,", "&nbsp;", "it broke.", "Ann"))
    assert read(typed("text/html", source)).text == "Hello,\n\nit broke.\nAnn"


def test_a_named_text_is_read_when_there_is_no_other() -> None:
    found = read(parts("multipart/mixed", "Content-Type: text/plain; name=msg.txt\n\nhello"))
    assert (found.text, found.attachments[0].name) == ("hello", "msg.txt")


def test_a_text_side_that_says_nothing_gives_way_to_html() -> None:
    plain = "Content-Type: text/plain\n\nYour mail client does not support HTML."
    html = "Content-Type: text/html\n\n<p>The real thing</p>"
    assert read(parts("multipart/alternative", plain, html)).text == "The real thing"


def test_markup_tells_the_quote_that_the_text_side_hides() -> None:
    plain = "Content-Type: text/plain\n\nYes please.\n\nZyschdig het dr Support gschribbe\nNoch?"
    html = (
        "Content-Type: text/html\n\n<div>Yes please.</div><div class=gmail_quote>"
        "<div class=gmail_attr>Zyschdig het dr Support gschribbe</div>"
        "<blockquote class=gmail_quote>Noch?</blockquote></div>"
    )
    assert read(parts("multipart/alternative", plain, html)).text == "Yes please."


def test_all_bodies_of_a_mixed_mail_are_read_in_order() -> None:
    first = "Content-Type: text/plain\n\nbefore"
    picture = "Content-Type: image/png; name=a.png\nContent-Disposition: inline\n\nx"
    found = read(parts("multipart/mixed", first, picture, "Content-Type: text/plain\n\nafter"))
    assert found.text == "before\n\nafter"
    assert [a.name for a in found.attachments] == ["a.png"]


def test_pictures_of_the_mail_itself_stay_reachable_by_cid() -> None:
    html = 'Content-Type: text/html\n\n<img src="cid:a@b"><img src="https://x.example/t.gif">'
    picture = "Content-Type: image/png\nContent-ID: <a@b>\n\n\x89PNG"
    found = read(parts("multipart/related", html, picture))
    assert found.attachments[0].content_id == "a@b"
    assert found.attachments[0].inline
    assert 'src="cid:a@b"' in found.html
    assert 'src="https' not in found.html.replace('data-src="https', "")


def test_signed_text_is_shown_and_the_signature_kept() -> None:
    text = "Content-Type: text/plain\n\nsigned words"
    signature = "Content-Type: application/pgp-signature; name=signature.asc\n\nxyz"
    found = read(parts("multipart/signed", text, signature))
    assert found.text == "signed words"
    assert [a.type for a in found.attachments] == ["application/pgp-signature"]


def test_inline_pgp_loses_its_armour() -> None:
    body = (
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n- -dash\nwords\n"
        "-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n"
    )
    found = read(f"{HEAD}\n{body}")
    assert found.text == "-dash\nwords"
    assert found.attachments[0].name == "signature.asc"


def test_encrypted_mail_is_kept_and_says_so() -> None:
    found = read(
        parts(
            "multipart/encrypted",
            "Content-Type: application/pgp-encrypted\n\nVersion: 1",
            "Content-Type: application/octet-stream; name=encrypted.asc\n\n-----BEGIN PGP MES",
        )
    )
    assert any("encrypted" in d for d in found.defects)
    assert "encrypted.asc" in [a.name for a in found.attachments]


def test_opaquely_signed_smime_is_read() -> None:
    inner = b"Content-Type: text/plain\r\n\r\nhello from inside"
    octets = b"\x04" + bytes([len(inner)]) + inner
    content = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01" + _der(0xA0, octets)
    signed = b"\x02\x01\x01" + _der(0x31, b"") + _der(0x30, content)
    whole = _der(
        0x30, b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02" + _der(0xA0, _der(0x30, signed))
    )
    body = base64.b64encode(whole).decode()
    kind = "application/pkcs7-mime; smime-type=signed-data; name=smime.p7m"
    found = read(f"{HEAD}Content-Type: {kind}\nContent-Transfer-Encoding: base64\n\n{body}")
    assert found.text == "hello from inside"
    assert found.attachments[0].name == "smime.p7m"


def _der(tag: int, content: bytes) -> bytes:
    return bytes([tag, len(content)]) + content


def test_an_invitation_is_readable() -> None:
    event = (
        "BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nSUMMARY:Visit\\, short\n"
        "DTSTART;TZID=Europe/Berlin:20260115T100000\nDTEND;TZID=Europe/Berlin:20260115T110000\n"
        'LOCATION:Room 5\nORGANIZER;CN="Ann":mailto:ann@example.org\nEND:VEVENT\nEND:VCALENDAR'
    )
    found = read(typed("text/calendar; method=REQUEST", event))
    assert found.text.split("\n") == [
        "Invitation: Visit, short",
        "When: 2026-01-15 10:00 (Europe/Berlin) – 2026-01-15 11:00 (Europe/Berlin)",
        "Where: Room 5",
        "Organiser: Ann <ann@example.org>",
    ]
    assert found.attachments[0].name == "invite.ics"


def test_winmail_dat_is_opened() -> None:
    data = base64.b64encode(_tnef("the body", "résumé.pdf", b"%PDF-1.4 x")).decode()
    head = "Content-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64"
    section = f"{head}\n\n{data}"
    found = read(parts("multipart/mixed", section))
    assert found.text == "the body"
    assert [(a.name, a.type, a.bytes) for a in found.attachments] == [
        ("résumé.pdf", "application/pdf", 10)
    ]


def test_broken_winmail_dat_stays_a_file_with_a_defect() -> None:
    found = read(parts("multipart/mixed", "Content-Type: application/ms-tnef\n\nnot tnef"))
    assert found.attachments[0].name == "winmail.dat"
    assert any("winmail.dat" in d for d in found.defects)


def _tnef(body: str, name: str, file: bytes) -> bytes:
    def attribute(level: int, identity: int, value: bytes) -> bytes:
        checksum = sum(value) & 0xFFFF
        return (
            struct.pack("<BII", level, identity, len(value)) + value + struct.pack("<H", checksum)
        )

    return (
        struct.pack("<IH", 0x223E9F78, 1)
        + attribute(1, 0x00069007, struct.pack("<II", 1252, 0))
        + attribute(1, 0x0002800C, body.encode("cp1252") + b"\0")
        + attribute(2, 0x00069002, b"\0" * 14)
        + attribute(2, 0x00018010, name.encode("cp1252") + b"\0")
        + attribute(2, 0x0006800F, file)
    )


def test_uuencoded_files_in_old_mail_become_attachments() -> None:
    found = read(f"{HEAD}\nlook\n\nbegin 644 a.txt\n#86)C\n`\nend\nbye\n")
    assert found.text == "look\n\n\nbye".replace("\n\n\n", "\n\n")
    assert (found.attachments[0].name, found.attachments[0].content) == ("a.txt", b"abc")


def test_a_wordless_forward_by_attachment_shows_what_is_forwarded() -> None:
    inner = "From: Carla <carla@example.net>\nSubject: Chair\n\nIt broke."
    found = read(parts("multipart/mixed", f"Content-Type: message/rfc822\n\n{inner}"))
    assert found.text == "It broke."
    assert found.forwarded is not None
    assert found.forwarded.address == "carla@example.net"
    assert found.attachments[0].name == "Chair.eml"


# --- structure -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "mail",
    [
        typed("multipart/mixed", "--X\nContent-Type: text/plain\n\nhello\n--X--"),
        typed("multipart/mixed; boundary=other", "--X\nContent-Type: text/plain\n\nhello\n--X--"),
        typed("multipart/mixed; boundary=X", "hello"),
        typed("multipart/mixed; boundary=X", "--X\n\nhello"),
        typed("text", "hello"),
        HEAD + "no field\nX-Other: y\n\nhello",
        "\n\n" + HEAD + "\nhello",
        "From ann Thu Jan  1 00:00:00 2026\n" + HEAD + "\nhello",
        (HEAD + "\nhello").replace("\n", "\r"),
    ],
)
def test_the_text_of_a_broken_structure_is_found(mail: str) -> None:
    assert read(mail).text == "hello"


def test_a_thousand_parts_and_deep_nesting_are_survived() -> None:
    many = [f"Content-Type: application/pdf; name=a{i}.pdf\n\n%PDF-" for i in range(1000)]
    assert len(read(parts("multipart/mixed", *many)).attachments) == 1000
    deep = "".join(f"Content-Type: multipart/mixed; boundary=B{i}\n\n--B{i}\n" for i in range(1500))
    assert "nested too deeply" in read(HEAD + deep + "\nx").defects


# --- anything ------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", MAILS, ids=lambda f: f.stem)
def test_real_broken_mails_are_read(file: Path) -> None:
    found = parse_mail(file.read_bytes(), received_at=NOW)
    assert found.disposition is not Disposition.QUARANTINE
    assert not any("parser failed" in d for d in found.defects)


PIECES = st.sampled_from(
    [
        "From: a@example.org\n", "Content-Type: multipart/mixed; boundary=B\n", "--B\n", "--B--\n",
        "\n", "Content-Transfer-Encoding: base64\n", "=?utf-8?B?w7w=?=", "=?x?q?", "Subject: ",
        "<div>", "<blockquote type=cite>", "</div>", "> ", "On 1 Jan 2026 A <a@b.c> wrote:\n",
        "begin 644 x\n", "Content-Type: text/html\n", "Content-Type: application/ms-tnef\n",
        "x\x9f>\"", "\x1b$B", "; name*0*=utf-8''%", '"', "BEGIN:VEVENT\n", "DTSTART:", "-- \n",
        "Content-Type: message/delivery-status\n", "Final-Recipient: ", "\ufffd", "\x00",
    ]
)  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.one_of(st.binary(max_size=300), st.lists(PIECES, max_size=40).map("".join)))
def test_no_bytes_at_all_stop_the_parser(mail: bytes | str) -> None:
    raw = mail if isinstance(mail, bytes) else mail.encode("utf-8", "replace")
    found = read(raw)
    assert not any("parser failed" in d for d in found.defects)
    found.model_dump_json(exclude={"attachments"})
