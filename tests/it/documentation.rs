//! The documentation is consistent: links and citations are valid, and the book
//! contains every page.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// The description of the real service that the source cites.
const REFERENCE: &str = "docs/reference.md";

#[test]
fn every_cited_section_of_the_reference_exists() {
    let sections = sections(&read(REFERENCE));
    let mut cited = 0;
    for folder in ["src", "hosts", "tests", "xtask"] {
        for path in below(folder, "rs") {
            let text = without_comment_marks(&read(&path));
            for section in citations(&text) {
                cited += 1;
                assert!(
                    sections.contains(&section),
                    "{path} cites reference {section}, which is no heading of {REFERENCE}"
                );
            }
        }
    }
    assert!(cited > 30, "only {cited} citations were found");
}

#[test]
fn numbered_headings_of_the_reference_have_their_number_as_anchor() {
    let text = read(REFERENCE);
    let anchors = Page::parse(&text).anchors;
    for section in sections(&text) {
        assert!(anchors.contains(&section), "no anchor for {section}");
    }
}

#[test]
fn links_inside_the_repository_are_valid() {
    let mut linked = 0;
    for path in pages() {
        for link in Page::parse(&read(&path)).links {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            linked += 1;
            let (file, fragment) = link.split_once('#').unwrap_or((&link, ""));
            let target = match file {
                "" => PathBuf::from(&path),
                file => Path::new(&path).with_file_name("").join(file),
            };
            let text = std::fs::read_to_string(root().join(&target));
            let text = text.unwrap_or_else(|_| panic!("{path}: nothing is at {link}"));
            let found = fragment.is_empty() || Page::parse(&text).anchors.contains(fragment);
            assert!(found, "{path}: there is no such heading at {link}");
        }
    }
    assert!(linked > 100, "only {linked} links were found");
}

#[test]
fn links_of_the_book_stay_inside_the_book() {
    for path in below("docs", "md") {
        for link in Page::parse(&read(&path)).links {
            let ups = link.matches("../").count();
            let depth = path.matches('/').count() - 1;
            assert!(ups <= depth, "{path}: {link} is not in the book");
        }
    }
}

#[test]
fn every_page_is_in_the_summary_of_the_book() {
    let summary: BTreeSet<_> = Page::parse(&read("docs/SUMMARY.md"))
        .links
        .into_iter()
        .map(|link| format!("docs/{link}"))
        .collect();
    let mut pages: BTreeSet<_> = below("docs", "md").into_iter().collect();
    pages.remove("docs/SUMMARY.md");
    assert_eq!(summary, pages);
}

#[test]
fn json_blocks_are_valid() {
    for path in pages() {
        for block in Page::parse(&read(&path)).json {
            let parsed = serde_json::from_str::<serde_json::Value>(&block);
            assert!(parsed.is_ok(), "{path}: {parsed:?}:\n{block}");
        }
    }
}

/// A parsed page.
#[derive(Default)]
struct Page {
    /// The targets of its links.
    links: Vec<String>,
    /// Valid fragments: slugs of headings, as in the book and on GitHub, and ids
    /// of anchors.
    anchors: BTreeSet<String>,
    /// Code blocks in JSON.
    json: Vec<String>,
}

impl Page {
    fn parse(text: &str) -> Self {
        let mut page = Self::default();
        let mut slugs: BTreeMap<String, usize> = BTreeMap::new();
        let (mut heading, mut json) = (None, false);
        for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.links.push(dest_url.into_string());
                }
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    let slug = slug(&heading.take().unwrap_or_default());
                    let before = slugs.entry(slug.clone()).or_default();
                    page.anchors.insert(match *before {
                        0 => slug,
                        number => format!("{slug}-{number}"),
                    });
                    *before += 1;
                }
                Event::Start(Tag::CodeBlock(kind)) => {
                    json = matches!(kind, CodeBlockKind::Fenced(language) if &*language == "json");
                    if json {
                        page.json.push(String::new());
                    }
                }
                Event::End(TagEnd::CodeBlock) => json = false,
                Event::Text(text) | Event::Code(text) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&text);
                    } else if let (true, Some(block)) = (json, page.json.last_mut()) {
                        block.push_str(&text);
                    }
                }
                Event::Html(html) | Event::InlineHtml(html) => page.anchors.extend(
                    html.split("<a id=\"")
                        .skip(1)
                        .filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())),
                ),
                _ => {}
            }
        }
        page
    }
}

/// The fragment of a heading.
fn slug(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter_map(|char| match char {
            ' ' => Some('-'),
            '-' | '_' => Some(char),
            _ => char.is_alphanumeric().then_some(char),
        })
        .collect()
}

/// The numbers of the headings.
fn sections(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with("##"));
    let titles = headings.map(|line| line.trim_start_matches('#').trim());
    titles
        .filter_map(|title| title.split(' ').next())
        .map(|number| number.trim_end_matches('.').to_owned())
        .filter(|number| number.starts_with(|first: char| first.is_ascii_digit()))
        .collect()
}

/// The section numbers after "reference", including those after "and" or a comma.
fn citations(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for rest in text.split("reference ").skip(1) {
        for word in rest.split(' ') {
            let number = word.trim_end_matches(|char: char| !char.is_ascii_digit());
            let digits = |char: char| char.is_ascii_digit() || char == '.';
            match word {
                "and" => {}
                _ if !number.is_empty() && number.chars().all(digits) => {
                    found.push(number.to_owned());
                    if !matches!(&word[number.len()..], "" | ",") {
                        break;
                    }
                }
                _ => break,
            }
        }
    }
    found
}

/// The text on one line, without comment markers.
fn without_comment_marks(text: &str) -> String {
    let words = text.split_whitespace();
    let words = words.filter(|word| !matches!(*word, "//" | "///" | "//!"));
    words.collect::<Vec<_>>().join(" ")
}

/// All pages of documentation.
fn pages() -> Vec<String> {
    let mut pages = below("docs", "md");
    for page in ["ARCHITECTURE", "CHANGELOG", "CONTRIBUTING", "README"] {
        pages.push(format!("{page}.md"));
    }
    pages
}

/// The files below a folder with an extension, as paths relative to the root.
fn below(folder: &str, extension: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root().join(folder)).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{folder}/{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            found.extend(below(&name, extension));
        } else if path.extension().is_some_and(|end| end == extension) {
            found.push(name);
        }
    }
    found
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
