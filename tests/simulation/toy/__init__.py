"""A small intake application, made up, with bugs that can be planted: proof that the harness sees.

A mail becomes a message of a case, the stream counts it and asks for an answer, the answer is sent
once. Right, it survives everything; with any one of its six planted bugs it does not.
"""
