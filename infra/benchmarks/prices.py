"""Public prices of us-east-1, looked up on 2026-11-22, in US dollars.

Sources: the pricing pages of Amazon DynamoDB (on demand), AWS Lambda (arm64), Amazon SQS, S3,
Amazon SES, Amazon Comprehend and AWS End User Messaging (text messages to US numbers, carrier fees
included).
"""

from __future__ import annotations

DYNAMODB_WRITE_UNIT = 0.625e-6
DYNAMODB_READ_UNIT = 0.125e-6
LAMBDA_REQUEST = 0.20e-6
LAMBDA_GB_SECOND = 13.3334e-6
SQS_REQUEST = 0.40e-6
S3_PUT = 5.0e-6
S3_GET = 0.4e-6
SES_IN = 0.10e-3  # a mail of up to 256 KB
SES_OUT = 0.10e-3  # a recipient
COMPREHEND_UNIT = 0.1e-3  # 100 characters; three units at least
COMPREHEND_LEAST = 3
SMS_PART = 0.0093
