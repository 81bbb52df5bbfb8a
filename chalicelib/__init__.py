"""CustOps: customer service as an operation driven by data.

See README.md for the story, the picture of the flow and the table of entities.
"""

VERSION = "0.1.0"
"""The release; pyproject.toml says the same."""
