"""Whether ec2imds keeps its token, and gets another when that is void."""

import pathlib
import subprocess
import sys
import tempfile
import urllib.request

endpoint = sys.argv[1]
folder = tempfile.mkdtemp()


def ask():
    """The instance id, and the token that ec2imds has kept."""
    address = endpoint.removeprefix("http://")
    command = [sys.executable, "-m", "ec2imds", "--imds=" + address, "-t", folder]
    command.append("meta-data/instance-id=")
    said = subprocess.run(command, check=True, capture_output=True, text=True)
    (kept,) = pathlib.Path(folder).iterdir()
    return said.stdout, kept.read_text()


said, first = ask()
print("the same token:", ask() == (said, first))
reset = urllib.request.Request(endpoint + "/_imdsim/reset", method="POST")
urllib.request.urlopen(reset).close()
again, second = ask()
print("another token after a reset:", again == said and second != first)
print(said)
