//! Checks an edit by reading its result: what the old text said plus the addition, and nothing else.

use super::super::document::{Document, Value};
use super::{Addition, EditError, entry_of, images_of, is_named, is_tag, no_place};

/// Checks that the edited text says what the old one said plus the addition.
pub(super) fn confirm(
    name: &str,
    old: Option<&Value>,
    edited: &str,
    addition: &Addition,
) -> Result<(), EditError> {
    let refused = || no_place(old.map(Value::start));
    let document = Document::read(name, edited.as_bytes()).map_err(|_| refused())?;
    let images = match &document.root {
        Some(root @ Value::Map { .. }) => root.get("images"),
        root => root.as_ref(),
    };
    let mut images = images.cloned().ok_or_else(refused)?;
    let is_there = entry_of(&images, addition).is_some();
    let is_empty = |value: &Value| matches!(value, Value::List { items, .. } if items.is_empty());
    remove(&mut images, addition, old);
    let is_same = match old.filter(|old| !old.is_null()) {
        Some(old) => old.says_same(&images),
        None => is_empty(&images),
    };
    if is_there && is_same {
        Ok(())
    } else {
        Err(refused())
    }
}

/// Takes the addition out again: the tag, and the digest and image that came with it.
fn remove(images: &mut Value, addition: &Addition, old: Option<&Value>) {
    let Value::List { items, .. } = images else {
        return;
    };
    let digest = addition.digest.to_string();
    let had_image = old.is_some_and(|old| images_of(old).any(|image| is_named(image, addition)));
    if !had_image {
        items.retain(|image| !is_named(image, addition));
        return;
    }
    let had_digest = old.is_some_and(|old| {
        images_of(old)
            .filter(|image| is_named(image, addition))
            .any(|image| {
                image
                    .get("dmap")
                    .is_some_and(|dmap| dmap.get(&digest).is_some())
            })
    });
    for image in items.iter_mut().filter(|image| is_named(image, addition)) {
        let Value::Map { entries, .. } = image else {
            continue;
        };
        let dmap = entries.iter_mut().find(|(key, _)| key.text == "dmap");
        let Some((_, Value::Map { entries, .. })) = dmap else {
            continue;
        };
        if !had_digest {
            entries.retain(|(key, _)| key.text != digest);
        } else if let (Some(tag), Some((_, Value::List { items, .. }))) = (
            &addition.tag,
            entries.iter_mut().find(|(key, _)| key.text == digest),
        ) {
            items.retain(|item| !is_tag(item, tag));
        }
    }
}
