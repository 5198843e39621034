//! The RSA key of the service account: made, written as Google writes it, and used to check what it signed.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

/// A key pair.
#[derive(Debug)]
pub(super) struct AccountKey(RsaKeyPair);

/// A statement whose signature is good.
pub(super) struct Statement {
    pub(super) header: Value,
    pub(super) claims: Value,
}

impl AccountKey {
    #[expect(
        clippy::expect_used,
        reason = "a machine without random numbers runs no tests"
    )]
    pub(super) fn generate() -> Self {
        Self(RsaKeyPair::generate(KeySize::Rsa2048).expect("a key"))
    }

    /// The private key as PKCS #8 in PEM.
    pub(super) fn pem(&self) -> String {
        let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&self.0);
        let text = der
            .map(|der| STANDARD.encode(der.as_ref()))
            .unwrap_or_default();
        let lines: Vec<String> = text
            .as_bytes()
            .chunks(64)
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect();
        format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            lines.join("\n")
        )
    }

    /// What a signed statement (a JWT) says, if this key signed it.
    pub(super) fn check(&self, token: &str) -> Option<Statement> {
        let (text, signature) = token.rsplit_once('.')?;
        let (header, claims) = text.split_once('.')?;
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.0.public_key().as_ref());
        key.verify(text.as_bytes(), &decode(signature)?).ok()?;
        let part = |part: &str| serde_json::from_slice(&decode(part)?).ok();
        Some(Statement {
            header: part(header)?,
            claims: part(claims)?,
        })
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
