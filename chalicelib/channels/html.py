"""HTML from outside, made safe to keep and to show.

nh3 (ammonia) parses as a browser does and lets through only what is listed here. Remote pictures
are not loaded: their address moves to `data-src`, from where the desk may load them when a
person asks. Pictures of the mail itself keep `cid:`. Styles are cut down to properties that can
neither load anything nor leave the place of their element.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache
from urllib.parse import urlsplit

import nh3

from chalicelib.channels.htmltext import to_text

MAX_HTML = 4_000_000  # characters
MAX_DEPTH = 2000  # open elements

_TAGS_WORDS = (
    "a abbr address article aside b bdi bdo big blockquote br caption center cite code col "
    "colgroup dd del details dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 "
    "h6 header hr i img ins kbd li main mark ol p pre q s samp section small span strike "
    "strong sub summary sup table tbody td tfoot th thead time tr tt u ul var wbr"
)
_TAGS = set(_TAGS_WORDS.split())
_DROPPED_WITH_CONTENT_WORDS = "script style title template noscript xmp plaintext iframe object"
_DROPPED_WITH_CONTENT = set(_DROPPED_WITH_CONTENT_WORDS.split())
_ATTRIBUTES: dict[str, set[str]] = {
    "*": {"style", "dir", "lang", "title", "align", "valign", "bgcolor"},
    "a": {"href", "name"},
    "blockquote": {"type", "cite"},
    "col": {"span", "width"},
    "colgroup": {"span", "width"},
    "font": {"color", "face", "size"},
    "hr": {"width", "size", "noshade"},
    "img": {"src", "alt", "width", "height", "border", "hspace", "vspace"},
    "li": {"value"},
    "ol": {"start", "type"},
    "table": {"border", "cellpadding", "cellspacing", "width", "height"},
    "td": {"colspan", "rowspan", "width", "height", "nowrap"},
    "th": {"colspan", "rowspan", "width", "height", "nowrap", "scope"},
    "time": {"datetime"},
    "tr": {"height"},
}
_STYLES_WORDS = (
    "background-color border border-bottom border-collapse border-color border-left "
    "border-radius border-right border-spacing border-style border-top border-width color "
    "direction font-family font-size font-style font-variant font-weight height "
    "letter-spacing line-height list-style-type margin margin-bottom margin-left "
    "margin-right margin-top max-width min-width padding padding-bottom padding-left "
    "padding-right padding-top text-align text-decoration text-indent text-transform "
    "vertical-align white-space width word-break word-wrap"
)
_STYLES = set(_STYLES_WORDS.split())
_STYLE_LOADS = re.compile(r"(?i)url|expression|@|\\|image|javascript|behavior|-moz-binding")
_NEGATIVE = re.compile(r"(?i)(?:margin|text-indent)[a-z-]{0,10}\s{0,3}:[^;]{0,60}-\s{0,3}\d")


def sanitise(source: str) -> str:
    """`source` as harmless HTML: no script, form, remote load, or escape from its place."""
    if not source.strip():
        return ""
    source = source[:MAX_HTML]
    if _too_deep(source):  # the parser's time grows with the square of the depth
        return f"<pre>{html.escape(to_text(source))}</pre>"
    cleaned = _cleaner().clean(source)
    return _mark_links(_hold_pictures(cleaned)).strip()


_OPEN_OR_CLOSE = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})")
_FLAT_WORDS = "br img hr input meta link col wbr area base p li td th tr dd dt option"
_FLAT = frozenset(_FLAT_WORDS.split())


def _too_deep(source: str) -> bool:
    if source.count("<") - 2 * source.count("</") <= MAX_DEPTH:
        return False
    depth = deepest = 0
    for match in _OPEN_OR_CLOSE.finditer(source):
        if match.group(2).lower() not in _FLAT:
            depth += -1 if match.group(1) else 1
            deepest = max(deepest, depth)
    return deepest > MAX_DEPTH


@lru_cache(maxsize=1)
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=_TAGS,
        clean_content_tags=_DROPPED_WITH_CONTENT,
        attributes=_ATTRIBUTES,
        attribute_filter=_filter,
        url_schemes={"http", "https", "mailto", "tel", "cid", "data"},
        url_relative="deny",
        link_rel="noopener noreferrer",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        filter_style_properties=_STYLES,
    )


def _filter(tag: str, name: str, value: str) -> str | None:
    """The second look at each allowed attribute, for what a list of names cannot say."""
    if name == "style":
        unsafe = _STYLE_LOADS.search(value) or _NEGATIVE.search(value)
        return None if unsafe else value[:2000]
    if name in ("src", "href", "cite"):
        scheme = value.lstrip().partition(":")[0].lower()
        if tag == "img" and name == "src":
            if scheme == "data":
                return (
                    value if re.match(r"(?i)\s*data:image/(?:png|jpe?g|gif|webp);", value) else None
                )
            return value if scheme in ("cid", "http", "https") else None
        return value if scheme in ("http", "https", "mailto", "tel") else None
    return value


_IMG_SRC = re.compile(r'(<img\b[^>]*?) src="(https?:[^"]*)"', re.IGNORECASE)


def _hold_pictures(cleaned: str) -> str:
    """Move the address of remote pictures out of reach of the browser.

    The input is nh3's own serialisation: quoted attributes, "<" and quotes in values escaped.
    """
    return _IMG_SRC.sub(r'\1 data-src="\2"', cleaned) if "<img" in cleaned else cleaned


_HELD = re.compile(r'<img\b[^>]*? data-src="(https?:[^"]{1,2000})"', re.IGNORECASE)
MOST_HELD = 50  # that are listed


def held_pictures(cleaned: str) -> tuple[str, ...]:
    """The addresses of remote pictures that `sanitise` has put out of reach, each once."""
    found = dict.fromkeys(html.unescape(address) for address in _HELD.findall(cleaned))
    return tuple(found)[:MOST_HELD]


_LINK = re.compile(
    r'<a ((?:[a-z]+="[^"]{0,500}" ){0,4})href="([^"]{1,2000})"([^>]{0,300})>'
    r"((?:[^<]|<(?!/a>)){3,600})</a>"
)
_TAG = re.compile(r"<[^>]{0,2500}>")
_LOOKS_LIKE_HOST = re.compile(r"(?i)^\s*(?:https?://)?((?:[\w-]+\.)+[a-z]{2,24})(?:[/:?#\s].*)?$")


def _mark_links(cleaned: str) -> str:
    """Add `data-warning` to links that show one host and lead to another, or to look-alikes."""
    return _LINK.sub(_marked, cleaned) if "<a " in cleaned else cleaned


def _marked(match: re.Match[str]) -> str:
    before, target, rest, shown = match.groups()
    host = _host(html.unescape(target))
    claimed = _LOOKS_LIKE_HOST.match(html.unescape(_TAG.sub("", shown)))
    warning = ""
    if host and claimed and not _same_site(claimed.group(1).lower(), host):
        warning = f"leads to {_spelt(host)}"
    elif "xn--" in host or not host.isascii():
        warning = f"look-alike letters possible: {_spelt(host)}"
    if not warning:
        return match.group()
    return f'<a {before}href="{target}"{rest} data-warning="{html.escape(warning)}">{shown}</a>'


def _host(url: str) -> str:
    if not url.lower().startswith(("http://", "https://")):
        return ""
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _spelt(host: str) -> str:
    """The host in letters that look like no others: as the domain name system has it."""
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return ascii(host)[1:-1]


def _same_site(claimed: str, host: str) -> bool:
    """Same host, or one is a part of the other's domain."""
    claimed, host = claimed.removeprefix("www."), host.removeprefix("www.")
    return claimed == host or host.endswith("." + claimed) or claimed.endswith("." + host)
