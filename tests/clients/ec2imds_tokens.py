"""Whether ec2imds reuses its token, and requests a new one when it is invalid."""

import pathlib
import subprocess
import sys
import tempfile
import urllib.request

endpoint = sys.argv[1]
folder = tempfile.mkdtemp()


def run():
    """Runs ec2imds. Returns its output with the instance id, and its saved token."""
    address = endpoint.removeprefix("http://")
    command = [sys.executable, "-m", "ec2imds", "--imds=" + address, "-t", folder]
    command.append("meta-data/instance-id=")
    process = subprocess.run(command, check=True, capture_output=True, text=True)
    (token_file,) = pathlib.Path(folder).iterdir()
    return process.stdout, token_file.read_text()


output, first = run()
print("the same token:", run() == (output, first))
reset = urllib.request.Request(endpoint + "/_imdsim/reset", method="POST")
urllib.request.urlopen(reset).close()
output_after_reset, second = run()
print(
    "another token after a reset:", output_after_reset == output and second != first
)
print(output)
