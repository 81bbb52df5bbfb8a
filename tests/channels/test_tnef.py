"""Compressed RTF, as Outlook puts it into winmail.dat."""

from __future__ import annotations

from chalicelib.channels.mail.tnef import decompress, rtf_text

# The worked example of [MS-OXRTFCP] 4.1.1.
COMPRESSED = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af320"
    "68656c090020627705b06c647d0a800fa0"
)


def test_the_example_of_the_specification_is_decompressed() -> None:
    assert decompress(COMPRESSED) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"


def test_torn_input_ends_early() -> None:
    for length in range(len(COMPRESSED)):
        assert len(decompress(COMPRESSED[:length])) <= 43


def test_rtf_is_read_as_text() -> None:
    rtf = rb"{\rtf1\ansi{\fonttbl{\f0 Arial;}}\pard Gr\'fc\'dfe\par zwei \u8364?\par}"
    assert rtf_text(rtf, "cp1252") == "Grüße\nzwei €"
