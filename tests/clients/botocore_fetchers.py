import sys

from botocore.utils import InstanceMetadataFetcher, InstanceMetadataRegionFetcher

config = {"ec2_metadata_service_endpoint": sys.argv[1]}
found = InstanceMetadataFetcher(config=config).retrieve_iam_role_credentials()
print(found["access_key"], found["secret_key"], found["token"])
print(InstanceMetadataRegionFetcher(config=config).retrieve_region())
