//! [`SigningServices`]: which authority, logs and timestamp authorities are used, from a `signing_config.json`.
//!
//! Of the services that count at the time, those of the highest version that is known are chosen, as many as the document
//! asks for and of different operators.

use std::collections::BTreeSet;

use jiff::Timestamp;
use promo_core::ports::{ServiceUrl, ServiceUrlError};
use sigstore_verify::trust_root::{
    SIGSTORE_PRODUCTION_SIGNING_CONFIG, ServiceConfiguration, ServiceEndpoint, ServiceSelector,
    SigningConfig,
};

use crate::{Error, json};

/// The largest signing configuration that is read.
pub const MAX_SIGNING_CONFIG: usize = 1024 * 1024;

const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.signingconfig.v0.2+json";

/// The services that sealing takes.
#[derive(Debug, Clone)]
pub struct SigningServices {
    authority: ServiceUrl,
    logs: Vec<Log>,
    timestamps: Vec<ServiceUrl>,
}

/// A transparency log.
#[derive(Debug, Clone)]
pub(super) struct Log {
    pub(super) url: ServiceUrl,
    pub(super) generation: LogGeneration,
}

/// The generations of Rekor, by the version of their interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogGeneration {
    /// It promises to take an entry in, with a time of its own.
    One,
    /// It proves that it has taken an entry in, without a time.
    Two,
}

impl SigningServices {
    /// Reads a signing configuration (sigstore's protobuf-specs, `SigningConfig` v0.2), and chooses the services that count at
    /// this time.
    ///
    /// # Errors
    ///
    /// `PROMO-S060`: it can't be read, is of another version, names a service that can't be used, or doesn't name what is needed: one
    /// authority, and something that witnesses a time (a log of the first generation, or a timestamp authority).
    pub fn from_json(bytes: &[u8], now: Timestamp) -> Result<Self, Error> {
        if bytes.len() > MAX_SIGNING_CONFIG {
            return Err(refused("it is too large"));
        }
        let config: SigningConfig = json::parse(bytes)
            .ok_or_else(|| refused("it is not the JSON of a signing configuration"))?;
        if config.media_type != MEDIA_TYPE {
            return Err(refused("it is of a version that is not known"));
        }
        let any = ServiceConfiguration::default();
        let authorities = chosen(&config.ca_urls, &any, &[1], now)
            .map_err(|reason| refused(&format!("of certificate authorities {reason}")))?;
        let logs = chosen(
            &config.rekor_tlog_urls,
            &config.rekor_tlog_config,
            &[1, 2],
            now,
        )
        .map_err(|reason| refused(&format!("of transparency logs {reason}")))?;
        let timestamps = chosen(&config.tsa_urls, &config.tsa_config, &[1], now)
            .map_err(|reason| refused(&format!("of timestamp authorities {reason}")))?;
        let authority = authorities
            .first()
            .ok_or_else(|| refused("it names no certificate authority that counts now"))?;
        let services = Self {
            authority: url(authority)?,
            logs: logs.into_iter().map(Log::of).collect::<Result<_, _>>()?,
            timestamps: timestamps.into_iter().map(url).collect::<Result<_, _>>()?,
        };
        if services.timestamps.is_empty() && !services.promises() {
            return Err(refused(
                "it names neither a timestamp authority nor a log with a time of its own, and certificates count by a time only",
            ));
        }
        Ok(services)
    }

    /// The services of the public sigstore, as they were when the library was made.
    ///
    /// # Errors
    ///
    /// As [`Self::from_json`]: none of them may count any more.
    pub fn public(now: Timestamp) -> Result<Self, Error> {
        Self::from_json(SIGSTORE_PRODUCTION_SIGNING_CONFIG.as_bytes(), now)
    }

    /// The authority that gives certificates.
    pub const fn authority(&self) -> &ServiceUrl {
        &self.authority
    }

    /// The generation of the logs; none if there is no log.
    pub fn generation(&self) -> Option<LogGeneration> {
        self.logs.first().map(|log| log.generation)
    }

    pub(super) fn logs(&self) -> &[Log] {
        &self.logs
    }

    pub(super) fn timestamps(&self) -> &[ServiceUrl] {
        &self.timestamps
    }

    /// Fails with `PROMO-S065` unless layers under `.sig` and `.att` can be sealed: they have room for one log's promise, and for nothing
    /// else of a log.
    pub fn demand_promises(&self) -> Result<(), Error> {
        if self.promises() && self.logs.len() == 1 {
            Ok(())
        } else {
            Err(Error::LayerNeedsPromise)
        }
    }

    fn promises(&self) -> bool {
        self.generation() == Some(LogGeneration::One)
    }
}

impl Log {
    fn of(endpoint: &ServiceEndpoint) -> Result<Self, Error> {
        Ok(Self {
            url: url(endpoint)?,
            generation: match endpoint.major_api_version {
                1 => LogGeneration::One,
                _ => LogGeneration::Two,
            },
        })
    }
}

/// The services that are used of those that there are, in their order.
fn chosen<'c>(
    services: &'c [ServiceEndpoint],
    wanted: &ServiceConfiguration,
    versions: &[u32],
    now: Timestamp,
) -> Result<Vec<&'c ServiceEndpoint>, String> {
    let mut usable: Vec<_> = services
        .iter()
        .filter(|service| service.valid_for.contains(now))
        .filter(|service| versions.contains(&service.major_api_version))
        .collect();
    let highest = usable.iter().map(|service| service.major_api_version).max();
    usable.retain(|service| Some(service.major_api_version) == highest);
    if wanted.selector == ServiceSelector::All {
        return Ok(usable);
    }
    // What two have of one operator is no more than what one has.
    let mut operators = BTreeSet::new();
    usable.retain(|service| operators.insert(service.operator.as_deref().unwrap_or(&service.url)));
    let count = match wanted.selector {
        ServiceSelector::Any => 1,
        ServiceSelector::Exact => {
            let count = wanted.count.and_then(|count| usize::try_from(count).ok());
            let count = count.filter(|count| *count > 0);
            let count =
                count.ok_or_else(|| "an exact number is asked for that is none".to_owned())?;
            if usable.len() < count {
                return Err(format!(
                    "{count} are asked for, and {} of different operators count now",
                    usable.len()
                ));
            }
            count
        }
        _ => return Err("it doesn't say how many are to be used".to_owned()),
    };
    usable.truncate(count);
    Ok(usable)
}

fn url(endpoint: &ServiceEndpoint) -> Result<ServiceUrl, Error> {
    ServiceUrl::parse(&endpoint.url).map_err(|error| {
        if error == ServiceUrlError::Credentials {
            // Nothing of it is repeated.
            return refused("the URL of a service carries credentials");
        }
        let shown = promo_core::quoted(&endpoint.url);
        refused(&format!("of the service {shown} {error}"))
    })
}

fn refused(reason: &str) -> Error {
    Error::SigningConfig {
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests;
