//! Cost of one response in process: `cargo bench --bench answer`.
//!
//! Compare the ratios to the first row, a leaf with a token; absolute times
//! depend on the machine.

use std::collections::BTreeMap;

use divan::Bencher;
use http::{Method, Request};
use imdsim::{Connection, Emulator, RequestContext, UnixMillis};

fn main() {
    divan::main();
}

const CONTEXT: RequestContext = RequestContext {
    now: UnixMillis::from_seconds(1_793_491_200),
    entropy: [7; 32],
    connection: Connection::Loopback,
};
const TOKEN: &str = "x-aws-ec2-metadata-token";
const TTL: &str = "x-aws-ec2-metadata-token-ttl-seconds";
const SIGNATURES: [&str; 3] = [
    "/latest/dynamic/instance-identity/signature",
    "/latest/dynamic/instance-identity/pkcs7",
    "/latest/dynamic/instance-identity/rsa2048",
];

fn emulator() -> Emulator {
    Emulator::from_env([])
}

fn request(method: Method, path: &str, header: (&str, &str)) -> Request<Vec<u8>> {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header.0, header.1)
        .body(Vec::new())
        .expect("the request is valid")
}

fn token(emulator: &mut Emulator) -> String {
    let put = request(Method::PUT, "/latest/api/token", (TTL, "21600"));
    let response = emulator
        .answer(None, CONTEXT, &put, &mut BTreeMap::new())
        .response;
    String::from_utf8(response.body).expect("a token is UTF-8")
}

#[divan::bench(args = [
    "/latest/meta-data/instance-id",
    "/latest/meta-data/",
    "/latest/meta-data/iam/security-credentials/imdsim-role",
    "/latest/dynamic/instance-identity/document",
    "/nothing",
])]
fn get_with_a_token(bencher: Bencher<'_, '_>, path: &str) {
    let mut emulator = emulator();
    let token = token(&mut emulator);
    let get = request(Method::GET, path, (TOKEN, &token));
    let mut store = BTreeMap::new();
    bencher.bench_local(|| emulator.answer(None, CONTEXT, &get, &mut store));
}

/// The last leaf of the last of several interfaces.
#[divan::bench(args = [1, 15])]
fn get_of_one_interface_among(bencher: Bencher<'_, '_>, interfaces: u8) {
    let described: Vec<_> = (0..interfaces)
        .map(|index| format!(r#"{{"MacAddress": "0e:00:00:00:00:{index:02x}"}}"#))
        .collect();
    let instance = format!(r#"{{"NetworkInterfaces": [{}]}}"#, described.join(","));
    let mut emulator = Emulator::from_env([("IMDSIM_INSTANCE".to_owned(), instance)]);
    let token = token(&mut emulator);
    let path = format!(
        "/latest/meta-data/network/interfaces/macs/0e:00:00:00:00:{:02x}/vpc-ipv4-cidr-blocks",
        interfaces - 1
    );
    let get = request(Method::GET, &path, (TOKEN, &token));
    let mut store = BTreeMap::new();
    bencher.bench_local(|| emulator.answer(None, CONTEXT, &get, &mut store));
}

#[divan::bench]
fn mint_a_token(bencher: Bencher<'_, '_>) {
    let mut emulator = emulator();
    let put = request(Method::PUT, "/latest/api/token", (TTL, "21600"));
    let mut store = BTreeMap::new();
    bencher.bench_local(|| emulator.answer(None, CONTEXT, &put, &mut store));
}

/// A component instance with the signature in memory.
#[divan::bench(args = SIGNATURES)]
fn get_a_signature_again(bencher: Bencher<'_, '_>, path: &str) {
    let mut emulator = emulator();
    let token = token(&mut emulator);
    let get = request(Method::GET, path, (TOKEN, &token));
    let mut store = BTreeMap::new();
    bencher.bench_local(|| emulator.answer(None, CONTEXT, &get, &mut store));
}

/// A new component instance on a host that has stored the signature.
#[divan::bench(args = SIGNATURES)]
fn load_a_signature(bencher: Bencher<'_, '_>, path: &str) {
    let token = token(&mut emulator());
    let get = request(Method::GET, path, (TOKEN, &token));
    let kept = emulator()
        .answer(None, CONTEXT, &get, &mut BTreeMap::new())
        .cache_entry
        .expect("a new signature is stored");
    let kept = BTreeMap::from([kept]);
    bencher
        .with_inputs(emulator)
        .bench_local_values(|mut emulator| emulator.answer(None, CONTEXT, &get, &mut kept.clone()));
}

/// The first request for a signature.
#[divan::bench(args = SIGNATURES)]
fn make_a_signature(bencher: Bencher<'_, '_>, path: &str) {
    let token = token(&mut emulator());
    let get = request(Method::GET, path, (TOKEN, &token));
    bencher
        .with_inputs(emulator)
        .bench_local_values(|mut emulator| {
            emulator.answer(None, CONTEXT, &get, &mut BTreeMap::new())
        });
}

/// Additional cost of a component instance that is not reused.
#[divan::bench]
fn start(bencher: Bencher<'_, '_>) {
    bencher.bench_local(emulator);
}

/// The same with custom keys, which are validated.
#[divan::bench]
fn start_with_keys(bencher: Bencher<'_, '_>) {
    let keys = concat!(
        include_str!("../src/signature/test-keys/dsa.pem"),
        include_str!("../src/signature/test-keys/rsa.pem"),
        include_str!("../src/signature/test-keys/rsa2048.pem"),
    );
    let settings = || [("IMDSIM_IDENTITY_KEYS".to_owned(), keys.to_owned())];
    bencher.bench_local(|| Emulator::from_env(settings()));
}
