import sys

from minio.credentials import IamAwsProvider

credentials = IamAwsProvider(custom_endpoint=sys.argv[1]).retrieve()
print(credentials.access_key, credentials.secret_key, credentials.session_token)
