"""boto3 under faults of the metadata service. Prints one line of JSON: the
remaining minutes of the credentials, or the error."""

import json
from datetime import datetime, timezone

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest


def remaining_minutes():
    """Loads credentials and signs a request with them, like every API call."""
    credentials = boto3.Session().get_credentials()
    frozen = credentials and credentials.get_frozen_credentials()
    request = AWSRequest("GET", "https://sts.us-east-1.amazonaws.com/")
    SigV4Auth(frozen, "sts", "us-east-1").add_auth(request)
    remaining = credentials._expiry_time - datetime.now(timezone.utc)
    return int(remaining.total_seconds() // 60)


try:
    output = {"minutes": remaining_minutes()}
except Exception as error:
    output = {"error": type(error).__name__, "message": str(error)}
print(json.dumps(output))
