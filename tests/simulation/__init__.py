"""The platform under faults: an AWS in memory, virtual time, and every way in which calls fail."""
