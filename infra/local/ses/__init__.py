"""The sending side of SES v2: what it accepts, whom it would reach, which events it publishes."""
