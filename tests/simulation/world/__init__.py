"""Handlers under virtual time: invocations that take turns, events that repeat, calls that fail.

From below: `dice` (decisions that depend on their name only), `scheduler` (the clock), `invocation`
(one Lambda call), `faults` (what can go wrong with an AWS call), `sources` (what triggers a
function), `world` (all of it together), `search` (which runs to make, and making them small).
"""
