"""The outbox: what customers would have received, as JSON and as a page. Local only.

Everything shown was written by strangers: the page escapes all of it, runs no script and loads
nothing; its policy forbids both.
"""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from infra.local.memory import Delivered, Memory
from infra.local.problem import invalid

CHANNELS = ("email", "sms", "social")
DEFAULT_LIMIT, MAX_LIMIT, PAGE_LIMIT = 100, 10_000, 100
REFRESH = 5  # seconds
SECURITY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def routes(memory: Memory) -> list[web.RouteDef]:
    """`/local/outbox` and `/local/outbox.html`."""

    async def listing(request: web.Request) -> web.Response:
        channel, limit = request.query.get("channel", ""), request.query.get("limit", "")
        if channel and channel not in CHANNELS:
            return invalid("channel", "must be email, sms or social")
        if limit and not (limit.isascii() and limit.isdigit() and 1 <= int(limit) <= MAX_LIMIT):
            return invalid("limit", f"must be a number from 1 to {MAX_LIMIT}")
        to = request.query.get("to", "").strip()
        found = memory.outbox(channel=channel, to=to, limit=int(limit or DEFAULT_LIMIT))
        items = [item_json(item) for item in found]
        return web.json_response({"items": items}, headers={"Cache-Control": "no-store"})

    async def page(request: web.Request) -> web.Response:
        channel, to = request.query.get("channel", ""), request.query.get("to", "").strip()
        channel = channel if channel in CHANNELS else ""
        found = memory.outbox(channel=channel, to=to, limit=PAGE_LIMIT)
        return web.Response(
            text=page_html(found, channel, to, still="still" in request.query),
            content_type="text/html",
            headers=SECURITY,
        )

    return [web.get("/local/outbox", listing), web.get("/local/outbox.html", page)]


def item_json(item: Delivered) -> dict[str, Any]:
    """One item as the listing gives it; `files` only where a mail carries some."""
    shown = {
        "id": item.id,
        "channel": item.channel,
        "to": item.recipient,
        "from": item.sender,
        "subject": item.subject,
        "text": item.text,
        "headers": dict(item.headers),
        "case_reference": item.case_reference,
        "at": item.at,
    }
    return shown | ({"files": [dict(file) for file in item.files]} if item.files else {})


def page_html(items: list[Delivered], channel: str, to: str, *, still: bool = False) -> str:
    """The page. `channel` and `to` are what it was filtered by; `still` leaves it as it is."""
    rows = "\n".join(_article(item) for item in items)
    empty = '<p class="empty">Nothing has been sent yet.</p>'
    if channel or to:
        empty = '<p class="empty">Nothing that was sent matches.</p>'
    here = f"?{escape(urlencode({'channel': channel, 'to': to}))}"
    refresh = f'<meta http-equiv="refresh" content="{REFRESH}; url={here}">'
    toggle = f'<a href="{here}&amp;still">Stop refreshing</a>'
    if still:
        refresh, toggle = "", f'<a href="{here}">Refresh every {REFRESH} seconds</a>'
    options = "".join(
        f'<option value="{value}"{" selected" if value == channel else ""}>{label}</option>'
        for value, label in (
            ("", "All channels"),
            ("email", "E-mail"),
            ("sms", "SMS"),
            ("social", "Social"),
        )
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{refresh}
<title>Outbox – CustOps local</title>
<style>{STYLE}</style>
</head>
<body>
<header>
<h1>Outbox</h1>
<p>What customers would have received. Nothing leaves this machine. Newest first.</p>
<form method="get" action="/local/outbox.html">
<label>Channel <select name="channel">{options}</select></label>
<label>To <input name="to" value="{escape(to)}" autocomplete="off" placeholder="any"></label>
<button>Show</button>
{toggle}
</form>
</header>
<main>
{rows or empty}
</main>
</body>
</html>
"""


def _article(item: Delivered) -> str:
    headers = "\n".join(f"{name}: {value}" for name, value in item.headers.items())
    case = f'<span class="case">{escape(item.case_reference)}</span>' if item.case_reference else ""
    title = item.subject or item.text.partition("\n")[0]
    details = (
        f"<details><summary>Headers</summary><pre>{escape(headers)}</pre></details>"
        if headers
        else ""
    )
    label = {"email": "E-mail", "sms": "SMS", "social": "Social"}.get(item.channel, item.channel)
    return f"""<article>
<p class="line"><span class="channel">{escape(label)}</span>{case}
<time datetime="{escape(item.at)}">{escape(item.at[:19].replace("T", " "))} UTC</time></p>
<h2>{escape(title[:200])}</h2>
<p class="line">to <strong>{escape(item.recipient)}</strong> from {escape(item.sender)}</p>
<pre class="text">{escape(item.text)}</pre>
{_files(item)}{details}
</article>"""


def _files(item: Delivered) -> str:
    named = (
        f"<li>{escape(str(f['name']))} ({escape(str(f['type']))}, {int(f['bytes'])} bytes)</li>"
        for f in item.files
    )
    return f"<ul>{''.join(named)}</ul>\n" if item.files else ""


STYLE = """
:root{color-scheme:light dark;--paper:#f6f7f9;--card:#fff;--ink:#1b1f24;--soft:#59636e;
--line:#d5dae0;--mark:#0a5bd3;--tint:#e8f0fd}
@media (prefers-color-scheme:dark){:root{--paper:#14171a;--card:#1d2125;--ink:#e7eaee;
--soft:#a0a9b3;--line:#343a41;--mark:#7fb1ff;--tint:#1f2f47}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
header,main{max-width:52rem;margin:0 auto;padding:1.25rem 1rem 0}
main{padding-bottom:3rem}
h1{margin:0;font-size:1.5rem}
h2{margin:.4rem 0 .2rem;font-size:1.05rem;overflow-wrap:anywhere}
header p{margin:.2rem 0 1rem;color:var(--soft)}
form{display:flex;gap:.75rem;flex-wrap:wrap;align-items:end}
label{font-size:.875rem;color:var(--soft)}
select,input,button{font:inherit;color:var(--ink);background:var(--card);
border:1px solid var(--line);border-radius:.4rem;padding:0 .6rem;height:2.3rem;display:block}
a{color:var(--mark);font-size:.875rem;line-height:2.3rem}
button{cursor:pointer;border-color:var(--mark);color:var(--mark)}
:focus-visible{outline:2px solid var(--mark);outline-offset:2px}
article{background:var(--card);border:1px solid var(--line);border-radius:.6rem;
padding:.9rem 1.1rem;margin:0 0 .9rem}
.line{margin:0;color:var(--soft);font-size:.875rem;overflow-wrap:anywhere}
.line strong{color:var(--ink)}
.channel,.case{background:var(--tint);color:var(--mark);border-radius:.3rem;padding:.1rem .45rem;
margin-right:.5rem;font-weight:600}
pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:.6rem 0 0;font:inherit}
details{margin-top:.6rem;font-size:.85rem;color:var(--soft)}
details pre{font-family:ui-monospace,monospace;font-size:.8rem}
.empty{color:var(--soft);text-align:center;padding:3rem 0}
"""
