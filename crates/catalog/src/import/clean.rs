//! How the id of a source is taken apart: author, slug, and what the id says beside them.
//!
//! Nothing is identified here. What remains is compared by [`key`]: case and punctuation do not
//! matter, everything else does.

use super::curated::{Directory, Style};

/// Words in a slug that state a precision, longest first, and what it is called.
const PRECISIONS: [(&str, &str); 10] = [
    ("int4-mixed-ar", "int4"),
    ("fp8-dynamic", "fp8"),
    ("nvfp4", "nvfp4"),
    ("mxfp4", "mxfp4"),
    ("fp8", "fp8"),
    ("fp4", "fp4"),
    ("bf16", "bf16"),
    ("fp16", "fp16"),
    ("int8", "int8"),
    ("int4", "int4"),
];
const REGIONS: [&str; 6] = ["us", "eu", "au", "jp", "apac", "global"];
/// Schemes in front of ids that say nothing.
const SCHEMES: [&str; 2] = ["@cf/", "hf:"];

/// An id taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cleaned {
    /// Who owns the repository that the id names, lower case; empty if it names none.
    pub(super) owner: String,
    /// The name of the model, as a slug.
    pub(super) slug: String,
    pub(super) variant: Option<String>,
    pub(super) region: Option<String>,
    pub(super) tee: bool,
}

/// Takes `id` apart in the way of its `directory`. `is_author` knows the spellings of authors.
pub(super) fn clean(directory: &Directory, id: &str, is_author: impl Fn(&str) -> bool) -> Cleaned {
    match directory.style {
        Style::PointAsP => {
            let slug = slugify(&point_as_p(last_segment(id)));
            return Cleaned { slug, ..Cleaned::default() };
        }
        Style::AuthorFirst => {
            let owner = id.split('/').next().unwrap_or("").to_lowercase().replace('_', "-");
            return Cleaned { owner, slug: slugify(last_segment(id)), ..Cleaned::default() };
        }
        _ => {}
    }
    let mut cleaned = Cleaned::default();
    let mut rest = drop_schemes(directory, id);
    for (prefix, variant) in &directory.variants {
        if let Some(tail) = rest.strip_prefix(prefix.as_str()) {
            cleaned.variant = Some(variant.clone());
            rest = tail;
        }
    }
    if directory.style == Style::Bedrock {
        return bedrock(cleaned, rest);
    }
    if let Some((owner, slug)) = rest.rsplit_once('/') {
        cleaned.owner = owner.to_owned();
        rest = slug;
    }
    let dated = match directory.style {
        Style::AtDate => at_date(rest),
        _ => rest.to_owned(),
    };
    let named = drop_vendor(&directory.vendors, &dated, &mut cleaned.owner, is_author);
    let (named, tee) = drop_tee(named);
    cleaned.tee = tee;
    cleaned.owner = cleaned.owner.to_lowercase();
    cleaned.slug = drop_maker(slugify(named));
    cleaned
}

/// Writes a name as a slug: lower case letters, digits, points and single dashes.
pub(super) fn slugify(name: &str) -> String {
    let name = name.to_lowercase().replace('+', "-plus");
    let chars: Vec<char> = name.chars().collect();
    let mut slug = String::with_capacity(name.len());
    for (at, &char) in chars.iter().enumerate() {
        let digit_at =
            |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(char::is_ascii_digit);
        let written = match char {
            '_' if digit_at(at.checked_sub(1)) && digit_at(Some(at + 1)) => '.',
            'a'..='z' | '0'..='9' | '.' => char,
            _ => '-',
        };
        if written != '-' || !slug.ends_with('-') {
            slug.push(written);
        }
    }
    slug.trim_matches('-').to_owned()
}

/// What two names are compared by.
pub(super) fn key(name: &str) -> String {
    let name = name.to_lowercase().replace('+', "plus");
    name.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// Takes the first word for a precision out of a slug; gives the rest and the precision.
pub(super) fn strip_precision(slug: &str) -> (String, Option<&'static str>) {
    for (word, precision) in PRECISIONS {
        if let Some(at) = word_at(slug, word) {
            let (before, after) = (&slug[..at], &slug[at + word.len()..]);
            let joined = format!(
                "{}-{}",
                before.strip_suffix('-').unwrap_or(before),
                after.strip_prefix('-').unwrap_or(after)
            );
            return (joined.trim_matches('-').to_owned(), Some(precision));
        }
    }
    (slug.to_owned(), None)
}

/// Where `word` stands in `slug` between dashes or ends.
fn word_at(slug: &str, word: &str) -> Option<usize> {
    slug.match_indices(word).map(|(at, _)| at).find(|&at| {
        let after = &slug[at + word.len()..];
        (at == 0 || slug[..at].ends_with('-')) && (after.is_empty() || after.starts_with('-'))
    })
}

fn last_segment(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

fn drop_schemes<'a>(directory: &Directory, id: &'a str) -> &'a str {
    let mut rest = id;
    let own = directory.drop.iter().map(String::as_str);
    for scheme in SCHEMES.into_iter().chain(own) {
        rest = rest.strip_prefix(scheme).unwrap_or(rest);
    }
    rest
}

/// `5p1` for `5.1`.
fn point_as_p(name: &str) -> String {
    let bytes = name.as_bytes();
    let digit_at =
        |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    let read = |(at, char): (usize, char)| match char {
        'p' if digit_at(at.checked_sub(1)) && digit_at(Some(at + 1)) => '.',
        other => other,
    };
    name.char_indices().map(read).collect()
}

/// `us.meta.llama3-3-70b-instruct-v1:0`.
fn bedrock(mut cleaned: Cleaned, id: &str) -> Cleaned {
    let mut rest = id;
    if let Some((region, tail)) = rest.split_once('.')
        && REGIONS.contains(&region)
    {
        cleaned.region = Some(region.to_owned());
        rest = tail;
    }
    if let Some((owner, slug)) = rest.split_once('.') {
        cleaned.owner = owner.to_owned();
        rest = slug;
    }
    let slug = drop_revision(rest);
    cleaned.slug = slugify(&llama_point(slug));
    cleaned
}

/// Takes `-v1`, `-v1:0` or `-1:0` off the end.
fn drop_revision(slug: &str) -> &str {
    let Some((before, last)) = slug.rsplit_once('-') else { return slug };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_pair = |text: &str| {
        text.split_once(':').is_some_and(|(major, minor)| is_number(major) && is_number(minor))
    };
    let versioned = last.strip_prefix('v').is_some_and(|text| is_number(text) || is_pair(text));
    if versioned || is_pair(last) { before } else { slug }
}

/// `llama3-3-…` for `llama-3.3-…`.
fn llama_point(slug: &str) -> String {
    match slug.strip_prefix("llama").map(str::as_bytes) {
        Some([major, b'-', minor, b'-', ..])
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            format!("llama-{}.{}-{}", char::from(*major), char::from(*minor), &slug[9..])
        }
        _ => slug.to_owned(),
    }
}

/// `…@20250514`, `…@default` and `…-maas`.
fn at_date(slug: &str) -> String {
    let slug = slug.strip_suffix("@default").unwrap_or(slug);
    let slug = match slug.rsplit_once('@') {
        Some((name, date)) if date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{name}-{date}")
        }
        _ => slug.to_owned(),
    };
    slug.strip_suffix("-maas").map(str::to_owned).unwrap_or(slug)
}

/// Takes a vendor's name off the front, and knows the owner by it if nothing else named one.
fn drop_vendor<'a>(
    vendors: &[String],
    slug: &'a str,
    owner: &mut String,
    is_author: impl Fn(&str) -> bool,
) -> &'a str {
    for vendor in vendors {
        let head = slug.get(..vendor.len());
        if head.is_some_and(|head| head.eq_ignore_ascii_case(vendor)) {
            let name = vendor.trim_end_matches('-');
            if owner.is_empty() && is_author(name) {
                *owner = name.to_owned();
            }
            return &slug[vendor.len()..];
        }
    }
    slug
}

fn drop_tee(slug: &str) -> (&str, bool) {
    let at = slug.len().saturating_sub("-tee".len());
    match (slug.get(..at), slug.get(at..)) {
        (Some(name), Some(tail)) if tail.eq_ignore_ascii_case("-tee") => (name, true),
        _ => (slug, false),
    }
}

/// `meta-llama-…` and `nvidia-nemotron-…` repeat the maker.
fn drop_maker(slug: String) -> String {
    for (maker, family) in [("meta-", "llama"), ("nvidia-", "nemotron")] {
        if let Some(name) = slug.strip_prefix(maker)
            && name.starts_with(family)
        {
            return name.to_owned();
        }
    }
    slug
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(directory: &Directory, id: &str) -> (String, String) {
        let cleaned = clean(directory, id, |name| name == "openai");
        (cleaned.owner, cleaned.slug)
    }

    fn style(style: Style) -> Directory {
        Directory { style, ..Directory::default() }
    }

    #[test]
    fn names_become_slugs() {
        let names = ["Llama-3_1 Nemotron", "c4ai-command-r+", "  GLM--4.7 ", "MiniMax-M2_5", "Ünï"];
        let slugs = names.map(slugify);
        assert_eq!(
            slugs,
            ["llama-3.1-nemotron", "c4ai-command-r-plus", "glm-4.7", "minimax-m2.5", "n"]
        );
    }

    #[test]
    fn a_precision_is_told_from_the_name() {
        let slugs = [
            "llama-3.3-70b-fp8",
            "fp8-llama",
            "qwen-int4-mixed-ar",
            "nvfp4x-model",
            "a-fp8-dynamic-b",
        ];
        let told = slugs.map(strip_precision);
        let expected = [
            ("llama-3.3-70b", Some("fp8")),
            ("llama", Some("fp8")),
            ("qwen", Some("int4")),
            ("nvfp4x-model", None),
            ("a-b", Some("fp8")),
        ];
        assert_eq!(told, expected.map(|(slug, precision)| (slug.to_owned(), precision)));
    }

    #[test]
    fn plain_ids_name_their_owner() {
        let plain = Directory::default();
        assert_eq!(
            cleaned(&plain, "meta-llama/Meta-Llama-3-8B"),
            ("meta-llama".into(), "llama-3-8b".into())
        );
        assert_eq!(
            cleaned(&plain, "@cf/openai/gpt-oss-20b"),
            ("openai".into(), "gpt-oss-20b".into())
        );
        assert_eq!(cleaned(&plain, "hf:Qwen/Qwen3-8B"), ("qwen".into(), "qwen3-8b".into()));
    }

    #[test]
    fn an_enclave_is_a_fact_and_no_name() {
        let read = clean(&Directory::default(), "zai-org/GLM-4.7-TEE", |_| false);
        assert!(read.tee);
        assert_eq!(read.slug, "glm-4.7");
    }

    #[test]
    fn profiles_name_region_and_owner() {
        let read = clean(&style(Style::Bedrock), "us.meta.llama3-3-70b-instruct-v1:0", |_| false);
        assert_eq!(read.region.as_deref(), Some("us"));
        assert_eq!((read.owner.as_str(), read.slug.as_str()), ("meta", "llama-3.3-70b-instruct"));
        let bare = |id| cleaned(&style(Style::Bedrock), id).1;
        assert_eq!(bare("anthropic.claude-opus-4-6-v1"), "claude-opus-4-6");
        assert_eq!(bare("openai.gpt-oss-120b-1:0"), "gpt-oss-120b");
        assert_eq!(bare("mistral.mistral-large-2407-v1:0"), "mistral-large-2407");
        assert_eq!(bare("nodots"), "nodots");
    }

    #[test]
    fn other_styles_are_read() {
        let last = |kind, id| cleaned(&style(kind), id).1;
        assert_eq!(last(Style::PointAsP, "accounts/fireworks/models/glm-5p1"), "glm-5.1");
        assert_eq!(last(Style::AtDate, "claude-opus-4-5@20251101"), "claude-opus-4-5-20251101");
        assert_eq!(last(Style::AtDate, "meta/llama-4-maas"), "llama-4");
        assert_eq!(last(Style::AtDate, "claude-opus-4-6@default"), "claude-opus-4-6");
        let (owner, slug) = cleaned(&style(Style::AuthorFirst), "arcee_ai/AFM/models/trinity-mini");
        assert_eq!((owner.as_str(), slug.as_str()), ("arcee-ai", "trinity-mini"));
    }

    #[test]
    fn what_a_directory_puts_in_front_is_taken_off() {
        let directory = Directory {
            vendors: vec!["openai-".into(), "umans-".into()],
            variants: [("Pro/".into(), "pro".into())].into(),
            ..Directory::default()
        };
        assert_eq!(
            cleaned(&directory, "OpenAI-gpt-oss-20b"),
            ("openai".into(), "gpt-oss-20b".into())
        );
        assert_eq!(cleaned(&directory, "umans-coder"), (String::new(), "coder".into()));
        let pro = clean(&directory, "Pro/deepseek-ai/DeepSeek-V3", |_| false);
        assert_eq!((pro.variant.as_deref(), pro.slug.as_str()), (Some("pro"), "deepseek-v3"));
    }

    #[test]
    fn text_beyond_ascii_does_no_harm() {
        for id in ["é-tee", "日本", "a/é@é", "p５p", "é.ü-v1:0", ""] {
            for kind in
                [Style::Plain, Style::Bedrock, Style::AtDate, Style::PointAsP, Style::AuthorFirst]
            {
                let directory =
                    Directory { style: kind, vendors: vec!["ab-".into()], ..Directory::default() };
                clean(&directory, id, |_| false);
            }
        }
    }
}
