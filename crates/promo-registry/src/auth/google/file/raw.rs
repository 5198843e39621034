//! The JSON of Google's credentials file as it may stand there: the fields of all types together, none checked. What
//! they mean is in the parent.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::auth::Secret;

#[derive(Deserialize)]
pub(super) struct RawFile {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) client_id: Option<String>,
    pub(super) client_secret: Option<Secret>,
    pub(super) refresh_token: Option<Secret>,
    pub(super) client_email: Option<String>,
    pub(super) private_key: Option<Secret>,
    pub(super) private_key_id: Option<String>,
    pub(super) token_uri: Option<String>,
    pub(super) audience: Option<String>,
    pub(super) subject_token_type: Option<String>,
    pub(super) token_url: Option<String>,
    pub(super) credential_source: Option<RawSource>,
    pub(super) service_account_impersonation_url: Option<String>,
    pub(super) delegates: Option<Vec<String>>,
    pub(super) source_credentials: Option<Box<RawFile>>,
}

#[derive(Deserialize)]
pub(super) struct RawSource {
    pub(super) file: Option<String>,
    pub(super) url: Option<String>,
    pub(super) headers: Option<BTreeMap<String, Secret>>,
    pub(super) format: Option<RawFormat>,
    pub(super) executable: Option<IgnoredAny>,
    pub(super) environment_id: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
pub(super) struct RawFormat {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) subject_token_field_name: Option<String>,
}
