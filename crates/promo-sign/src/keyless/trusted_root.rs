//! [`TrustedRoot`]: the authorities and logs that a sigstore's evidence is checked by, from its `trusted_root.json`.
//!
//! Parsed and checked once; where it comes from (a file, a TUF repository) is the caller's affair.

use std::fmt;

use sigstore_verify::Verifier;
use sigstore_verify::crypto::Keyring;
use sigstore_verify::trust_root;
use sigstore_verify::types::{Sha256Hash, TimeRange, TsaAuthority};
use x509_cert::Certificate;
use x509_cert::der::{Decode as _, Encode as _};

use crate::{Error, json};

/// The largest trusted root that is read: the public one has 10 KiB.
pub const MAX_TRUSTED_ROOT: usize = 1024 * 1024;

/// The media types of the versions that are known.
const MEDIA_TYPES: [&str; 3] = [
    "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    "application/vnd.dev.sigstore.trustedroot+json;version=0.2",
    "application/vnd.dev.sigstore.trustedroot.v0.2+json",
];

/// The certificate authorities, logs and timestamp authorities of one sigstore, each with the window in which it counts.
pub struct TrustedRoot {
    pub(super) verifier: Verifier,
    pub(super) rekor_keys: Keyring,
    pub(super) logs: Vec<Log>,
    pub(super) authorities: Vec<Authority>,
    /// Whether it names a log of certificates, so that certificates have to be in one.
    pub(super) has_certificate_logs: bool,
}

/// A transparency log.
pub(super) struct Log {
    pub(super) id: Sha256Hash,
    pub(super) window: Option<TimeRange>,
}

/// A timestamp authority.
pub(super) struct Authority {
    /// The subject of the certificate that it signs with.
    pub(super) subject: String,
    /// How tokens name that certificate, as DER.
    pub(super) issuer_and_serial: Vec<u8>,
    pub(super) tsa: TsaAuthority,
}

impl TrustedRoot {
    /// Reads a `trusted_root.json` (sigstore's protobuf-specs, `TrustedRoot`).
    ///
    /// Refused with `PROMO-S040` are documents that are too large, of another type, with a key twice, with a key or a
    /// certificate that can't be used, two logs of one id, or a window that ends before it begins.
    pub fn from_json(bytes: &[u8]) -> Result<Self, Error> {
        let refused = |reason: String| Error::TrustedRoot { reason };
        if bytes.len() > MAX_TRUSTED_ROOT {
            return Err(refused(format!(
                "it has more than {MAX_TRUSTED_ROOT} bytes"
            )));
        }
        let root: trust_root::TrustedRoot = json::parse(bytes)
            .ok_or_else(|| refused("it is not the JSON of a trusted root".to_owned()))?;
        if !MEDIA_TYPES.contains(&root.media_type.as_str()) {
            return Err(refused("it is of a version that is not known".to_owned()));
        }
        let unusable = |error: &dyn fmt::Display| refused(error.to_string());
        let verifier = Verifier::new(&root).map_err(|error| unusable(&error))?;
        let rekor_keys = root.rekor_keys().map_err(|error| unusable(&error))?;
        let mut logs = Vec::new();
        for log in &root.tlogs {
            let id = Sha256Hash::try_from(log.log_id.key_id.as_bytes());
            logs.push(Log {
                id: id.map_err(|error| unusable(&error))?,
                window: log.public_key.valid_for,
            });
        }
        let mut authorities = Vec::new();
        for authority in &root.timestamp_authorities {
            authorities.push(Authority::of(authority)?);
        }
        Ok(Self {
            verifier,
            rekor_keys,
            logs,
            authorities,
            has_certificate_logs: !root.ctlogs.is_empty(),
        })
    }

    /// The trusted root of the public sigstore, as it was when the library was made.
    ///
    /// # Errors
    ///
    /// As [`Self::from_json`].
    pub fn public() -> Result<Self, Error> {
        Self::from_json(trust_root::SIGSTORE_PRODUCTION_TRUSTED_ROOT.as_bytes())
    }

    /// The log with this id.
    pub(super) fn log(&self, id: &Sha256Hash) -> Option<&Log> {
        self.logs.iter().find(|log| log.id == *id)
    }
}

impl Authority {
    fn of(found: &trust_root::TimestampAuthority) -> Result<Self, Error> {
        let mut chain = found.cert_chain.certificates.iter();
        let certificates: Vec<_> = chain
            .by_ref()
            .map(|entry| entry.raw_bytes.clone())
            .collect();
        let (Some(leaf), Some(root)) = (certificates.first(), certificates.last()) else {
            return Err(Error::TrustedRoot {
                reason: "a timestamp authority has no certificate".to_owned(),
            });
        };
        let between = certificates.len().saturating_sub(1);
        let intermediates = certificates.get(1..between).unwrap_or_default().to_vec();
        let unreadable = |error: x509_cert::der::Error| Error::TrustedRoot {
            reason: format!("the certificate of a timestamp authority can't be read: {error}"),
        };
        let certificate = Certificate::from_der(leaf.as_bytes()).map_err(unreadable)?;
        let certified = &certificate.tbs_certificate;
        let mut issuer_and_serial = certified.issuer.to_der().map_err(unreadable)?;
        issuer_and_serial.extend(certified.serial_number.to_der().map_err(unreadable)?);
        Ok(Self {
            issuer_and_serial,
            subject: certificate.tbs_certificate.subject.to_string(),
            tsa: TsaAuthority::new(leaf.clone(), intermediates, root.clone(), found.valid_for),
        })
    }
}

impl fmt::Debug for TrustedRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrustedRoot")
            .field("logs", &self.logs.len())
            .field("authorities", &self.authorities.len())
            .finish_non_exhaustive()
    }
}
