"""Runs cloud-init's crawl of the metadata service at first boot.

Arguments: the folder of cloud-init's package, and the URL of the service.
Prints the crawled metadata as JSON, and fails if cloud-init logs a warning.
"""

import json
import logging
import sys

sys.path.append(sys.argv[1])

from cloudinit import helpers  # noqa: E402
from cloudinit.sources import DataSourceEc2 as datasource  # noqa: E402
from cloudinit.sources.helpers import ec2  # noqa: E402


class WarningCollector(logging.Handler):
    """Collects warnings and errors."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.messages = []

    def emit(self, record):
        self.messages.append(record.getMessage())


def crawl(url):
    settings = {"metadata_urls": [url], "max_wait": 10, "timeout": 10}
    source = datasource.DataSourceEc2(
        {"datasource": {"Ec2": settings}},
        distro=None,
        paths=helpers.Paths({"cloud_dir": "/nonexistent"}),
    )
    # On an instance, cloud-init detects the cloud from the firmware.
    source._cloud_name = datasource.CloudNames.AWS
    metadata = source.crawl_metadata()
    # Newer API versions contain more data, which cloud-init must parse too.
    latest = ec2.get_instance_metadata(
        "latest", url, headers_cb=source._get_headers
    )
    if not (metadata and metadata["meta-data"] and latest):
        logging.warning("no metadata found")
    return metadata


def shorten(identity):
    """Replaces signatures, which other tests check, with their line counts."""
    for name in set(identity) - {"document"}:
        identity[name] = "%d lines" % len(identity[name])


def readable(value):
    """Decodes user data, as hex if it is not text."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"hex": value.hex()}


def main():
    collector = WarningCollector()
    logging.getLogger().addHandler(collector)
    metadata = crawl(sys.argv[2])
    if collector.messages:
        sys.exit("\n".join(collector.messages))
    shorten(metadata["dynamic"]["instance-identity"])
    print(json.dumps(metadata, default=readable, indent=2, sort_keys=True))


main()
