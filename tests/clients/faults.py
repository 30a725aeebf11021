"""boto3 where the metadata service goes wrong: prints one line of JSON, the
minutes for which it holds its credentials to be good, or its error."""

import json
from datetime import datetime, timezone

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest


def minutes():
    """Asks for credentials and signs a request with them, as every call does."""
    credentials = boto3.Session().get_credentials()
    frozen = credentials and credentials.get_frozen_credentials()
    request = AWSRequest("GET", "https://sts.us-east-1.amazonaws.com/")
    SigV4Auth(frozen, "sts", "us-east-1").add_auth(request)
    left = credentials._expiry_time - datetime.now(timezone.utc)
    return int(left.total_seconds() // 60)


try:
    said = {"minutes": minutes()}
except Exception as error:
    said = {"error": type(error).__name__, "message": str(error)}
print(json.dumps(said))
