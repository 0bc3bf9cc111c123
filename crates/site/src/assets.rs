//! The style sheet and the scripts, compiled in. Their addresses carry a hash of what they say, so
//! browsers may keep them for ever.

/// A file that pages refer to.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    /// Where it stands: `site.css`.
    pub name: &'static str,
    /// What it is, as `content-type` says it.
    pub content_type: &'static str,
    /// What it says.
    pub text: &'static str,
    /// A hash of what it says.
    hash: u64,
}

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

/// The style sheet of every page.
pub const STYLE: Asset = Asset::new("site.css", CSS, include_str!("assets/site.css"));
/// Copies snippets, and reaches the search with a key. Pages read the same without it.
pub const SCRIPT: Asset = Asset::new("site.js", JS, include_str!("assets/site.js"));
/// Streams answers on the playground.
pub const PLAYGROUND: Asset = Asset::new("playground.js", JS, include_str!("assets/playground.js"));
/// The sign in the tab of a browser.
pub const ICON: Asset = Asset::new("icon.svg", "image/svg+xml", include_str!("assets/icon.svg"));

/// Every file that pages refer to.
pub const ALL: [Asset; 4] = [STYLE, SCRIPT, PLAYGROUND, ICON];

impl Asset {
    const fn new(name: &'static str, content_type: &'static str, text: &'static str) -> Asset {
        Asset { name, content_type, text, hash: fnv(text.as_bytes()) }
    }

    /// Returns its address.
    pub fn address(&self) -> String {
        format!("/assets/{:016x}/{}", self.hash, self.name)
    }
}

/// FNV-1a, which is enough to tell one version of a text from another.
pub const fn fnv(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut place = 0;
    while place < bytes.len() {
        hash = (hash ^ bytes[place] as u64).wrapping_mul(0x0100_0000_01b3);
        place += 1;
    }
    hash
}
