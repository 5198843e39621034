use super::*;

const SEC1: &[u8] = include_bytes!("../../tests/fixtures/openssl/p256-sec1.pem");
const PKCS8: &[u8] = include_bytes!("../../tests/fixtures/openssl/p256-pkcs8.pem");
const P256_PUBLIC: &[u8] = include_bytes!("../../tests/fixtures/openssl/p256.pub");
const ED25519: &[u8] = include_bytes!("../../tests/fixtures/openssl/ed25519.pem");
const ED25519_PUBLIC: &[u8] = include_bytes!("../../tests/fixtures/openssl/ed25519.pub");
const COSIGN: &[u8] = include_bytes!("../../tests/fixtures/cosign3/cosign.key");
const COSIGN_PUBLIC: &[u8] = include_bytes!("../../tests/fixtures/cosign3/cosign.pub");

fn code(result: Result<impl fmt::Debug, Error>) -> &'static str {
    result.unwrap_err().code().as_str()
}

fn password(text: &str) -> Password {
    Password::new(text)
}

#[test]
fn private_keys_are_read_in_every_form_and_sign_for_their_public_half() {
    let cases: [(&[u8], &[u8], Option<Password>); 4] = [
        (SEC1, P256_PUBLIC, None),
        (PKCS8, P256_PUBLIC, None),
        (ED25519, ED25519_PUBLIC, None),
        (COSIGN, COSIGN_PUBLIC, Some(password("fixture"))),
    ];
    for (private, public, password) in cases {
        let key = SigningKey::from_pem(private, password.as_ref()).unwrap();
        let public = PublicKey::from_pem(public).unwrap();
        assert_eq!(*key.public_key(), public);
        let signature = key.sign(b"message").unwrap();
        assert!(public.verifies(b"message", &signature));
        assert!(!public.verifies(b"massage", &signature));
    }
}

#[test]
fn passwords_are_told_apart_from_broken_keys() {
    assert_eq!(code(SigningKey::from_pem(COSIGN, None)), "PROMO-S002");
    let wrong = password("Fixture");
    assert_eq!(
        code(SigningKey::from_pem(COSIGN, Some(&wrong))),
        "PROMO-S003"
    );
    let right = password("fixture");
    assert!(SigningKey::from_pem(PKCS8, Some(&right)).is_ok());
    // The label that older cosigns wrote.
    let old = String::from_utf8(COSIGN.to_vec()).unwrap();
    let old = old.replace("ENCRYPTED SIGSTORE", "ENCRYPTED COSIGN");
    assert!(SigningKey::from_pem(old.as_bytes(), Some(&right)).is_ok());
    // A nonce of another length would make the library panic.
    let json = br#"{"kdf":{"name":"scrypt","params":{"N":65536,"r":8,"p":1},"salt":"AA=="},"cipher":{"name":"nacl/secretbox","nonce":"AA=="},"ciphertext":"AA=="}"#;
    let short = pem::encode("ENCRYPTED SIGSTORE PRIVATE KEY", json);
    let key = SigningKey::from_pem(short.as_bytes(), Some(&right));
    assert_eq!(code(key), "PROMO-S001");
}

#[test]
fn other_algorithms_and_other_files_are_refused() {
    let algorithms: [&[u8]; 4] = [
        include_bytes!("../../tests/fixtures/openssl/p384-sec1.pem"),
        include_bytes!("../../tests/fixtures/openssl/p384-pkcs8.pem"),
        include_bytes!("../../tests/fixtures/openssl/secp256k1-sec1.pem"),
        include_bytes!("../../tests/fixtures/openssl/rsa.pem"),
    ];
    for pem in algorithms {
        assert_eq!(code(SigningKey::from_pem(pem, None)), "PROMO-S004");
    }
    let public: [&[u8]; 2] = [
        include_bytes!("../../tests/fixtures/openssl/p384.pub"),
        include_bytes!("../../tests/fixtures/openssl/rsa1024.pub"),
    ];
    for pem in public {
        assert_eq!(code(PublicKey::from_pem(pem)), "PROMO-S004");
    }
    let files: [&[u8]; 5] = [
        b"",
        b"\xff\xfe",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        P256_PUBLIC,
    ];
    for pem in files {
        assert_eq!(code(SigningKey::from_pem(pem, None)), "PROMO-S001");
    }
    assert_eq!(code(PublicKey::from_pem(PKCS8)), "PROMO-S001");
}

#[test]
fn a_new_pair_is_read_back_with_its_password_only() {
    let pair = generate_key_pair(&password("")).unwrap();
    assert!(
        pair.private()
            .starts_with("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n")
    );
    assert!(!pair.private().contains('\r'));
    let key = SigningKey::from_pem(pair.private().as_bytes(), Some(&password(""))).unwrap();
    let public = PublicKey::from_pem(pair.public().as_bytes()).unwrap();
    assert_eq!(*key.public_key(), public);
    assert_eq!(public.to_pem(), pair.public());
    let wrong = password("x");
    assert_eq!(
        code(SigningKey::from_pem(
            pair.private().as_bytes(),
            Some(&wrong)
        )),
        "PROMO-S003"
    );
}

#[test]
fn a_public_key_is_written_and_named_as_cosign_does() {
    let public = PublicKey::from_pem(COSIGN_PUBLIC).unwrap();
    assert_eq!(public.to_pem().as_bytes(), COSIGN_PUBLIC);
    assert_eq!(
        public.hint(),
        "4PX19XBhR3ciSbQRJjNLd3QYogLGGnoU3PcLL4tXLHs="
    );
    assert!(
        public
            .fingerprint()
            .to_string()
            .starts_with("sha256:e0f5f5f57061477722")
    );
    assert_eq!(public.algorithm(), KeyAlgorithm::EcdsaP256);
}

#[test]
fn no_secret_is_printed() {
    let pair = generate_key_pair(&password("hunter2")).unwrap();
    let key = SigningKey::from_pem(PKCS8, None).unwrap();
    let texts = [
        format!("{pair:?}"),
        format!("{key:?}"),
        format!("{:?}", password("hunter2")),
    ];
    for text in texts {
        assert!(!text.contains("PRIVATE"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}

const RSA_PUBLIC: &[u8] = include_bytes!("../../tests/fixtures/openssl/rsa.pub");

#[test]
fn an_rsa_key_verifies_what_openssl_signed_with_it() {
    let key = PublicKey::from_pem(RSA_PUBLIC).unwrap();
    assert_eq!(key.algorithm(), KeyAlgorithm::Rsa);
    let signature = include_bytes!("../../tests/fixtures/openssl/rsa.signature");
    assert!(key.verifies(b"message", signature));
    assert!(!key.verifies(b"massage", signature));
    let mut changed = *signature;
    changed[0] ^= 1;
    assert!(!key.verifies(b"message", &changed));
    assert!(!key.verifies(b"message", &signature[1..]));
    let sha1 = include_bytes!("../../tests/fixtures/openssl/rsa.sha1.signature");
    assert!(!key.verifies(b"message", sha1));
    let pss = include_bytes!("../../tests/fixtures/openssl/rsa.pss.signature");
    assert!(!key.verifies(b"message", pss));
    let pkcs1 = include_bytes!("../../tests/fixtures/openssl/rsa.pkcs1.pub");
    assert_eq!(PublicKey::from_pem(pkcs1).unwrap(), key);
    assert_eq!(key.to_pem().as_bytes(), RSA_PUBLIC);
}

#[test]
fn an_rsa_key_has_one_form() {
    let spki = PublicKey::from_pem(RSA_PUBLIC).unwrap().spki().to_vec();
    for at in 0..spki.len().min(40) {
        let mut changed = spki.clone();
        changed[at] ^= 0x80;
        if let Ok(key) = PublicKey::from_spki(&changed) {
            // Only the number itself may differ, and then it is another key.
            assert!(at > 32, "byte {at}");
            assert_ne!(
                key.fingerprint(),
                PublicKey::from_spki(&spki).unwrap().fingerprint()
            );
        }
    }
    let longer = [&spki[..], &[0]].concat();
    assert_eq!(code(PublicKey::from_spki(&longer)), "PROMO-S004");
    assert_eq!(
        code(PublicKey::from_spki(&spki[..spki.len() - 1])),
        "PROMO-S004"
    );
}

#[test]
fn what_is_wrong_with_a_key_is_said_of_that_algorithm() {
    let rsa = include_bytes!("../../tests/fixtures/openssl/rsa.pem");
    let hint = SigningKey::from_pem(rsa, None)
        .unwrap_err()
        .hints()
        .concat();
    assert!(hint.contains("RSA") && !hint.contains("P-384"), "{hint}");
    let p384 = include_bytes!("../../tests/fixtures/openssl/p384.pub");
    let hint = PublicKey::from_pem(p384).unwrap_err().hints().concat();
    assert!(hint.contains("P-384"), "{hint}");
    let small = include_bytes!("../../tests/fixtures/openssl/rsa1024.pub");
    let error = PublicKey::from_pem(small).unwrap_err();
    assert!(error.hints().concat().contains("2048"), "{error}");
}
