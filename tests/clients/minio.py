import sys

from minio.credentials import IamAwsProvider

found = IamAwsProvider(custom_endpoint=sys.argv[1]).retrieve()
print(found.access_key, found.secret_key, found.session_token)
