//! The rows of the compatibility table.

use crate::aws_config;
use crate::hosts::USER_DATA;
use crate::pins::Version::{self, BuiltIn, Crate, Debian, Npm, PyPi};
use crate::row::EndpointConfig::{self, Command, Variable};
use crate::row::Expected::{self, Fails, Succeeds};
use crate::row::Row;

/// All rows, sorted by name.
#[rustfmt::skip]
pub(crate) const ROWS: &[Row] = &[
    row("`@aws-sdk/credential-providers`", Npm("@aws-sdk/credential-providers"), Variable("E"),
        "node credential-providers.js", Succeeds(&[KEYS])),
    row("`aiobotocore`", PyPi("aiobotocore"), Variable("E"),
        "python aiobotocore.py", Succeeds(&["iam-role", KEYS, REGION])),
    row("AWS CLI 1", PyPi("awscli"), Variable("E"),
        "aws configure list", Succeeds(KEYS_LISTED)),
    row("AWS CLI 2", AWS_CLI_2, Variable("E/"),
        "/usr/bin/aws configure export-credentials", Succeeds(SEPARATE_KEYS)),
    row("AWS CLI 2, the Region", AWS_CLI_2, Variable("E/"),
        "/usr/bin/aws configure list", Succeeds(REGION_LISTED)),
    row("`aws-config` (Rust)", BuiltIn("aws-config"), Variable("E"),
        aws_config::COMMAND, Succeeds(&[KEYS, REGION])),
    row("`aws-sdk` 2 (JavaScript)", Npm("aws-sdk"), Command("new MetadataService({ host: \"HOST\" })"),
        "node aws-sdk-credentials.js HOST", Succeeds(&[KEYS])),
    Row {
        // Written before IMDSv2.
        required: Fails(&["statusCode: 401"]),
        ..row("`aws-sdk` 2 (JavaScript), `request`", Npm("aws-sdk"), Command("new MetadataService({ host: \"HOST\" })"),
            "node aws-sdk-request.js HOST", Succeeds(&[INSTANCE_ID]))
    },
    row("`awscrt`", PyPi("awscrt"), Variable("E"),
        "python awscrt.py", Succeeds(&[KEYS])),
    row("`boto3`", PyPi("boto3"), Variable("E"),
        "python boto3.py", Succeeds(&["iam-role", KEYS, REGION])),
    row("`botocore`, its fetchers", PyPi("botocore"), Command("{\"ec2_metadata_service_endpoint\": \"E\"}"),
        "python botocore_fetchers.py E", Succeeds(&[KEYS, REGION])),
    row("cloud-init", Debian("22.4.2", "cloud-init/usr/lib/python3/dist-packages/cloudinit/version.py"),
        Command("datasource: {Ec2: {metadata_urls: [E]}}"),
        "python cloud_init.py ../../target/clients/cloud-init/usr/lib/python3/dist-packages E",
        Succeeds(&[INSTANCE_ID, REGION, MAC])),
    row("`ec2-metadata`", PyPi("ec2-metadata"), Command("metadata.service_url = \"E/latest/\""),
        "python ec2_metadata.py E", Succeeds(&[INSTANCE_ID, REGION, MAC, "{AccessKeyId}"])),
    row("`ec2imds`", PyPi("ec2imds"), Command("--imds=HOST"),
        "python -m ec2imds --imds=HOST -t DIR", Succeeds(&[INSTANCE_ID, REGION, MAC])),
    row("`ec2imds`, a pattern", PyPi("ec2imds"), Command("--imds=HOST"),
        "python -m ec2imds --imds=HOST -t DIR -E meta-data/placement/.*", Succeeds(&[REGION, "use1-az6"])),
    row("`ec2imds`, its list", PyPi("ec2imds"), Command("--imds=HOST"),
        "python -m ec2imds --imds=HOST -t DIR -L", Succeeds(&["meta-data/instance-id"])),
    row("`ec2imds`, its tokens", PyPi("ec2imds"), Command("--imds=HOST"),
        "python ec2imds_tokens.py E", Succeeds(&["the same token: True", "another token after a reset: True", INSTANCE_ID])),
    row("`ec2imds`, user data", PyPi("ec2imds"), Command("--imds=HOST"),
        "python -m ec2imds --imds=HOST -t DIR -U", Succeeds(&[USER_DATA])),
    row("Go SDK 1", Debian("1.44.133", "go-sdk/usr/share/gocode/src/github.com/aws/aws-sdk-go/aws/version.go"), Variable("E"),
        "go-sdk-v1", Succeeds(&[KEYS, INSTANCE_ID, REGION])),
    row("Go SDK 2", Debian("1.17.1", "go-sdk/usr/share/gocode/src/github.com/aws/aws-sdk-go-v2/aws/go_module_metadata.go"), Variable("E"),
        "go-sdk-v2", Succeeds(&[KEYS, REGION])),
    row("`minio` (JavaScript)", Npm("minio"), Command("new IamAwsProvider({ customEndpoint: \"E\" })"),
        "node minio.js E", Succeeds(&[KEYS_WITHOUT_ID])),
    row("`minio` (Python)", PyPi("minio"), Command("IamAwsProvider(custom_endpoint=\"E\")"),
        "python minio.py E", Succeeds(&[KEYS])),
    row("`object_store` (Rust)", Crate("object_store"), Command("with_metadata_endpoint(\"E\")"),
        "object-store E", Succeeds(&[KEYS])),
];

const fn row(
    name: &'static str,
    version: Version,
    endpoint_config: EndpointConfig,
    command: &'static str,
    expected: Expected,
) -> Row {
    Row {
        name,
        version,
        endpoint_config,
        command,
        optional: expected,
        required: expected,
    }
}

const AWS_CLI_2: Version = Debian(
    "2.9.19",
    "/usr/lib/python3/dist-packages/awscli/__init__.py",
);

/// The credentials, as printed by the scripts.
const KEYS: &str = "{AccessKeyId} {SecretAccessKey} {Token}";
/// The same from a client that reads the nonexistent field `AccessKeyID`.
const KEYS_WITHOUT_ID: &str = "undefined {SecretAccessKey} {Token}";
/// The credentials in `aws configure export-credentials`.
const SEPARATE_KEYS: &[&str] = &["{AccessKeyId}", "{SecretAccessKey}", "{Token}"];
/// The credentials in `aws configure list`.
const KEYS_LISTED: &[&str] = &[
    "***{end of AccessKeyId} ",
    "***{end of SecretAccessKey} ",
    "iam-role",
];
const REGION_LISTED: &[&str] = &["***{end of AccessKeyId} ", "us-east-1             imds"];

const INSTANCE_ID: &str = "i-0885117ca4f076833";
const MAC: &str = "0e:ff:cd:d5:fd:4f";
const REGION: &str = "us-east-1";
