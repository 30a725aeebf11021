import sys

from botocore.utils import InstanceMetadataFetcher, InstanceMetadataRegionFetcher

config = {"ec2_metadata_service_endpoint": sys.argv[1]}
credentials = InstanceMetadataFetcher(config=config).retrieve_iam_role_credentials()
print(credentials["access_key"], credentials["secret_key"], credentials["token"])
print(InstanceMetadataRegionFetcher(config=config).retrieve_region())
