//! Elastic Graphics and Elastic Inference, both discontinued (reference 8.1).

use std::collections::BTreeMap;

use super::or;
use crate::description::InstanceDescription;
use crate::small_sort;

/// The attached accelerators: the served text by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accelerators {
    /// Elastic Graphics accelerators by `egpu-…`.
    pub graphics: BTreeMap<String, String>,
    /// Elastic Inference accelerators by `eia-…`.
    pub inference: BTreeMap<String, String>,
}

impl Accelerators {
    pub(super) fn new(given: &InstanceDescription) -> Self {
        let graphics = given.elastic_gpu_associations.iter();
        let inference = given.elastic_inference_accelerator_associations.iter();
        let kind = or(
            given.imdsim.elastic_inference_accelerator_type.as_ref(),
            "eia2.medium",
        );
        Self {
            graphics: small_sort::map(graphics.map(|gpu| {
                let id = &gpu.elastic_gpu_id;
                (id.clone(), graphics_text(id))
            })),
            inference: small_sort::map(inference.map(|accelerator| {
                let arn = &accelerator.elastic_inference_accelerator_arn;
                let id = arn.rsplit('/').next().unwrap_or_default();
                (id.to_owned(), inference_text(id, &kind))
            })),
        }
    }
}

/// A guess, as no capture is known: the id in the layout of Elastic Inference.
fn graphics_text(id: &str) -> String {
    format!("{{\n  \"version_2016_11_30\" : {{\n    \"elastic-gpu-id\" : \"{id}\"\n  }}\n}}")
}

fn inference_text(id: &str, kind: &str) -> String {
    format!(
        "{{\n  \"version_2018_04_12\" : {{\n    \"elastic-inference-accelerator-id\" : \"{id}\",\n    \
         \"elastic-inference-accelerator-type\" : \"{kind}\"\n  }}\n}}"
    )
}
