//! An entry in a list of referrers. Everybody who may push writes into such lists, so of an entry nothing is built but what
//! promo reads: an annotation takes many times its bytes in memory, and there may be hundreds of thousands.

use std::borrow::Cow;
use std::fmt;

use promo_core::oci::{Descriptor, MediaType};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// What a bundle says that it attests.
const PREDICATE_TYPE: &str = "dev.sigstore.bundle.predicateType";
/// Longer than any type: what is longer says nothing.
const MAX_TYPE: usize = 1000;

/// The descriptor, with no annotations but the one that is read.
pub(super) struct Listed(Descriptor);

impl Listed {
    pub(super) fn into_descriptor(self) -> Descriptor {
        self.0
    }
}

/// The fields that are read, as they are written. A descriptor is made of them by its own rules.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    media_type: Option<&'a RawValue>,
    #[serde(borrow)]
    digest: &'a RawValue,
    #[serde(borrow)]
    size: &'a RawValue,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    artifact_type: Option<&'a RawValue>,
    #[serde(default)]
    annotations: Annotations,
}

impl<'de> Deserialize<'de> for Listed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entry = Entry::deserialize(deserializer)?;
        let text = serde_json::to_string(&entry).map_err(D::Error::custom)?;
        let mut descriptor: Descriptor = serde_json::from_str(&text).map_err(D::Error::custom)?;
        descriptor.artifact_type = descriptor
            .artifact_type
            .filter(|found| found.len() <= MAX_TYPE);
        if descriptor.media_type.as_str().len() > MAX_TYPE {
            descriptor.media_type = MediaType::default();
        }
        Ok(Self(descriptor))
    }
}

/// The one annotation that is read.
#[derive(Default)]
struct Annotations {
    predicate_type: Option<String>,
}

impl Serialize for Annotations {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let told = self.predicate_type.iter();
        serializer.collect_map(told.map(|value| (PREDICATE_TYPE, value)))
    }
}

impl<'de> Deserialize<'de> for Annotations {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Read)
    }
}

/// Goes through all annotations, or `null`. Each must be text or `null`, as in a descriptor.
struct Read;

impl<'de> Visitor<'de> for Read {
    type Value = Annotations;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("annotations")
    }

    fn visit_unit<E>(self) -> Result<Annotations, E> {
        Ok(Annotations::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Annotations, A::Error> {
        let mut read = Annotations::default();
        while let Some((key, value)) =
            entries.next_entry::<Cow<'de, str>, Option<Cow<'de, str>>>()?
        {
            if key == PREDICATE_TYPE {
                let value = value.unwrap_or_default();
                read.predicate_type = (value.len() <= MAX_TYPE).then(|| value.into_owned());
            }
        }
        Ok(read)
    }
}
