"""Invitations (RFC 5545) as a few readable lines."""

from __future__ import annotations

import re

HEADING = "Invitation: "
_HEADINGS = {"CANCEL": "Cancelled: ", "REPLY": "Answer to invitation: ", "COUNTER": "Proposed: "}
_ANSWERS = {"ACCEPTED": "accepts", "DECLINED": "declines", "TENTATIVE": "accepts tentatively"}
_LINE = re.compile(
    r"^([A-Za-z-]{1,40})((?:;[^:;\"]{0,200}(?:\"[^\"]{0,500}\")?[^:;\"]{0,200}){0,20}):(.*)$"
)


def readable(source: str) -> str:
    """What the first event says: title, time, place, organiser, description. "" without one."""
    lines = re.sub(r"\r?\n[ \t]", "", source[:200_000]).split("\n")
    method, event, inside = "", {}, False
    for line in lines:
        match = _LINE.match(line.strip())
        if match is None:
            continue
        name, params, value = match.group(1).upper(), match.group(2), match.group(3)
        if name == "METHOD":
            method = value.strip().upper()
        elif name == "BEGIN":
            inside = value.strip().upper() in ("VEVENT", "VTODO")
        elif name == "END" and value.strip().upper() in ("VEVENT", "VTODO"):
            break
        elif inside and name not in event:
            event[name] = (params, value)
    return _rendered(method, event) if event else ""


def _rendered(method: str, event: dict[str, tuple[str, str]]) -> str:
    title = _text(event, "SUMMARY") or "(no title)"
    out = [f"{_HEADINGS.get(method, HEADING)}{title}"]
    start, end = _moment(event, "DTSTART"), _moment(event, "DTEND")
    if start:
        out.append(f"When: {start}" + (f" – {end}" if end and end != start else ""))
    if place := _text(event, "LOCATION"):
        out.append(f"Where: {place}")
    if "RRULE" in event:
        out.append(f"Repeats: {event['RRULE'][1].strip().lower().replace(';', ', ')[:200]}")
    if organiser := _person(event, "ORGANIZER"):
        out.append(f"Organiser: {organiser}")
    if method == "REPLY" and "ATTENDEE" in event:
        status = re.search(r"PARTSTAT=([A-Z]+)", event["ATTENDEE"][0])
        answer = _ANSWERS.get(status.group(1) if status else "", "answers")
        out.append(f"{_person(event, 'ATTENDEE')} {answer}")
    if description := _text(event, "DESCRIPTION"):
        out += ["", description[:5000]]
    return "\n".join(out)


def _text(event: dict[str, tuple[str, str]], name: str) -> str:
    value = event.get(name, ("", ""))[1]
    plain = re.sub(r"\\([nN,;\\])", lambda m: "\n" if m.group(1) in "nN" else m.group(1), value)
    return plain.strip() if name == "DESCRIPTION" else " ".join(plain.split())


def _moment(event: dict[str, tuple[str, str]], name: str) -> str:
    params, value = event.get(name, ("", ""))
    match = re.match(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d{0,2}(Z)?)?", value.strip())
    if match is None:
        return ""
    year, month, day, hour, minute, zulu = match.groups()
    if hour is None:
        return f"{year}-{month}-{day}"
    zone = re.search(r'TZID="?([^";:]{1,80})', params)
    suffix = " UTC" if zulu else f" ({zone.group(1)})" if zone else ""
    return f"{year}-{month}-{day} {hour}:{minute}{suffix}"


def _person(event: dict[str, tuple[str, str]], name: str) -> str:
    params, value = event.get(name, ("", ""))
    address = re.sub(r"(?i)^mailto:", "", value.strip())
    named = re.search(r'CN="?([^";:]{1,200})', params)
    return f"{named.group(1)} <{address}>" if named and named.group(1) != address else address
