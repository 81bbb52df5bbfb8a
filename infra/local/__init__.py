"""The local cloud: what `make run` starts beside the embedded AWS.

`run` supervises two processes: `cloud` (the embedded AWS, in its own virtual environment) and
`doors` (what that AWS lacks, as servers that speak the real AWS API, and the local-only doors).
Nothing here ships to Lambda, and nothing in chalicelib knows that it exists.
"""
