"""Who sits before a browser, as far as a request tells without a cookie."""

from __future__ import annotations

from chalicelib.handlers.http import Call


def visitor(call: Call) -> str:
    """The address in the net together with what the browser says it is.

    An address alone stands for a whole office, or for all customers of a mobile network. It is
    kept as a keyed digest only.
    """
    agent = str(call.headers.get("user-agent", ""))[:300]
    return f"{call.address}\n{agent}" if call.address else ""
