//! `promo manifest add`: an image of staging into the images file that it belongs to.

use promo::documents::{json, yaml};
use promo::settings::Part;
use promo::{Added, image};
use promo_core::oci::Tag;

use crate::args::ManifestAddArgs;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::output::{Format, Outcome};

/// Adds the image, and says where.
pub(crate) async fn run(args: &ManifestAddArgs, context: &Context) -> Result<Outcome> {
    let reference = image::reference(&args.image)?;
    let promoter =
        context.promoter(context.settings(args.overrides(), &[Part::Network, Part::Scope])?)?;
    let added = promoter.add(&reference, &tags(args)?).await?;
    let text = match context.console.format(args.output, &Format::DATA) {
        Format::Json => json(&added)?,
        Format::Yaml => yaml(&added)?,
        _ => line(&added),
    };
    Ok(Outcome::done(text))
}

/// The tags in production that were asked for, each once.
fn tags(args: &ManifestAddArgs) -> Result<Vec<Tag>> {
    let mut tags = Vec::new();
    for text in &args.tag {
        let tag: Tag = text.parse().map_err(|error| Error::Usage {
            message: format!("--tag {text}: {error}"),
            hint: "a tag has letters, digits, `_`, `.` and `-`, at most 128".to_owned(),
        })?;
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    Ok(tags)
}

fn line(added: &Added) -> String {
    let word = if added.changed {
        "added to"
    } else {
        "stands already in"
    };
    let tags: Vec<_> = added.tags.iter().map(Tag::as_str).collect();
    let tags = match tags.as_slice() {
        [] => "without a tag".to_owned(),
        tags => format!("as {}", tags.join(", ")),
    };
    format!(
        "{}@{} {tags}: {word} {}\n",
        added.image, added.digest, added.file
    )
}
