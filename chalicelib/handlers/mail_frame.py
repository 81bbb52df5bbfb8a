"""A mail as it was sent, inside the desk: in a frame that can run, load and reach nothing.

The HTML was sanitised when it came in (channels/html.py); the frame is the second wall. Its
address is signed and works for ten minutes, since a frame cannot say who asks.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime, timedelta

from chalice import Blueprint

from chalicelib.access.rules import Signer
from chalicelib.cases.models import Message
from chalicelib.errors import NotFound
from chalicelib.flows.timeline import whole
from chalicelib.handlers import pages
from chalicelib.handlers.http import Call, Reply, route
from chalicelib.ports import Objects

routes = Blueprint(__name__)
VALID = timedelta(minutes=10)
PICTURES = 2_000_000  # bytes of the mail's own pictures that are shown inside it
SHOWN_TYPES = re.compile(r"image/(?:png|jpeg|gif|webp)")
OWN_PICTURE = re.compile(r'src="cid:([^"]{1,200})"')
POLICY = (
    "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; base-uri 'none'; "
    "form-action 'none'"
)
PURPOSE = "mail frame"
MARKS = (
    "body{margin:8px;font:15px/1.45 system-ui,sans-serif;overflow-wrap:anywhere}"
    "img{max-width:100%}img[data-src]{outline:1px dashed #7a8594;min-width:16px;min-height:16px}"
    "a[data-warning]::after{content:' \u26a0 ' attr(data-warning);font:700 13px system-ui;"
    "color:#b3261e;background:#fff;text-indent:0;letter-spacing:normal}"
)
"""What the frame itself shows: where a picture was held back, and where a link leads elsewhere than
it says. The mail cannot hide it: its inline styles do not reach what we add."""


def frame_token(signer: Signer, message: Message, sort_key: str, now: datetime) -> str:
    """What opens one message's frame until ten minutes from now."""
    until = int((now + VALID).timestamp())
    place = base64.urlsafe_b64encode(f"{message.case_id} {sort_key}".encode()).decode().rstrip("=")
    return f"{place}.{until}.{signer.word(PURPOSE, f'{place}.{until}', 20)}"


@route(
    routes,
    "GET",
    "/mail/{token}",
    media_type=pages.HTML,
    on_error=pages.refused,
)
def frame(call: Call, token: str) -> Reply:
    """The HTML of one message, for a frame of the desk."""
    case_id, sort_key = _opened(call.app.signer, token, call.app.clock())
    message = whole(call.app.objects, call.app.cases.message(case_id, sort_key))
    if not message.html:
        raise NotFound("this message has no HTML")
    inside = _with_pictures(message, call.app.objects)
    body = (
        '<!doctype html>\n<html>\n<head><meta charset="utf-8">'
        f'<meta name="color-scheme" content="light"><style>{MARKS}</style></head>\n'
        f"<body>{inside}</body>\n</html>\n"
    )
    headers = {"Content-Security-Policy": POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return Reply(body, 200, headers, pages.HTML)


def _opened(signer: Signer, token: str, now: datetime) -> tuple[str, str]:
    """The message that a token stands for; raises NotFound."""
    place, _, rest = token.partition(".")
    until, _, word = rest.partition(".")
    if not signer.holds(PURPOSE, f"{place}.{until}", word, 20) or not until.isdigit():
        raise NotFound("there is no such mail")
    if int(until) < now.timestamp():
        raise NotFound("this view has expired; open the case again")
    try:
        plain = base64.urlsafe_b64decode(place + "=" * (-len(place) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise NotFound("there is no such mail") from error
    case_id, _, sort_key = plain.partition(" ")
    return case_id, sort_key


def _with_pictures(message: Message, objects: Objects) -> str:
    """The mail's own pictures inside it, as far as they are small; others stay empty."""
    files = {file.content_id.strip("<>"): file for file in message.attachments if file.content_id}
    left = PICTURES

    def inlined(match: re.Match[str]) -> str:
        nonlocal left
        file = files.get(match[1])
        if file is None or file.bytes > left or not SHOWN_TYPES.fullmatch(file.type):
            return 'src=""'
        left -= file.bytes
        content = base64.b64encode(objects.get(file.key)).decode()
        return f'src="data:{file.type};base64,{content}"'

    return OWN_PICTURE.sub(inlined, message.html)
