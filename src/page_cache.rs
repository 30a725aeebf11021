//! What paths show, kept for those who ask again: clients ask for a few paths
//! many times over, and listings and credentials take longest to put together.

use std::cell::RefCell;

use crate::constants;
use crate::documents::{ImdsVersion, Rotation};
use crate::tree::{self, CredentialHealth, Node, View};

/// What a path shows.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) media_type: &'static str,
    pub(crate) body: Vec<u8>,
}

/// The pages of one resolved instance.
#[derive(Debug, Default)]
pub(crate) struct PageCache(RefCell<Vec<Option<Box<CachedPage>>>>);

#[derive(Debug)]
struct CachedPage {
    path: String,
    imds: ImdsVersion,
    rotation: Rotation,
    page: Page,
}

/// How many pages are kept at most, more than a walk over all categories sees.
const PLACES: usize = 512;

/// Longer ones are not kept, which user data may be.
const MAX_LEN: usize = 4096;

impl PageCache {
    /// What a normalised path shows, if anything.
    pub(crate) fn show(&self, view: &View<'_>, path: &str) -> Option<Page> {
        // What a fault distorts is nobody else's to see.
        if !view.notices || view.credentials != CredentialHealth::Good {
            return look_up(view, path);
        }
        let mut places = self.0.borrow_mut();
        places.resize_with(PLACES, || None);
        let place = &mut places[place(path)];
        if let Some(kept) = place
            && kept.path == path
            && (kept.imds, kept.rotation) == (view.imds, view.rotation)
        {
            return Some(kept.page.clone());
        }
        let page = look_up(view, path)?;
        if page.body.len() <= MAX_LEN {
            *place = Some(Box::new(CachedPage {
                path: path.to_owned(),
                imds: view.imds,
                rotation: view.rotation,
                page: page.clone(),
            }));
        }
        Some(page)
    }
}

fn look_up(view: &View<'_>, path: &str) -> Option<Page> {
    let node = tree::find(view, path)?;
    Some(Page {
        media_type: match node {
            Node::Text(_) | Node::Listing(_) => constants::TEXT,
            Node::Octets(_) => constants::OCTETS,
        },
        body: node.bytes().to_vec(),
    })
}

/// Where a page is kept, if it is: a hash (FNV-1a) of its path. Of two pages
/// with one place the last one stays.
fn place(path: &str) -> usize {
    let hash = path.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    // The low bits alone do not see the high ones of any byte.
    usize::try_from(hash ^ (hash >> 16)).unwrap_or_default() % PLACES
}
