//! Adds an image, a digest or a tag to a promoter manifest, and changes nothing else of the file.
//!
//! The new text goes to its sorted place, in the style of what stands there. Afterwards the result is
//! read again: it says what the old text said plus the addition, or nothing is changed.

mod confirm;
mod source;

use std::sync::Arc;

use self::confirm::confirm;
use self::source::{Insertion, Source};
use super::document::{Document, Leaf, Value, is_plain_text, quoted};
use super::kinds::NO_PLACE;
use super::{LoadError, Position};
use crate::Code;
use crate::oci::{Digest, RegistryPath, RepositoryError, Tag};

/// What is added: an image's digest, with a tag or without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addition {
    image: Arc<str>,
    digest: Digest,
    tag: Option<Tag>,
}

impl Addition {
    /// An addition. The name must be one that an image can have.
    pub fn new(image: &str, digest: Digest, tag: Option<Tag>) -> Result<Self, RepositoryError> {
        RegistryPath::check_image_name(image)?;
        Ok(Self {
            image: image.into(),
            digest,
            tag,
        })
    }
}

/// Why nothing was added.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// The file itself is broken.
    #[error("the file can't be edited as it is")]
    Load(#[from] LoadError),
    /// It is written in a way in which there is no place for the addition.
    #[error("there is no place for the addition at {position} as the file is written")]
    NoPlace {
        /// Where it was tried.
        position: Position,
    },
}

impl EditError {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Load(error) => error.code(),
            Self::NoPlace { .. } => NO_PLACE.code,
        }
    }

    /// What to do about it.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Load(error) => error.hints(),
            Self::NoPlace { .. } => {
                vec!["`promo manifest format` writes the file in the canonical layout".to_owned()]
            }
        }
    }
}

/// Adds to the text of an images file (or of a plain manifest) and returns the new text. What is there
/// already is not added again.
///
/// # Errors
/// [`EditError::Load`] if the text can't be read, [`EditError::NoPlace`] (`PROMO-M080`) if it is written
/// in a way in which the addition has no place.
pub fn add(name: &str, bytes: &[u8], addition: &Addition) -> Result<String, EditError> {
    let document = Document::read(name, bytes)?;
    let images = match &document.root {
        Some(root @ Value::Map { .. }) => root.get("images"),
        root => root.as_ref(),
    };
    let source = Source::new(&document.lines);
    let is_map = |root: &&Value| matches!(root, Value::Map { .. });
    let is_in_braces = document.root.as_ref().filter(is_map).is_some_and(is_flow);
    let nothing = images.filter(|_| !is_in_braces).and_then(empty_span);
    let into_nothing =
        nothing.and_then(|span| source.in_place_of_nothing(span, &image_lines("", addition)));
    let insertion = match images.filter(|images| !images.is_null()) {
        Some(_) if into_nothing.is_some() => into_nothing,
        Some(images) => into_images(&source, images, addition)?,
        None if matches!(document.root, Some(Value::Map { .. })) => None,
        None => Some(source.at_end(&image_lines("", addition))),
    };
    let Some(insertion) = insertion else {
        return match images.and_then(|images| entry_of(images, addition)) {
            Some(_) => Ok(String::from_utf8_lossy(bytes).into_owned()),
            None => Err(no_place(images.map(Value::start))),
        };
    };
    let edited = source.with(&insertion);
    confirm(name, images, &edited, addition)?;
    let mark = if bytes.starts_with(MARK.as_bytes()) {
        MARK
    } else {
        ""
    };
    Ok(format!("{mark}{edited}"))
}

/// A byte order mark.
const MARK: &str = "\u{feff}";

fn no_place(position: Option<Position>) -> EditError {
    EditError::NoPlace {
        position: position.unwrap_or(Position { line: 1, column: 1 }),
    }
}

/// The entry that already says what is to be added.
fn entry_of<'a>(images: &'a Value, addition: &Addition) -> Option<&'a Value> {
    let digest = addition.digest.to_string();
    let dmaps = images_of(images)
        .filter(|image| is_named(image, addition))
        .filter_map(|image| image.get("dmap"));
    dmaps
        .filter_map(|dmap| dmap.get(&digest))
        .find(|tags| match &addition.tag {
            Some(tag) => has_tag(tags, tag),
            None => true,
        })
}

fn images_of(images: &Value) -> impl Iterator<Item = &Value> {
    match images {
        Value::List { items, .. } => items.as_slice(),
        _ => &[],
    }
    .iter()
}

fn is_named(image: &Value, addition: &Addition) -> bool {
    let name = image.get("name").and_then(Value::as_text);
    name.is_some_and(|name| !name.is_null && *name.text == *addition.image)
}

fn has_tag(tags: &Value, tag: &Tag) -> bool {
    matches!(tags, Value::List { items, .. } if items.iter().any(|item| is_tag(item, tag)))
}

fn is_tag(item: &Value, tag: &Tag) -> bool {
    item.as_text()
        .is_some_and(|text| !text.is_null && text.text == tag.as_str())
}

/// Where the addition goes in a list of images; nothing if it is there or has no place.
fn into_images(
    source: &Source<'_>,
    images: &Value,
    addition: &Addition,
) -> Result<Option<Insertion>, EditError> {
    let Value::List {
        items,
        start,
        flow_end,
    } = images
    else {
        return Err(no_place(Some(images.start())));
    };
    if entry_of(images, addition).is_some() {
        return Ok(None);
    }
    let digest = addition.digest.to_string();
    let mut named = items.iter().filter(|image| is_named(image, addition));
    let has_digest = |image: &&Value| {
        image
            .get("dmap")
            .is_some_and(|dmap| dmap.get(&digest).is_some())
    };
    if let Some(image) = named.clone().find(has_digest).or_else(|| named.next()) {
        return into_image(source, image, addition).map(Some);
    }
    let name_of = |image: &Value| {
        let name = image.get("name").and_then(Value::as_text);
        name.map_or_else(String::new, |name| name.text.clone())
    };
    let index = items
        .iter()
        .position(|image| name_of(image).as_str() > &*addition.image)
        .unwrap_or(items.len());
    let spans = items.iter().map(|item| (item.start(), item.end()));
    if flow_end.is_some() {
        let text = format!(
            "{{name: {}, dmap: {{{}}}}}",
            name_text(addition),
            digest_text(addition)
        );
        return Ok(Some(source.flow(spans, index, *start, &text)));
    }
    let first = items.first().map_or(*start, Value::start);
    let indent = source.dash_indent(first);
    indent
        .and_then(|indent| source.between(spans, index, &image_lines(indent, addition)))
        .map(Some)
        .ok_or_else(|| no_place(Some(*start)))
}

/// Whether a value is written in brackets or braces.
fn is_flow(value: &Value) -> bool {
    match value {
        Value::Text(_) => false,
        Value::List { flow_end, .. } | Value::Map { flow_end, .. } => flow_end.is_some(),
    }
}

/// Where brackets or braces stand that hold nothing.
fn empty_span(value: &Value) -> Option<(Position, Position)> {
    let is_empty = match value {
        Value::List { items, .. } => items.is_empty(),
        Value::Map { entries, .. } => entries.is_empty(),
        Value::Text(_) => false,
    };
    (is_empty && is_flow(value)).then(|| (value.start(), value.end()))
}

/// Where the addition goes in an image of its name.
fn into_image(
    source: &Source<'_>,
    image: &Value,
    addition: &Addition,
) -> Result<Insertion, EditError> {
    let digest = addition.digest.to_string();
    let refused = || no_place(Some(image.start()));
    let dmap = image.get("dmap").ok_or_else(refused)?;
    let Value::Map {
        entries,
        start,
        flow_end,
    } = dmap
    else {
        return Err(refused());
    };
    let inner = image.start().column as usize + 1;
    let line = [format!("{}{}", " ".repeat(inner), digest_text(addition))];
    let nothing = empty_span(dmap).filter(|_| !is_flow(image));
    if let Some(insertion) = nothing.and_then(|span| source.in_place_of_nothing(span, &line)) {
        return Ok(insertion);
    }
    if let Some(tags) = dmap.get(&digest) {
        return into_tags(source, tags, addition).ok_or_else(|| no_place(Some(tags.start())));
    }
    let index = entries
        .iter()
        .position(|(key, _)| key.text > digest)
        .unwrap_or(entries.len());
    let spans = entries
        .iter()
        .map(|(key, value)| (key.start, value.end_behind(key)));
    if flow_end.is_some() {
        return Ok(source.flow(spans, index, *start, &digest_text(addition)));
    }
    let indent = source.indent(*start).ok_or_else(refused)?;
    let lines = [format!("{indent}{}", digest_text(addition))];
    source.between(spans, index, &lines).ok_or_else(refused)
}

/// Where the tag goes among the tags of its digest.
fn into_tags(source: &Source<'_>, tags: &Value, addition: &Addition) -> Option<Insertion> {
    let tag = addition.tag.as_ref()?;
    let Value::List {
        items,
        start,
        flow_end,
    } = tags
    else {
        return None;
    };
    let texts: Option<Vec<&Leaf>> = items.iter().map(Value::as_text).collect();
    let texts = texts?;
    let index = texts
        .iter()
        .position(|text| text.text.as_str() > tag.as_str())
        .unwrap_or(texts.len());
    let spans = texts.iter().map(|text| (text.start, text.end));
    if flow_end.is_some() {
        return Some(source.flow(spans, index, *start, &quoted(tag.as_str())));
    }
    let indent = source.dash_indent(texts.first()?.start)?;
    let lines = [format!("{indent}- {}", quoted(tag.as_str()))];
    source.between(spans, index, &lines)
}

fn name_text(addition: &Addition) -> String {
    if is_plain_text(&addition.image) {
        addition.image.to_string()
    } else {
        quoted(&addition.image)
    }
}

fn digest_text(addition: &Addition) -> String {
    let tag = addition.tag.as_ref();
    let tags = tag.map_or_else(String::new, |tag| quoted(tag.as_str()));
    format!("\"{}\": [{tags}]", addition.digest)
}

fn image_lines(indent: &str, addition: &Addition) -> [String; 3] {
    [
        format!("{indent}- name: {}", name_text(addition)),
        format!("{indent}  dmap:"),
        format!("{indent}    {}", digest_text(addition)),
    ]
}
