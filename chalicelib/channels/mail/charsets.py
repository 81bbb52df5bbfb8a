"""Bytes of a mail into text, whatever was declared.

Order of trust: byte order mark, pure ASCII, valid UTF-8 (no legacy text looks like it by chance),
the declared charset, and only then a guess from the frequency of letters. Labels are read as
browsers read them (WHATWG Encoding Standard): "iso-8859-1" means windows-1252, and so on.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

from chalicelib.channels.mail.charset_guess import guess

__all__ = ["clean", "codec_name", "decode", "repair"]

_WHATWG = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "big5": "cp950",
    "iso2022_jp": "iso2022_jp_ext",
}
_LABELS = {
    "ks-c-5601-1987": "cp949",
    "ks-c-5601-1989": "cp949",
    "ksc5601": "cp949",
    "windows-949": "cp949",
    "x-windows-949": "cp949",
    "x-sjis": "cp932",
    "sjis": "cp932",
    "windows-31j": "cp932",
    "ms-kanji": "cp932",
    "x-euc-jp": "euc_jp",
    "cp50220": "iso2022_jp_ext",
    "cp50221": "iso2022_jp_ext",
    "cp936": "gb18030",
    "x-gbk": "gb18030",
    "gb-2312": "gb18030",
    "gb-2312-80": "gb18030",
    "gb2312-80": "gb18030",
    "x-euc-cn": "gb18030",
    "euc-cn": "gb18030",
    "x-x-big5": "cp950",
    "big5-eten": "cp950",
    "big5-hkscs": "big5hkscs",
    "windows-874": "cp874",
    "x-mac-roman": "mac_roman",
    "x-mac-cyrillic": "mac_cyrillic",
    "unicode-1-1-utf-7": "utf_7",
    "unicode-1-1-utf-8": "utf_8",
    "utf8mb4": "utf_8",
    "cp65001": "utf_8",
    "x-utf8": "utf_8",
    "cp1252-1": "cp1252",
    "iso-8859-8-i": "iso8859_8",
    "iso-8859-8-e": "iso8859_8",
    "iso-8859-6-i": "iso8859_6",
    "x-cp1250": "cp1250",
    "x-cp1251": "cp1251",
    "x-cp1252": "cp1252",
    "ansi": "cp1252",
    "koi8": "koi8_r",
    "koi": "koi8_r",
    "x-ansi": "cp1252",
}
_UNSAFE = {"unicode_escape", "raw-unicode-escape", "unicode-escape", "idna", "punycode"}
_UNSAFE |= {"raw_unicode_escape", "undefined", "mbcs", "oem"}
_EAST_ASIAN = ("cp949", "gb18030", "cp932", "cp950", "big5hkscs", "euc_jp")
_STATEFUL = ("iso2022", "utf_7", "utf-7", "utf-16", "utf-32", "hz")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_C1 = {i: bytes([i]).decode("cp1252", "ignore") or chr(i) for i in range(0x80, 0xA0)}


def decode(data: bytes, declared: str, defects: list[str]) -> str:
    """`data` as text; never raises. What had to be assumed is appended to `defects`."""
    name = codec_name(declared)
    if declared and not name:
        defects.append(f"unknown charset {declared[:40]!r}")
    if data.isascii() and not _switches(name, data):
        return data.decode("ascii")
    for mark, codec in _BOMS:
        if data.startswith(mark):
            return data.decode(codec, "replace")
    text = _utf8(data, name)
    if text is not None:
        return _misread(text, name) or text
    return _declared(data, name, defects)


@lru_cache(maxsize=512)
def codec_name(label: str) -> str:
    """The Python codec for a charset label of a mail; "" when there is none that is safe."""
    label = label.strip(" \t\r\n\"';<>").split("*")[0].lower()[:60]
    label = label.removeprefix("charset=").strip("\"' ").replace("_", "-")
    if label in _LABELS:
        return _LABELS[label]
    for form in (label, label.removeprefix("x-"), label.replace("windows", "cp")):
        try:
            info = codecs.lookup(form)
        except (LookupError, ValueError, UnicodeError):
            continue
        if getattr(info, "_is_text_encoding", False) and info.name not in _UNSAFE:
            return _WHATWG.get(info.name, info.name)
    return ""


def _switches(name: str, data: bytes) -> bool:
    """Whether ASCII bytes may mean something else in this encoding."""
    if name.startswith(("utf-16", "utf-32")):
        return b"\x00" in data  # without any zero byte the label is wrong
    if name.startswith(_STATEFUL):
        return True
    return not name.startswith("utf") and b"\x1b$" in data


def _utf8(data: bytes, name: str) -> str | None:
    """`data` as UTF-8 when it plainly is that, though something else may have been declared."""
    if name.startswith(_STATEFUL) or b"\x1b$" in data:
        return None
    if name in _EAST_ASIAN:
        text = _strictly(data, name)  # a short text may be valid in both: the label decides
        if text is not None and not any("\ue000" <= c < "\uf900" for c in text):
            return text
    return _strictly(data, "utf_8")


def _misread(text: str, name: str) -> str:
    """What was meant when bytes of an East Asian charset were turned into UTF-8 as if Latin-1."""
    if name not in _EAST_ASIAN or any(c > "\xff" for c in text[:4000]):
        return ""
    data = text.encode("latin-1", "replace")
    return data.decode(name, "replace") if guess(data) == name else ""


def _declared(data: bytes, name: str, defects: list[str]) -> str:
    if b"\x1b$" in data or b"\x1b(" in data:
        return _iso2022(data, name)
    if name and name != "utf-8" and not _doubtful(data, name):
        text = _strictly(data, name)
        if text is not None:
            return text
    if name == "utf-8":
        text = data.decode("utf-8", "replace")
        if text.count("\ufffd") * 20 < len(text) - len(data.decode("ascii", "ignore")):
            defects.append("damaged utf-8")
            return text
    found = guess(data)
    if name == "cp1252" and found in ("", "cp1252"):
        return data.decode("latin-1").translate(_C1)
    defects.append(f"charset guessed: {found or 'windows-1252'}")
    if not found or found == "cp1252":
        return data.decode("latin-1").translate(_C1)
    return data.decode(found, "replace")


def _doubtful(data: bytes, name: str) -> bool:
    """A Western charset declared over bytes that are mostly not letters of the alphabet."""
    if name not in ("cp1252", "iso8859-15", "cp1254"):
        return False
    sample = data[:4000]
    high = len(sample) - len(sample.decode("ascii", "ignore"))
    return high * 5 > len(sample) * 2


def _strictly(data: bytes, name: str) -> str | None:
    try:
        return data.decode(name)
    except (UnicodeError, ValueError):
        return None


def _iso2022(data: bytes, name: str) -> str:
    """ISO-2022: strictly where possible; Japanese with vendor characters by way of Shift_JIS."""
    for codec in (name, "iso2022_jp_ext", "iso2022_kr"):
        text = _strictly(data, codec) if codec.startswith("iso2022") else None
        if text is not None:
            return text
    out = []
    for run in re.split(rb"(?=\x1b[$(])", data):
        if run.startswith((b"\x1b$B", b"\x1b$@")):
            out.append(_jis(run[3:]))
        elif run.startswith((b"\x1b(I",)):
            out.append(bytes(b | 0x80 for b in run[3:]).decode("cp932", "replace"))
        else:
            out.append(run[3:].decode("latin-1") if run[:1] == b"\x1b" else run.decode("latin-1"))
    return "".join(out)


def _jis(run: bytes) -> str:
    """JIS X 0208 pairs into text by way of their Shift_JIS form (RFC 1468)."""
    out = bytearray()
    at = 0
    while at + 1 < len(run):
        row, cell = run[at], run[at + 1]
        if not (0x21 <= row <= 0x7E and 0x21 <= cell <= 0x7E):
            out.append(row & 0x7F)
            at += 1
            continue
        lead = (row - 0x21 >> 1) + 0x81
        out.append(lead + 0x40 if lead > 0x9F else lead)
        out.append(cell + 0x7E if row % 2 == 0 else cell + (0x20 if cell >= 0x60 else 0x1F))
        at += 2
    return bytes(out + run[at:]).decode("cp932", "replace")


# Characters that UTF-8 bytes turn into when they are read as windows-1252 or Latin-1.
_AS_BYTE = {chr(i): i for i in range(256)}
_AS_BYTE |= {text: byte for byte, text in _C1.items()}
_TAIL = "[" + "".join(re.escape(c) for c, b in _AS_BYTE.items() if 0x80 <= b < 0xC0) + "]"
_MOJIBAKE = re.compile(
    f"(?:[\u00c2-\u00df]{_TAIL}|[\u00e0-\u00ef]{_TAIL}{{2}}|[\u00f0-\u00f4]{_TAIL}{{3}})+"
)
_SUSPECT = re.compile(f"[\u00c2-\u00f4]{_TAIL}")


def repair(text: str) -> str:
    """Undo UTF-8 that an earlier program read as windows-1252 ("fÃ¼r"), where that is plain.

    Plain means: what it becomes is valid UTF-8, and either nearly all that is not ASCII is part
    of such sequences, or the lead is one of those that no language puts before such a tail.
    """
    if text.isascii() or not _SUSPECT.search(text):
        return text
    matches = _MOJIBAKE.findall(text)
    covered = sum(map(len, matches))
    other = sum(1 for c in text if c > "\x7f") - covered
    return _MOJIBAKE.sub(lambda m: _mend(m.group(), other * 8 <= covered), text)


def _mend(run: str, throughout: bool) -> str:
    if not throughout and not (run[0] in "ÃÂ" or run.startswith("â€")):
        return run
    fixed = _strictly(bytes(_AS_BYTE[c] for c in run), "utf_8")
    if fixed is None or any("\x80" <= c < "\xa0" for c in fixed):
        return run
    return fixed


_CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff\ufeff]")


def clean(text: str) -> str:
    """`text` with line feeds only, without control characters and lone surrogates."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.replace("\x0c", "\n")
    return _CONTROLS.sub(lambda m: "\ufffd" if m.group() >= "\ud800" < "\ue000" else "", text)
