//! The metadata categories, one row each, sorted by path.
//!
//! The second column is the API version that introduced the category: AWS's own
//! date where documented and not contradicted by captures (reference 2.3 and 8).

use std::borrow::Cow;
use std::fmt::Display;

use super::View;
use super::row::{Row, Text, Value};
use crate::documents::{identity_document, maintenance, one_line, rebalance, spot_instance_action};
use crate::signature::Signature;
use Value::{Document, Fact, Interface, InterfaceKeyed, Keyed, Octets};

/// All rows.
#[rustfmt::skip]
#[allow(clippy::redundant_closure_for_method_calls, reason = "a path is less general")]
pub(super) const CATALOG: &[Row] = &[
    row("dynamic/fws/instance-monitoring",                   "2009-04-04", Fact(|i| only_if(i.monitoring, "enabled"))),
    row("dynamic/instance-identity/document",                "2009-04-04", Document(always, |v| identity_document(v.instance))),
    row("dynamic/instance-identity/pkcs7",                   "2009-04-04", Document(always, |v| v.signature(Signature::Pkcs7))),
    row("dynamic/instance-identity/rsa2048",                 "2009-04-04", Document(always, |v| v.signature(Signature::Rsa2048))),
    row("dynamic/instance-identity/signature",               "2009-04-04", Document(always, |v| v.signature(Signature::Bare))),
    row("meta-data/ami-id",                                  "1.0",        Fact(|i| some(&i.image_id))),
    row("meta-data/ami-launch-index",                        "1.0",        Fact(|i| some(&i.ami_launch_index))),
    row("meta-data/ami-manifest-path",                       "1.0",        Fact(|i| some(&i.ami_manifest_path))),
    row("meta-data/ancestor-ami-ids",                        "2007-10-10", Fact(|i| lines(&i.ancestor_ami_ids))),
    row("meta-data/autoscaling/target-lifecycle-state",          "2021-07-15", Value::View(|v| v.events().target_lifecycle_state.as_deref().or(v.instance.auto_scaling_state).and_then(some))),
    row("meta-data/block-device-mapping/{device}",           "2007-12-15", Keyed(|i, device| maybe(i.block_devices.get(device)))),
    row("meta-data/elastic-gpus/associations/{gpu}",             "2016-11-30", Keyed(|i, id| maybe(i.accelerators.graphics.get(id)))),
    row("meta-data/elastic-inference/associations/{accelerator}", "2018-11-29", Keyed(|i, id| maybe(i.accelerators.inference.get(id)))),
    row("meta-data/events/maintenance/history",              "2018-08-17", Value::View(|v| display(maintenance(&v.events().maintenance, true)))),
    row("meta-data/events/maintenance/scheduled",            "2018-08-17", Value::View(|v| display(maintenance(&v.events().maintenance, false)))),
    row("meta-data/events/recommendations/rebalance",            "2020-10-27", Value::View(|v| display(rebalance(v.events().rebalance?)))),
    row("meta-data/hibernation/configured",                  "2018-09-24", Fact(|i| only_if(i.hibernation, "true"))),
    row("meta-data/hostname",                                "1.0",        Fact(|i| non_empty(&i.hostname))),
    row("meta-data/iam/info",                                "2012-01-12", Document(|v, _| v.has_role(), |v| v.iam_info())),
    row("meta-data/iam/security-credentials-extended/{role}",    "2025-10-04", Document(|v, role| v.is_extended_role(role), |v| v.extended_role_credentials())),
    row("meta-data/iam/security-credentials/{role}",         "2012-01-12", Document(|v, role| v.is_role(role), |v| v.role_credentials())),
    row("meta-data/identity-credentials/ec2/info",           "2018-05-23", Document(always, |v| v.instance_info())),
    row("meta-data/identity-credentials/ec2/security-credentials/ec2-instance", "2018-05-23", Document(always, |v| v.instance_credentials())),
    row("meta-data/instance-action",                         "2008-09-01", Fact(|i| some(&i.action))),
    row("meta-data/instance-id",                             "1.0",        Fact(|i| some(&i.id))),
    row("meta-data/instance-life-cycle",                     "2019-10-01", Fact(|i| some(&i.life_cycle))),
    row("meta-data/instance-type",                           "2007-08-29", Fact(|i| some(&i.instance_type))),
    row("meta-data/ipv6",                                    "2021-01-03", Fact(|i| first(&i.primary().ipv6s))),
    row("meta-data/kernel-id",                               "2008-02-01", Fact(|i| maybe(i.kernel_id.as_ref()))),
    row("meta-data/local-hostname",                          "2007-01-19", Fact(|i| non_empty(&i.hostname))),
    row("meta-data/local-ipv4",                              "1.0",        Fact(|i| first(&i.primary().local_ipv4s))),
    row("meta-data/mac",                                     "2011-01-01", Fact(|i| some(&i.mac))),
    row("meta-data/managed-ssh-keys/active-keys/{user}",         "2019-06-27", Keyed(|i, user| maybe(i.managed_ssh_keys.active_keys.get(user)))),
    row("meta-data/managed-ssh-keys/signer-cert",                "2019-06-27", Fact(|i| maybe(i.managed_ssh_keys.signer_cert.as_ref()))),
    row("meta-data/managed-ssh-keys/signer-ocsp/{fingerprint}",  "2019-06-27", Keyed(|i, sha1| maybe(i.managed_ssh_keys.signer_ocsp.get(sha1)))),
    row("meta-data/metrics/vhostmd",                         "2011-05-01", Fact(|_| Some(Cow::Borrowed(VHOSTMD)))),
    row("meta-data/network/interfaces/macs/{mac}/device-number",           "2011-01-01", Interface(|n| display(n.device_number))),
    row("meta-data/network/interfaces/macs/{mac}/interface-id",            "2011-01-01", Interface(|n| some(&n.id))),
    row("meta-data/network/interfaces/macs/{mac}/ipv4-associations/{public-ipv4}", "2011-01-01", InterfaceKeyed(|n, ip| lines(n.ipv4_associations.get(ip)?))),
    row("meta-data/network/interfaces/macs/{mac}/ipv4-prefix",             "2011-01-01", Interface(|n| lines(&n.ipv4_prefixes))),
    row("meta-data/network/interfaces/macs/{mac}/ipv6-prefix",             "2016-06-30", Interface(|n| lines(&n.ipv6_prefixes))),
    row("meta-data/network/interfaces/macs/{mac}/ipv6s",                   "2016-06-30", Interface(|n| lines(&n.ipv6s))),
    row("meta-data/network/interfaces/macs/{mac}/local-hostname",          "2011-01-01", Interface(|n| maybe(n.local_hostname.as_ref()))),
    row("meta-data/network/interfaces/macs/{mac}/local-ipv4s",             "2011-01-01", Interface(|n| lines(&n.local_ipv4s))),
    row("meta-data/network/interfaces/macs/{mac}/mac",                     "2011-01-01", Interface(|n| some(&n.mac))),
    row("meta-data/network/interfaces/macs/{mac}/network-card",            "2020-11-01", Interface(|n| maybe(n.network_card.as_ref()))),
    row("meta-data/network/interfaces/macs/{mac}/owner-id",                "2011-01-01", Interface(|n| some(&n.owner_id))),
    row("meta-data/network/interfaces/macs/{mac}/public-hostname",         "2011-01-01", Interface(|n| maybe(n.public_hostname.as_ref()))),
    row("meta-data/network/interfaces/macs/{mac}/public-ipv4s",            "2011-01-01", Interface(|n| lines(&n.public_ipv4s))),
    row("meta-data/network/interfaces/macs/{mac}/security-group-ids",      "2011-01-01", Interface(|n| lines(n.groups.iter().map(|g| &g.group_id)))),
    row("meta-data/network/interfaces/macs/{mac}/security-groups",         "2011-01-01", Interface(|n| lines(n.groups.iter().map(|g| &g.group_name)))),
    row("meta-data/network/interfaces/macs/{mac}/subnet-id",               "2011-01-01", Interface(|n| some(&n.subnet_id))),
    row("meta-data/network/interfaces/macs/{mac}/subnet-ipv4-cidr-block",  "2011-01-01", Interface(|n| maybe(n.cidr_blocks.subnet_ipv4_cidr_block.as_ref()))),
    row("meta-data/network/interfaces/macs/{mac}/subnet-ipv6-cidr-blocks", "2016-06-30", Interface(|n| lines(&n.cidr_blocks.subnet_ipv6_cidr_blocks))),
    row("meta-data/network/interfaces/macs/{mac}/vpc-id",                  "2011-01-01", Interface(|n| some(&n.vpc_id))),
    row("meta-data/network/interfaces/macs/{mac}/vpc-ipv4-cidr-block",     "2011-01-01", Interface(|n| maybe(n.cidr_blocks.vpc_ipv4_cidr_block.as_ref()))),
    row("meta-data/network/interfaces/macs/{mac}/vpc-ipv4-cidr-blocks",    "2016-06-30", Interface(|n| lines(&n.cidr_blocks.vpc_ipv4_cidr_blocks))),
    row("meta-data/network/interfaces/macs/{mac}/vpc-ipv6-cidr-blocks",    "2016-06-30", Interface(|n| lines(&n.cidr_blocks.vpc_ipv6_cidr_blocks))),
    row("meta-data/outpost-arn",                             "2019-10-01", Fact(|i| maybe(i.placement.outpost_arn.as_ref()))),
    row("meta-data/placement/availability-zone",             "2008-02-01", Fact(|i| some(&i.placement.zone))),
    row("meta-data/placement/availability-zone-id",          "2019-10-01", Fact(|i| some(&i.placement.zone_id))),
    row("meta-data/placement/group-name",                    "2020-08-24", Fact(|i| maybe(i.placement.group_name.as_ref()))),
    row("meta-data/placement/host-id",                       "2020-08-24", Fact(|i| maybe(i.placement.host_id.as_ref()))),
    row("meta-data/placement/partition-number",              "2020-08-24", Fact(|i| maybe(i.placement.partition_number.as_ref()))),
    row("meta-data/placement/region",                        "2020-08-24", Fact(|i| some(&i.placement.region))),
    row("meta-data/product-codes",                           "2007-03-01", Fact(|i| lines(&i.product_codes))),
    row("meta-data/profile",                                 "2007-12-15", Fact(|i| some(&i.virtualization_profile))),
    row("meta-data/public-hostname",                         "2007-01-19", Fact(|i| maybe(i.primary().public_hostname.as_ref()))),
    row("meta-data/public-ipv4",                             "2007-01-19", Fact(|i| first(&i.primary().public_ipv4s))),
    row("meta-data/public-keys/{index}/openssh-key",         "1.0",        Keyed(|i, index| some(&i.public_key(index)?.line))),
    row("meta-data/ramdisk-id",                              "2007-10-10", Fact(|i| maybe(i.ramdisk_id.as_ref()))),
    row("meta-data/reservation-id",                          "1.0",        Fact(|i| some(&i.reservation_id))),
    row("meta-data/security-groups",                         "1.0",        Fact(|i| lines(i.primary().groups.iter().map(|g| &g.group_name)))),
    row("meta-data/services/domain",                         "2014-02-25", Fact(|i| some(&i.placement.services_domain))),
    row("meta-data/services/partition",                      "2015-10-20", Fact(|i| some(&i.placement.partition))),
    row("meta-data/spot/instance-action",                        "2016-11-15", Value::View(|v| display(spot_instance_action(v.events().spot.as_ref()?)))),
    row("meta-data/spot/termination-time",                       "2014-11-05", Value::View(|v| display(v.events().termination_time()?.iso()))),
    row("meta-data/system",                                  "2022-09-24", Fact(|i| some(&i.system))),
    row("meta-data/tag-sets/instance",                       "2025-10-04", Value::View(|v| only_if(v.tags, one_line(&v.instance.tags)))),
    row("meta-data/tags/instance/{tag}",                     "2021-03-23", Value::ViewKeyed(|v, tag| v.tag(tag))),
    row("user-data",                                         "1.0",        Octets(|i| i.user_data.as_deref())),
];

/// Returns the row of a leaf without keys in its path.
pub(super) fn row_at(path: &str) -> Option<&'static Row> {
    let index = CATALOG.binary_search_by(|row| row.path.cmp(path)).ok()?;
    CATALOG.get(index).filter(|row| row.is_literal())
}

const fn row(path: &'static str, since: &'static str, value: Value) -> Row {
    Row::new(path, since, value)
}

/// The placeholder that AWS left for a withdrawn category.
const VHOSTMD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";

fn always(_: &View<'_>, _: &str) -> bool {
    true
}

#[allow(clippy::unnecessary_wraps, reason = "rows yield options")]
fn some(text: &str) -> Text<'_> {
    Some(Cow::Borrowed(text))
}

fn maybe(text: Option<&String>) -> Text<'_> {
    text.map(|text| Cow::Borrowed(text.as_str()))
}

fn non_empty(text: &str) -> Text<'_> {
    (!text.is_empty()).then_some(Cow::Borrowed(text))
}

#[allow(clippy::unnecessary_wraps, reason = "rows yield options")]
fn display(value: impl Display) -> Text<'static> {
    Some(Cow::Owned(value.to_string()))
}

fn only_if<'a>(condition: bool, text: impl Into<Cow<'a, str>>) -> Text<'a> {
    condition.then(|| text.into())
}

fn first(values: &[impl Display]) -> Text<'_> {
    values.first().and_then(display)
}

/// Joins values by newlines; `None` if there are none.
fn lines<'a>(values: impl IntoIterator<Item = impl Display>) -> Text<'a> {
    let lines: Vec<_> = values.into_iter().map(|value| value.to_string()).collect();
    (!lines.is_empty()).then(|| Cow::Owned(lines.join("\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_and_unique() {
        assert!(CATALOG.is_sorted_by(|a, b| a.path < b.path));
    }
}
