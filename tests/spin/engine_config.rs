//! The wasmtime configuration of Spin 4.1 (crates/core), shared by the build script,
//! the tests and the server for benchmarks. wasmtime rejects code compiled under
//! another configuration.

/// Returns the configuration. Like Spin, takes the number of instances from the
/// variable `SPIN_MAX_INSTANCE_COUNT`.
pub(crate) fn engine_config() -> wasmtime::Config {
    const MIB: usize = 1024 * 1024;
    let instances = std::env::var("SPIN_MAX_INSTANCE_COUNT").ok();
    let instances = instances
        .and_then(|count| count.parse().ok())
        .unwrap_or(1000);
    let mut pool = wasmtime::PoolingAllocationConfig::default();
    pool.total_component_instances(instances)
        .total_memories(instances)
        .total_tables(2 * instances)
        .total_stacks(instances)
        .total_core_instances(4 * instances)
        .table_elements(100_000)
        .max_component_instance_size(10 * MIB)
        .max_core_instance_size(10 * MIB)
        .max_memory_size(4096 * MIB)
        .linear_memory_keep_resident(2 * MIB)
        .table_keep_resident(MIB / 2);
    let mut config = wasmtime::Config::new();
    config.epoch_interruption(true);
    config.allocation_strategy(wasmtime::InstanceAllocationStrategy::Pooling(pool));
    config
}
