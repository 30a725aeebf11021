//! Readers for AWS's published data.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use flate2::read::GzDecoder;
use serde_json::Value;

/// The data from all given files.
pub(super) struct Sources {
    pub(super) regions: Vec<Region>,
    /// The names of all instance types in EC2's API.
    pub(super) type_names: BTreeSet<String>,
    /// Details from `DescribeInstanceTypes`.
    pub(super) types: Vec<InstanceType>,
    /// Types with several network cards in the User Guide.
    pub(super) several_cards: Option<BTreeSet<String>>,
}

pub(super) struct Region {
    pub(super) name: String,
    pub(super) partition: String,
    pub(super) domain: String,
}

pub(super) struct InstanceType {
    pub(super) name: String,
    /// `None` for bare metal.
    pub(super) hypervisor: Option<String>,
    pub(super) cards: u64,
}

impl Sources {
    /// Parses the flags and reads the files.
    pub(super) fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let (mut botocore, mut types, mut cards) = (None, None, None);
        while let Some(flag) = arguments.next() {
            let place = match &*flag {
                "--botocore" => &mut botocore,
                "--instance-types" => &mut types,
                "--network-cards" => &mut cards,
                _ => bail!("{flag}: unknown flag; see `cargo xtask help`"),
            };
            let value = arguments.next();
            *place = Some(PathBuf::from(
                value.with_context(|| format!("{flag} takes a path"))?,
            ));
        }
        let botocore = botocore.context(
            "--botocore is missing; pass the folder of botocore, for instance after `pip download \
             --no-deps botocore` and unzip",
        )?;
        let data = [botocore.join("data"), botocore.join("botocore/data")];
        let data = data.into_iter().find(|data| data.is_dir());
        let data = data.with_context(|| format!("{}: no folder `data`", botocore.display()))?;
        Ok(Self {
            regions: regions(&json(&data.join("partitions.json"))?),
            type_names: type_names(&json(&newest_ec2(&data.join("ec2"))?)?)?,
            types: types.map_or_else(|| Ok(Vec::new()), |path| described(&json(&path)?))?,
            several_cards: cards.map(|path| several_cards(&path)).transpose()?,
        })
    }
}

/// Reads a JSON document, optionally compressed with gzip.
fn json(path: &Path) -> Result<Value> {
    let read = || -> Result<Value> {
        let mut text = String::new();
        let mut file = File::open(path)?;
        if path.extension().is_some_and(|extension| extension == "gz") {
            GzDecoder::new(file).read_to_string(&mut text)?;
        } else {
            file.read_to_string(&mut text)?;
        }
        Ok(serde_json::from_str(&text)?)
    };
    read().with_context(|| format!("cannot read {}", path.display()))
}

/// The service description of EC2's newest API version.
fn newest_ec2(folder: &Path) -> Result<PathBuf> {
    let mut files = Vec::new();
    for version in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let version = version?.path();
        files.extend(["service-2.json", "service-2.json.gz"].map(|name| version.join(name)));
    }
    files.retain(|path| path.is_file());
    files.sort();
    files
        .pop()
        .with_context(|| format!("{}: no service-2.json", folder.display()))
}

/// The Regions of all partitions, without the pseudo-Regions of global services.
fn regions(document: &Value) -> Vec<Region> {
    let mut regions = Vec::new();
    for partition in document["partitions"].as_array().into_iter().flatten() {
        let names = partition["regions"].as_object().into_iter().flatten();
        for (name, _) in names.filter(|(name, _)| !name.ends_with("-global")) {
            regions.push(Region {
                name: name.clone(),
                partition: text(&partition["id"]),
                domain: text(&partition["outputs"]["dnsSuffix"]),
            });
        }
    }
    regions
}

fn type_names(document: &Value) -> Result<BTreeSet<String>> {
    let names = document["shapes"]["InstanceType"]["enum"].as_array();
    let names = names.context("botocore lists no instance types")?;
    Ok(names.iter().map(text).collect())
}

fn described(document: &Value) -> Result<Vec<InstanceType>> {
    let types = document["InstanceTypes"].as_array();
    let types = types.context("--instance-types: no list `InstanceTypes`")?;
    let one = |described: &Value| InstanceType {
        name: text(&described["InstanceType"]),
        hypervisor: described["Hypervisor"].as_str().map(str::to_owned),
        cards: described["NetworkInfo"]["MaximumNetworkCards"]
            .as_u64()
            .unwrap_or(1),
    };
    Ok(types.iter().map(one).collect())
}

/// The first cells of rows such as `| c6in.metal | 2 |`.
fn several_cards(path: &Path) -> Result<BTreeSet<String>> {
    let page = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let row = |line: &str| {
        let mut cells = line.trim().strip_prefix('|')?.split('|').map(str::trim);
        let (name, cards) = (cells.next()?, cells.next()?.parse::<u64>().ok()?);
        (name.contains('.') && cards > 1).then(|| name.to_owned())
    };
    let names: BTreeSet<_> = page.lines().filter_map(row).collect();
    ensure!(
        !names.is_empty(),
        "{}: no rows such as `| c6in.metal | 2 |`",
        path.display()
    );
    Ok(names)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
