//! What one entry of a document says: a credential, or the name of a helper. No reason repeats anything of it.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::{Fields, Reading};
use crate::auth::{Credential, Secret};

/// Some tools write the padding, some don't, and some leave bits over.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The name of a helper; none if it is null or empty.
pub(super) fn name(value: &RawValue) -> Reading<Option<String>> {
    let name: Option<String> = serde_json::from_str(value.get()).map_err(|_| "is no text")?;
    Ok(name.filter(|name| !name.trim().is_empty()))
}

/// The credential of an entry; none if there is nothing in it, as Docker writes it beside a credential store.
pub(super) fn credential(value: &RawValue) -> Reading<Option<Credential>> {
    let fields = Fields::read(value)?;
    let password = user_and_password(&fields)?;
    let registry = secret(
        &fields,
        "registrytoken",
        "has a `registrytoken` that is no text",
    )?;
    let identity = secret(
        &fields,
        "identitytoken",
        "has an `identitytoken` that is no text",
    )?;
    let registry = registry.map(Credential::BearerToken);
    let token = registry.or(identity.map(Credential::IdentityToken));
    Ok(match (token, password) {
        (Some(token), Some(password)) => Some(Credential::Both {
            token: Box::new(token),
            password: Box::new(password),
        }),
        (token, password) => token.or(password),
    })
}

/// `auth` comes before `username` and `password`.
fn user_and_password(fields: &Fields<'_>) -> Reading<Option<Credential>> {
    if let Some(auth) = secret(fields, "auth", "has an `auth` that is no text")? {
        return decode(&auth);
    }
    let user = secret(fields, "username", "has a `username` that is no text")?;
    let password = secret(fields, "password", "has a `password` that is no text")?;
    Ok(user
        .zip(password)
        .map(|(user, password)| Credential::Basic {
            user: user.expose().to_owned(),
            password,
        }))
}

/// A text; none if it isn't there, null or empty.
fn secret(fields: &Fields<'_>, name: &str, wrong: &'static str) -> Reading<Option<Secret>> {
    let Some(value) = fields.get(name) else {
        return Ok(None);
    };
    let text: Option<Secret> = serde_json::from_str(value.get()).map_err(|_| wrong)?;
    Ok(text.filter(|text| !text.expose().trim_matches(is_filling).is_empty()))
}

/// `auth`: base64 of `USER:PASSWORD`. A colon ends the user, the password may have more of them.
fn decode(auth: &Secret) -> Reading<Option<Credential>> {
    let text = auth.expose().chars().filter(|c| !is_filling(*c));
    let text = Zeroizing::new(text.collect::<String>());
    let bytes = BASE64.decode(text.as_bytes());
    let bytes = bytes
        .map(Zeroizing::new)
        .map_err(|_| "has an `auth` that is no base64")?;
    let text = std::str::from_utf8(&bytes).map_err(|_| "has an `auth` that is not UTF-8")?;
    let pair = text.split_once(':');
    let (user, password) = pair.ok_or("has an `auth` without a colon")?;
    // Old versions of Docker filled up with NUL.
    let password = password.trim_matches('\0');
    let is_empty = user.is_empty() && password.is_empty();
    Ok((!is_empty).then(|| Credential::Basic {
        user: user.to_owned(),
        password: Secret::new(password),
    }))
}

/// Line ends and what else stands around and in base64.
fn is_filling(character: char) -> bool {
    character.is_ascii_whitespace() || character == '\0'
}
