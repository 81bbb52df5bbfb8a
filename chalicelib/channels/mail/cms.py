"""The signed content inside an opaque S/MIME body (CMS SignedData, RFC 5652 5), unverified.

Only as much BER as it takes: tags, lengths (also indefinite), constructed octet strings.
"""

from __future__ import annotations

_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_MAX_DEPTH = 12


def signed_content(data: bytes) -> bytes | None:
    """The bytes that were signed; None when this is not signed data or carries none."""
    try:
        return _signed_content(data)
    except (IndexError, ValueError, RecursionError):
        return None


def _signed_content(data: bytes) -> bytes | None:
    _, start, _ = _element(data, 0)  # ContentInfo
    if not data.startswith(_SIGNED_DATA, start):
        return None
    at = start + len(_SIGNED_DATA)
    _, at, _ = _element(data, at)  # [0]
    _, at, _ = _element(data, at)  # SignedData
    for _ in range(2):  # version, digestAlgorithms
        at = _skip(data, at, 0)
    _, at, end = _element(data, at)  # EncapsulatedContentInfo
    at = _skip(data, at, 0)  # its type
    if at >= end or data[at] != 0xA0:
        return None
    _, at, _ = _element(data, at)
    return bytes(_octets(data, at, 0)) or None


def _element(data: bytes, at: int) -> tuple[int, int, int]:
    """Tag, offset of the content, offset behind it (of the data, when the length is indefinite)."""
    tag, length = data[at], data[at + 1]
    at += 2
    if length < 0x80:
        return tag, at, min(len(data), at + length)
    if length == 0x80:
        return tag, at, -1
    size = length & 0x7F
    if size > 6:
        raise ValueError("length too large")
    return tag, at + size, min(len(data), at + size + int.from_bytes(data[at : at + size], "big"))


def _skip(data: bytes, at: int, depth: int) -> int:
    _, start, end = _element(data, at)
    if end >= 0:
        return end
    if depth > _MAX_DEPTH:
        raise ValueError("nested too deeply")
    while data[start : start + 2] != b"\0\0":
        start = _skip(data, start, depth + 1)
    return start + 2


def _octets(data: bytes, at: int, depth: int) -> bytearray:
    tag, start, end = _element(data, at)
    if not tag & 0x20:
        return bytearray(data[start:end])
    if depth > _MAX_DEPTH:
        raise ValueError("nested too deeply")
    out = bytearray()
    while (end < 0 and data[start : start + 2] != b"\0\0") or (0 <= start < end):
        out += _octets(data, start, depth + 1)
        start = _skip(data, start, depth)
    return out
