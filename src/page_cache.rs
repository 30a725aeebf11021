//! Rendered pages by path. Clients request a few paths repeatedly, and listings
//! and credentials are the most expensive to render.

use std::cell::{Cell, RefCell};

use crate::constants;
use crate::documents::{ImdsVersion, Rotation};
use crate::tree::{self, CredentialHealth, Node, View};

/// The content of a path.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) media_type: &'static str,
    pub(crate) body: Vec<u8>,
}

/// The pages of one resolved instance, from the second request on: many hosts use
/// it for one request only.
#[derive(Debug, Default)]
pub(crate) struct PageCache {
    is_used: Cell<bool>,
    slots: RefCell<Vec<Option<Box<CachedPage>>>>,
}

#[derive(Clone, Debug)]
struct CachedPage {
    path: String,
    imds: ImdsVersion,
    rotation: Rotation,
    page: Page,
}

/// The maximum number of pages, more than a crawl of all categories needs.
const SLOTS: usize = 512;

/// The maximum length of a cached page in bytes; user data may be longer.
const MAX_LEN: usize = 4096;

impl PageCache {
    /// Returns the content of a normalized path, if any.
    pub(crate) fn get_or_render(&self, view: &View<'_>, path: &str) -> Option<Page> {
        // A page altered by a fault is not for other requests.
        let is_altered = !view.notices || view.credentials != CredentialHealth::Good;
        if is_altered || !self.is_used.replace(true) {
            return look_up(view, path);
        }
        let mut slots = self.slots.borrow_mut();
        if slots.is_empty() {
            *slots = vec![None; SLOTS];
        }
        let slot = &mut slots[slot_of(path)];
        if let Some(cached) = slot
            && cached.path == path
            && (cached.imds, cached.rotation) == (view.imds, view.rotation)
        {
            return Some(cached.page.clone());
        }
        let page = look_up(view, path)?;
        if page.body.len() <= MAX_LEN {
            *slot = Some(Box::new(CachedPage {
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

/// The slot of a page, a hash (FNV-1a) of its path. A page replaces another one
/// in the same slot.
fn slot_of(path: &str) -> usize {
    let hash = path.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    // The low bits alone do not depend on the high bits of a byte.
    usize::try_from(hash ^ (hash >> 16)).unwrap_or_default() % SLOTS
}
