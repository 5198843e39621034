//! What a certificate says of its holder, as facts. Whether it counts, the chain and its log say.

use std::collections::BTreeMap;

use promo_core::ports::CertificateFacts;
use promo_core::quoted;
use sigstore_verify::crypto::{FulcioCiClaims, parse_certificate_info};
use sigstore_verify::types::DerCertificate;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;
use x509_cert::ext::pkix::SubjectAltName;

use crate::codes;
use crate::refusal::Refusal;

/// Reads a certificate that names one identity and its issuer.
pub(crate) fn read(der: &DerCertificate) -> Result<CertificateFacts, Refusal> {
    let refused = |message: String| Refusal::new(codes::CERTIFICATE, message);
    let info = parse_certificate_info(der).map_err(|error| {
        refused(format!(
            "its certificate can't be read: {}",
            quoted(&error.to_string())
        ))
    })?;
    if names(der) != Some(1) {
        return Err(refused(
            "its certificate doesn't name exactly one identity".to_owned(),
        ));
    }
    let subject = info.identity.map(|identity| identity.as_str().to_owned());
    let subject = subject
        .filter(|subject| !subject.is_empty())
        .ok_or_else(|| {
            refused("its certificate names neither an e-mail address nor a URI".to_owned())
        })?;
    let issuer = info.issuer.filter(|issuer| !issuer.is_empty());
    let issuer = issuer.ok_or_else(|| {
        refused("its certificate doesn't say who vouched for its holder".to_owned())
    })?;
    Ok(CertificateFacts {
        issuer,
        subject,
        claims: claims(info.ci_claims),
        not_before: info.not_before,
        not_after: info.not_after,
    })
}

/// Whether a certificate names itself as its issuer.
pub(super) fn is_root(der: &DerCertificate) -> bool {
    Certificate::from_der(der.as_bytes()).is_ok_and(|certificate| {
        let certificate = certificate.tbs_certificate;
        certificate.subject == certificate.issuer
    })
}

/// How many names it has: the library takes the first, others may take another.
fn names(der: &DerCertificate) -> Option<usize> {
    let certificate = Certificate::from_der(der.as_bytes()).ok()?;
    let (_, names) = certificate.tbs_certificate.get::<SubjectAltName>().ok()??;
    Some(names.0.len())
}

/// By the names of Fulcio's OID information.
fn claims(found: FulcioCiClaims) -> BTreeMap<String, String> {
    let github = found.deprecated_github;
    let claims = [
        ("github-workflow-trigger", github.workflow_trigger),
        ("github-workflow-sha", github.workflow_sha),
        ("github-workflow-name", github.workflow_name),
        ("github-workflow-repository", github.workflow_repository),
        ("github-workflow-ref", github.workflow_ref),
        ("build-signer-uri", found.build_signer_uri),
        ("build-signer-digest", found.build_signer_digest),
        ("runner-environment", found.runner_environment),
        ("source-repository-uri", found.source_repository_uri),
        ("source-repository-digest", found.source_repository_digest),
        ("source-repository-ref", found.source_repository_ref),
        (
            "source-repository-identifier",
            found.source_repository_identifier,
        ),
        (
            "source-repository-owner-uri",
            found.source_repository_owner_uri,
        ),
        (
            "source-repository-owner-identifier",
            found.source_repository_owner_identifier,
        ),
        ("build-config-uri", found.build_config_uri),
        ("build-config-digest", found.build_config_digest),
        ("build-trigger", found.build_trigger),
        ("run-invocation-uri", found.run_invocation_uri),
        (
            "source-repository-visibility-at-signing",
            found.source_repository_visibility_at_signing,
        ),
        ("deployment-environment", found.deployment_environment),
        ("token-subject", found.token_subject),
    ];
    let present = claims
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    present.collect()
}
