"""Asks a metadata service what cloud-init asks at the first boot.

The first argument is the folder that holds cloud-init's package, the second
the address of the service. What cloud-init found is printed as JSON; anything
that it complains of is a failure.
"""

import json
import logging
import sys

sys.path.append(sys.argv[1])

from cloudinit import helpers  # noqa: E402
from cloudinit.sources import DataSourceEc2 as datasource  # noqa: E402
from cloudinit.sources.helpers import ec2  # noqa: E402


class Complaints(logging.Handler):
    """Keeps what is worth a warning."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.said = []

    def emit(self, record):
        self.said.append(record.getMessage())


def crawl(address):
    settings = {"metadata_urls": [address], "max_wait": 10, "timeout": 10}
    source = datasource.DataSourceEc2(
        {"datasource": {"Ec2": settings}},
        distro=None,
        paths=helpers.Paths({"cloud_dir": "/nonexistent"}),
    )
    # What the firmware would say on an instance.
    source._cloud_name = datasource.CloudNames.AWS
    found = source.crawl_metadata()
    # Newer versions hold more, and cloud-init may not stumble over that.
    latest = ec2.get_instance_metadata(
        "latest", address, headers_cb=source._get_headers
    )
    if not (found and found["meta-data"] and latest):
        logging.warning("nothing was found")
    return found


def shorten(identity):
    """Signatures have tests of their own."""
    for name in set(identity) - {"document"}:
        identity[name] = "%d lines" % len(identity[name])


def readable(value):
    """User data may be no text."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"hex": value.hex()}


def main():
    complaints = Complaints()
    logging.getLogger().addHandler(complaints)
    found = crawl(sys.argv[2])
    if complaints.said:
        sys.exit("\n".join(complaints.said))
    shorten(found["dynamic"]["instance-identity"])
    print(json.dumps(found, default=readable, indent=2, sort_keys=True))


main()
