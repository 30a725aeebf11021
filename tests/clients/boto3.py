import boto3
import botocore.session
from botocore.utils import IMDSRegionProvider

credentials = boto3.Session().get_credentials()
frozen = credentials.get_frozen_credentials()
print(credentials.method, frozen.access_key, frozen.secret_key, frozen.token)
print(IMDSRegionProvider(botocore.session.Session()).provide())
