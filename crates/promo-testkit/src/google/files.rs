//! Credentials files that fit the services, as Google's tools write them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::GoogleServices;

/// What stands in the files, and what the services compare with it.
pub(super) const CLIENT_ID: &str = "client.apps.example";
pub(super) const CLIENT_SECRET: &str = "client-s3cr3t";
pub(super) const REFRESH_TOKEN: &str = "1//refresh-s3cr3t";
pub(super) const EMAIL: &str = "promoter@project.example";
pub(super) const KEY_ID: &str = "key-1";
pub(super) const AUDIENCE: &str = "//iam.example/providers/ci";
pub(super) const SUBJECT_TOKEN: &str = "subject-s3cr3t";
pub(super) const SUBJECT_TYPE: &str = "urn:ietf:params:oauth:token-type:jwt";
pub(super) const TARGET: &str = "v1/projects/-/serviceAccounts/target@project.example";
pub(super) const DELEGATE: &str = "projects/-/serviceAccounts/middle@project.example";

impl GoogleServices {
    /// The file of a person who logged in (`authorized_user`).
    pub fn user_file(&self) -> Value {
        json!({
            "type": "authorized_user",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "refresh_token": REFRESH_TOKEN,
            "token_uri": self.shared.url("/token"),
            "universe_domain": "googleapis.com",
        })
    }

    /// The file of a service account with its key.
    pub fn service_account_file(&self) -> Value {
        json!({
            "type": "service_account",
            "project_id": "project",
            "private_key_id": KEY_ID,
            "private_key": self.shared.key().pem(),
            "client_email": EMAIL,
            "token_uri": self.shared.url("/token"),
        })
    }

    /// The file of somebody else's identity (`external_account`) whose token is at `credential_source`.
    pub fn external_account_file(&self, credential_source: &Value) -> Value {
        json!({
            "type": "external_account",
            "audience": AUDIENCE,
            "subject_token_type": SUBJECT_TYPE,
            "token_url": self.shared.url("/v1/token"),
            "credential_source": credential_source,
        })
    }

    /// The `credential_source` that these services are themselves: JSON, for who sends the right header.
    pub fn subject_url(&self) -> Value {
        json!({
            "url": self.shared.url("/subject"),
            "headers": {"Authorization": "Bearer subject-header-s3cr3t"},
            "format": {"type": "json", "subject_token_field_name": "value"},
        })
    }

    /// The token of somebody else's that is taken in exchange.
    pub fn subject_token(&self) -> &'static str {
        SUBJECT_TOKEN
    }

    /// Where a token of a service account is given (`service_account_impersonation_url`).
    pub fn impersonation_url(&self) -> String {
        self.shared.url(&format!("/{TARGET}:generateAccessToken"))
    }

    /// Where identity tokens of service accounts are given to those who may act as them.
    pub fn iam_url(&self) -> String {
        self.shared.url("/")
    }

    /// The identity token for an audience, whoever's it is.
    pub fn identity_token(&self, audience: &str) -> String {
        identity_token(audience)
    }

    /// The file of a service account that is used through the account of another file.
    pub fn impersonation_file(&self, source: &Value) -> Value {
        json!({
            "type": "impersonated_service_account",
            "service_account_impersonation_url": self.impersonation_url(),
            "delegates": [DELEGATE],
            "source_credentials": source,
        })
    }
}

pub(super) fn identity_token(audience: &str) -> String {
    format!("eyJhbGciOiJub25lIn0.{}.", URL_SAFE_NO_PAD.encode(audience))
}
