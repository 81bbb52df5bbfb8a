"""Attachments as we keep them: a safe name, the type that the bytes show, and whether to beware.

Nothing here trusts the sender: the name is for display and download only (storage uses our own
key), the declared type is kept only where the bytes do not contradict it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from chalicelib.channels.models import Attachment

MAX_NAME = 150  # characters

_BAD = re.compile(
    '[\x00-\x1f\x7f-\x9f<>:"|?*\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ufffd]+'
)
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d|clock\$)(?:\.|$)", re.IGNORECASE)

_DANGEROUS_WORDS = (
    "ade adp apk app application appref-ms appx asp aspx bas bat bin cab cer chm cmd cnt com "
    "cpl crt csh deb der desktop diagcab dll dmg docm dotm elf exe fxp gadget grp hlp hpj "
    "hta htm html ics.exe img inf ins iqy iso isp its jar jnlp js jse ksh lnk mad maf mag "
    "mam maq mar mas mat mau mav maw mcf mda mdb mde mdt mdw mdz mht mhtml mjs msc msh msh1 "
    "msh2 mshxml msi msix msp mst msu ocx one onepkg ops osd pcd php php3 php5 phtml pif pkg "
    "pl plg potm ppam ppsm pptm prf prg printerexport ps1 ps1xml ps2 psc1 psd1 psm1 pst py "
    "pyc pyo pyw pyz pyzw reg rpm run scf scr sct settingcontent-ms sh shb shs shtml slk "
    "sldm so svg svgz swf sys theme tmp udl url vb vbe vbp vbs vhd vhdx vsmacros vsw webloc "
    "website ws wsb wsc wsf wsh xbap xht xhtml xla xlam xll xlm xlsb xlsm xltm xnk xps"
)
_DANGEROUS = frozenset(_DANGEROUS_WORDS.split())
_DANGEROUS_TYPES_WORDS = (
    "application/x-msdownload application/x-executable application/x-mach-binary text/html "
    "image/svg+xml application/java-archive application/x-iso9660-image "
    "application/x-ms-shortcut application/x-sh text/javascript application/javascript "
    "application/x-javascript application/x-msdos-program application/hta application/x-bat "
    "application/x-php application/vnd.ms-cab-compressed application/xhtml+xml "
    "application/x-shockwave-flash application/vnd.android.package-archive "
    "application/x-encrypted-archive"
)
_DANGEROUS_TYPES = frozenset(_DANGEROUS_TYPES_WORDS.split())
_EXTENSION = {
    "application/pdf": "pdf",
    "application/zip": "zip",
    "application/gzip": "gz",
    "application/msword": "doc",
    "application/json": "json",
    "application/rtf": "rtf",
    "application/pgp-signature": "asc",
    "application/pkcs7-signature": "p7s",
    "application/pkcs7-mime": "p7m",
    "application/ms-tnef": "dat",
    "audio/mpeg": "mp3",
    "image/jpeg": "jpg",
    "image/svg+xml": "svg",
    "image/tiff": "tif",
    "message/delivery-status": "txt",
    "message/rfc822": "eml",
    "text/calendar": "ics",
    "text/csv": "csv",
    "text/html": "html",
    "text/plain": "txt",
    "text/vcard": "vcf",
    "text/x-vcard": "vcf",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
}
_BY_EXTENSION = {
    "csv": "text/csv",
    "txt": "text/plain",
    "log": "text/plain",
    "pdf": "application/pdf",
    "ics": "text/calendar",
    "vcf": "text/vcard",
    "json": "application/json",
    "xml": "application/xml",
    "eml": "message/rfc822",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
    "htm": "text/html",
    "html": "text/html",
    "svg": "image/svg+xml",
}
_ALIASES = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/x-png": "image/png",
    "application/x-pdf": "application/pdf",
    "application/x-zip-compressed": "application/zip",
    "application/x-gzip": "application/gzip",
    "application/octetstream": "application/octet-stream",
    "application/force-download": "application/octet-stream",
    "application/x-pkcs7-signature": "application/pkcs7-signature",
    "application/x-pkcs7-mime": "application/pkcs7-mime",
    "application/vnd.ms-tnef": "application/ms-tnef",
    "binary/octet-stream": "application/octet-stream",
    "text/rtf": "application/rtf",
}
_OOXML = {
    b"word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    b"xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    b"ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"\x1f\x8b", "application/gzip"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\x00", "application/x-xz"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"MZ", "application/x-msdownload"),
    (b"\x7fELF", "application/x-executable"),
    (b"\xfe\xed\xfa\xce", "application/x-mach-binary"),
    (b"\xfe\xed\xfa\xcf", "application/x-mach-binary"),
    (b"\xcf\xfa\xed\xfe", "application/x-mach-binary"),
    (b"\xce\xfa\xed\xfe", "application/x-mach-binary"),
    (b"\xca\xfe\xba\xbe", "application/java-vm"),
    (b"MSCF", "application/vnd.ms-cab-compressed"),
    (b"L\x00\x00\x00\x01\x14\x02\x00", "application/x-ms-shortcut"),
    (b"#!", "application/x-sh"),
    (b"<?php", "application/x-php"),
    (b"{\\rtf", "application/rtf"),
    (b"ID3", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"\x1aE\xdf\xa3", "video/webm"),
    (b"FWS", "application/x-shockwave-flash"),
    (b"CWS", "application/x-shockwave-flash"),
    (b"BEGIN:VCALENDAR", "text/calendar"),
    (b"BEGIN:VCARD", "text/vcard"),
    (b"-----BEGIN PGP SIGNATURE", "application/pgp-signature"),
    (b"-----BEGIN PGP MESSAGE", "application/pgp-encrypted"),
    (b"x\x9f>\x22", "application/ms-tnef"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
)
_HTML = re.compile(
    rb"\s*(?:<!--.{0,500}?-->\s*)?<(?:!doctype html|html|head|body|script)\b", re.I | re.S
)
_SVG = re.compile(
    rb"\s*(?:<\?xml[^>]{0,200}\?>\s*)?"
    rb"(?:<!--.{0,500}?-->\s*|<!DOCTYPE svg[^>]{0,300}>\s*){0,5}<svg[\s>]",
    re.I | re.S,
)


def make(
    name: str,
    declared: str,
    content: bytes,
    *,
    content_id: str = "",
    inline: bool = False,
    fallback: str = "attachment",
) -> Attachment:
    """An attachment from what the sender said and sent."""
    kind = sniff(content, declared, name)
    safe = safe_name(name, kind, fallback)
    return Attachment(
        name=safe,
        type=kind,
        bytes=len(content),
        content=content,
        content_id=content_id.strip().strip("<>").strip()[:300],
        inline=inline,
        dangerous=is_dangerous(safe, kind, content),
    )


def safe_name(name: str, kind: str = "", fallback: str = "attachment") -> str:
    """A file name without path, controls, direction marks or reserved words, bounded in length."""
    name = unicodedata.normalize("NFC", name[:2000]).replace("\\", "/")
    name = _BAD.sub(" ", name.rpartition("/")[2])
    name = " ".join(name.split()).strip(". ")
    if not name:
        extension = _EXTENSION.get(kind, "")
        return f"{fallback}.{extension}" if extension else fallback
    if _RESERVED.match(name):
        name = f"_{name}"
    if len(name) > MAX_NAME:
        stem, dot, extension = name.rpartition(".")
        if not dot or len(extension) > 12:
            return name[:MAX_NAME]
        name = f"{stem[: MAX_NAME - len(extension) - 1].rstrip()}.{extension}"
    return name


def sniff(content: bytes, declared: str, name: str) -> str:
    """The media type: by the first bytes where they speak, else as declared, else by the name."""
    declared = declared.partition(";")[0].strip().lower()
    declared = _ALIASES.get(declared, declared)
    by_name = _BY_EXTENSION.get(_extension(name), "")
    found = _by_magic(content)
    if found == "application/x-ole-storage":
        known = declared.startswith(("application/ms", "application/vnd.ms"))
        return declared if known else by_name or found
    if found in ("application/zip", "application/gzip") and declared.startswith("application/"):
        specific = "zip" not in declared and declared != "application/octet-stream"
        return declared if specific else found
    if found == "application/x-sh" and declared.startswith("text/") and declared != "text/plain":
        return declared
    if found:
        return found
    if "/" in declared and declared not in ("application/octet-stream", "application/x-unknown"):
        return declared[:100]
    return by_name or "application/octet-stream"


def _by_magic(content: bytes) -> str:
    for magic, kind in _MAGIC:
        if content.startswith(magic):
            return kind if magic != b"MZ" or len(content) > 60 else ""
    if content.startswith(b"PK\x03\x04"):
        return _zip(content)
    if content[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}.get(
            content[8:12], ""
        )
    if content[4:8] == b"ftyp":
        return _iso_media(content[8:12])
    if content.startswith(b"BM") and content[6:10] == b"\x00\x00\x00\x00":
        return "image/bmp"
    if content[32769:32774] == b"CD001":
        return "application/x-iso9660-image"
    head = content[:1500]
    if _HTML.match(head):
        return "text/html"
    return "image/svg+xml" if _SVG.match(head) else ""


def _iso_media(brand: bytes) -> str:
    if brand in (b"heic", b"heix", b"mif1", b"msf1"):
        return "image/heic"
    if brand == b"avif":
        return "image/avif"
    return {b"qt  ": "video/quicktime", b"M4A ": "audio/mp4"}.get(brand, "video/mp4")


def _zip(content: bytes) -> str:
    """What a zip container is, from the names in its first entries and its directory."""
    if content[6] & 1:
        return "application/x-encrypted-archive"
    if content[30:38] == b"mimetype" and content[38:66].startswith(b"application/"):
        kind = re.match(rb"[\w./+-]+?(?=PK|$|[^\w./+-])", content[38:138])
        return kind.group().decode("ascii") if kind else "application/zip"
    around = content[:4000] + content[-8000:]
    if b"AndroidManifest.xml" in around:
        return "application/vnd.android.package-archive"
    if b"META-INF/MANIFEST.MF" in around:
        return "application/java-archive"
    if b"[Content_Types].xml" in around:
        return next((kind for mark, kind in _OOXML.items() if mark in around), "application/zip")
    return "application/zip"


def _extension(name: str) -> str:
    return name.rpartition(".")[2].strip().lower() if "." in name else ""


def is_dangerous(name: str, kind: str, content: bytes) -> bool:
    """Whether opening it may run something: program, script, macro, web page, image of a disk …

    An encrypted archive counts: nobody could look inside.
    """
    pieces = [p.strip().lower() for p in name.split(".")[1:]]
    if pieces and pieces[-1] in _DANGEROUS:
        return True
    if kind in _DANGEROUS_TYPES:
        return True
    if kind == "application/zip" or kind.startswith("application/vnd.openxml"):
        return _risky_zip(content)
    ole = content.startswith(b"\xd0\xcf\x11\xe0")
    return ole and (b"_\x00V\x00B\x00A\x00" in content or b"V\x00B\x00A\x00" in content)


_INSIDE = frozenset(b"exe scr js jse vbs vbe wsf hta lnk bat cmd ps1 jar msi iso htm html".split())
_ENTRY = b"PK\x01\x02"  # of the central directory; 46 bytes, then the name (APPNOTE 4.3.12)


def _risky_zip(content: bytes) -> bool:
    directory = content[-1_000_000:]
    return any(
        name.endswith(b"vbaproject.bin") or name.rpartition(b".")[2] in _INSIDE
        for name in _names_inside(directory)
    )


def _names_inside(directory: bytes) -> Iterator[bytes]:
    """The names of a zip's entries, in lower case."""
    at = directory.find(_ENTRY)
    while at >= 0:
        size = int.from_bytes(directory[at + 28 : at + 30], "little")
        yield directory[at + 46 : at + 46 + size].lower().rstrip(b". ")
        at = directory.find(_ENTRY, at + 46)
