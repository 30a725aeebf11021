use std::fmt::Write as _;

use imdsim::VERSIONS;

use crate::client::Client;
use crate::corpus;
use crate::crawl::Crawl;
use crate::transcript::files;

#[test]
fn responses_of_every_instance_and_version_match_the_golden_files() {
    let mut differences = String::new();
    for sample in corpus::all() {
        let page = page(&mut sample.serve());
        if let Err(difference) = files::golden(&format!("crawls/{}.txt", sample.name), &page) {
            writeln!(differences, "{difference}").unwrap();
        }
    }
    assert!(differences.is_empty(), "\n{differences}");
}

#[test]
fn listings_of_the_built_in_instance_match_the_golden_file() {
    let mut client = Client::new(&[]);
    let mut page = String::new();
    for version in VERSIONS.iter().chain(&["latest"]) {
        let listing = client.text(&format!("/{version}/meta-data/"));
        let names = listing.replace('\n', "\n    ");
        writeln!(page, "{version}: {} bytes\n    {names}", listing.len()).unwrap();
    }
    files::golden("listings.txt", &page).unwrap();
}

/// The responses of `latest`, followed by all versions with their differences
/// from the next newer one.
fn page(client: &mut Client) -> String {
    let token = client.token("21600");
    let mut newer = Crawl::of(client, "latest", Some(&token));
    let mut page = format!("{}\nlatest\n", newer.render());
    let versions = client.text("/");
    for version in versions.lines().rev().skip(1) {
        let crawl = Crawl::of(client, version, Some(&token));
        write!(page, "{version}\n{}", crawl.render_since(&newer)).unwrap();
        newer = crawl;
    }
    page
}
