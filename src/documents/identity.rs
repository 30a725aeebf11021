//! `dynamic/instance-identity/document` (reference 9.1).

use serde_json::Value;

use super::layout::spaced;
use crate::instance::Instance;

/// The 15 keys in the order of the Nitro back end; absent values are `null`.
pub(crate) fn document(instance: &Instance) -> String {
    let optional = |text: &Option<String>| text.clone().map_or(Value::Null, Value::from);
    let private_ip = instance
        .primary()
        .local_ipv4s
        .first()
        .map(ToString::to_string);
    let list = |texts: &[String]| match texts {
        [] => Value::Null,
        texts => texts.to_vec().into(),
    };
    spaced(&[
        ("accountId", instance.account_id.as_str().into()),
        ("architecture", instance.architecture.as_str().into()),
        ("availabilityZone", instance.placement.zone.as_str().into()),
        ("billingProducts", list(&instance.billing_products)),
        ("devpayProductCodes", list(&instance.devpay_product_codes)),
        (
            "marketplaceProductCodes",
            list(&instance.marketplace_product_codes),
        ),
        ("imageId", instance.image_id.as_str().into()),
        ("instanceId", instance.id.as_str().into()),
        ("instanceType", instance.instance_type.as_str().into()),
        ("kernelId", optional(&instance.kernel_id)),
        ("pendingTime", instance.pending_time.iso().into()),
        ("privateIp", optional(&private_ip)),
        ("ramdiskId", optional(&instance.ramdisk_id)),
        ("region", instance.placement.region.as_str().into()),
        (
            "version",
            instance.identity_document_version.as_str().into(),
        ),
    ])
}
