//! in-toto links: the promotion of a whole run as one step of a supply chain, for those who check it
//! against an in-toto layout.
//!
//! A link is a file of its own, signed with an Ed25519 key. It lists what was promoted: the sources
//! as materials, the destinations as products, each by its digest.

use std::collections::BTreeMap;
use std::fmt;

use in_toto::crypto::{HashAlgorithm, HashValue, PrivateKey, PublicKey as InTotoPublicKey};
use in_toto::interchange::Json;
use in_toto::models::byproducts::ByProducts;
use in_toto::models::{
    LinkMetadataBuilder, Metablock, MetadataWrapper, TargetDescription, VirtualTargetPath,
};
use promo_core::oci::{Digest, DigestAlgorithm, ImageReference};
use zeroize::Zeroizing;

use crate::key::{ed25519_point, ed25519_seed, private_pkcs8};
use crate::{Error, Password, PublicKey, SigningKey, json};

/// The name of the step in a layout.
pub const STEP: &str = "promote";

/// A private Ed25519 key for links. Only its public half can be printed.
pub struct LinkKey {
    private: PrivateKey,
    public: PublicKey,
}

impl LinkKey {
    /// Reads a key in PEM form: PKCS#8, or encrypted as cosign does it.
    pub fn from_pem(pem: &[u8], password: Option<&Password>) -> Result<Self, Error> {
        Self::from_pkcs8(&private_pkcs8(pem, password)?)
    }

    /// Reads a key as DER of PKCS#8.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, Error> {
        let seed = ed25519_seed(pkcs8).ok_or(Error::LinkKey)?;
        let public = SigningKey::from_pkcs8(pkcs8)?.public_key().clone();
        let point = ed25519_point(public.spki()).ok_or(Error::LinkKey)?;
        let pair = Zeroizing::new([seed, point].concat());
        let private = PrivateKey::from_ed25519(&pair).map_err(link_error)?;
        Ok(Self { private, public })
    }

    /// The public half.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// The key's id, as layouts name it.
    pub fn key_id(&self) -> Result<String, Error> {
        key_id(self.private.public())
    }
}

impl fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LinkKey({})", self.public.fingerprint())
    }
}

/// What a link says was promoted: names by digest, `HOST/NAME@DIGEST`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Link {
    /// The sources.
    pub materials: BTreeMap<String, Digest>,
    /// The destinations.
    pub products: BTreeMap<String, Digest>,
}

impl Link {
    /// A link that lists nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lists a promotion of `digest`; tags and digests in the references are not looked at.
    pub fn add(&mut self, source: &ImageReference, destination: &ImageReference, digest: Digest) {
        let name = |image: &ImageReference| format!("{}@{digest}", image.repository());
        self.materials.insert(name(source), digest);
        self.products.insert(name(destination), digest);
    }

    /// Signs it. The bytes are a JSON file that in-toto's verifiers read, and are verified before
    /// they are returned.
    pub fn sign(&self, key: &LinkKey) -> Result<Vec<u8>, Error> {
        let metablock = LinkMetadataBuilder::new()
            .name(STEP.to_owned())
            .materials(targets(&self.materials)?)
            .products(targets(&self.products)?)
            // Other verifiers refuse a link whose environment is null.
            .env(Some(BTreeMap::new()))
            .byproducts(ByProducts::new())
            .signed::<Json>(&key.private)
            .map_err(link_error)?;
        let mut bytes =
            serde_json::to_vec_pretty(&metablock).map_err(|source| Error::Encoding {
                document: "in-toto link",
                source,
            })?;
        bytes.push(b'\n');
        if verify_link(&bytes, &key.public)? != *self {
            return Err(Error::SelfCheck {
                reason: "the link says something else than it was given".to_owned(),
            });
        }
        Ok(bytes)
    }
}

/// Verifies a link of the step [`STEP`] with an Ed25519 key and says what it lists.
pub fn verify_link(bytes: &[u8], key: &PublicKey) -> Result<Link, Error> {
    let refused = |reason| Error::LinkRefused { reason };
    let point = ed25519_point(key.spki()).ok_or(Error::LinkKey)?;
    let key = InTotoPublicKey::from_ed25519(point).map_err(link_error)?;
    let document: serde_json::Value = json::parse(bytes).ok_or(refused("it is not JSON"))?;
    if document
        .pointer("/signed/_type")
        .and_then(|kind| kind.as_str())
        != Some("link")
    {
        return Err(refused("it is not a link"));
    }
    let metablock: Metablock =
        serde_json::from_value(document).map_err(|_| refused("it is not a signed link"))?;
    let signed = metablock
        .verify(1, [&key])
        .map_err(|_| refused("it is not signed by this key"))?;
    let MetadataWrapper::Link(link) = signed else {
        return Err(refused("it is not a link"));
    };
    if link.name != STEP {
        return Err(refused("it is of another step"));
    }
    let unreadable = || refused("it lists something that is no image by digest");
    Ok(Link {
        materials: digests(&link.materials).ok_or_else(unreadable)?,
        products: digests(&link.products).ok_or_else(unreadable)?,
    })
}

type Targets = BTreeMap<VirtualTargetPath, TargetDescription>;

fn targets(images: &BTreeMap<String, Digest>) -> Result<Targets, Error> {
    images
        .iter()
        .map(|(name, digest)| {
            let path = VirtualTargetPath::new(name.clone()).map_err(link_error)?;
            let algorithm = hash_algorithm(digest);
            let value = HashValue::new(digest.as_bytes().to_vec());
            Ok((path, TargetDescription::from([(algorithm, value)])))
        })
        .collect()
}

/// The listed digests, where each name ends in the digest that is listed for it.
fn digests(targets: &Targets) -> Option<BTreeMap<String, Digest>> {
    targets
        .iter()
        .map(|(path, hashes)| {
            let (_, digest) = path.value().rsplit_once('@')?;
            let digest: Digest = digest.parse().ok()?;
            let algorithm = hash_algorithm(&digest);
            (hashes.get(&algorithm)?.value() == digest.as_bytes())
                .then(|| (path.value().to_owned(), digest))
        })
        .collect()
}

/// An algorithm of digests, as in-toto names it.
const fn hash_algorithm(digest: &Digest) -> HashAlgorithm {
    match digest.algorithm() {
        DigestAlgorithm::Sha256 => HashAlgorithm::Sha256,
        DigestAlgorithm::Sha512 => HashAlgorithm::Sha512,
    }
}

fn key_id(key: &InTotoPublicKey) -> Result<String, Error> {
    match serde_json::to_value(key.key_id()) {
        Ok(serde_json::Value::String(id)) => Ok(id),
        _ => Err(Error::LinkKey),
    }
}

fn link_error(source: in_toto::Error) -> Error {
    Error::Link {
        source: Box::new(source),
    }
}

#[cfg(test)]
mod tests;
