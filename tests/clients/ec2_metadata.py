import sys

import ec2_metadata

metadata = ec2_metadata.EC2Metadata()
metadata.service_url = sys.argv[1] + "/latest/"
metadata.dynamic_url = metadata.service_url + "dynamic/"
metadata.metadata_url = metadata.service_url + "meta-data/"
metadata.userdata_url = metadata.service_url + "user-data/"

everything = {
    name: getattr(metadata, name)
    for name in dir(metadata)
    if not name.startswith("_") and name not in ("clear_all", "tags")
}
everything["network_interfaces"] = {
    mac: {
        name: getattr(interface, name)
        for name in dir(interface)
        if not name.startswith("_") and name not in ("clear_all", "parent")
    }
    for mac, interface in metadata.network_interfaces.items()
}
everything["public_keys"] = {
    name: key.openssh_key for name, key in metadata.public_keys.items()
}
print(everything)
