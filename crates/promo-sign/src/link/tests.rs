use super::*;

const PRIVATE: &[u8] = include_bytes!("../../tests/fixtures/openssl/ed25519.pem");
const PUBLIC: &[u8] = include_bytes!("../../tests/fixtures/openssl/ed25519.pub");
const P256: &[u8] = include_bytes!("../../tests/fixtures/openssl/p256-pkcs8.pem");

fn link() -> Link {
    let mut link = Link::new();
    for image in ["a", "b"] {
        let source = format!("staging.example/{image}:v1").parse().unwrap();
        let destination = format!("registry.example/{image}").parse().unwrap();
        link.add(&source, &destination, Digest::sha256_of(image.as_bytes()));
    }
    link
}

#[test]
fn a_link_says_to_its_key_what_was_put_in() {
    let key = LinkKey::from_pem(PRIVATE, None).unwrap();
    let public = PublicKey::from_pem(PUBLIC).unwrap();
    assert_eq!(*key.public_key(), public);
    let bytes = link().sign(&key).unwrap();
    assert_eq!(
        bytes,
        link().sign(&key).unwrap(),
        "the same bytes each time"
    );
    assert_eq!(verify_link(&bytes, &public).unwrap(), link());
    let document: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(document["signed"]["_type"], "link");
    assert_eq!(document["signed"]["name"], "promote");
    assert_eq!(document["signed"]["environment"], serde_json::json!({}));
    assert_eq!(document["signatures"][0]["keyid"], key.key_id().unwrap());
    let digest = Digest::sha256_of(b"a");
    let name = format!("staging.example/a@{digest}");
    assert_eq!(
        document["signed"]["materials"][name]["sha256"],
        digest.hex()
    );
}

#[test]
fn a_changed_link_or_another_key_is_refused() {
    let key = LinkKey::from_pem(PRIVATE, None).unwrap();
    let bytes = link().sign(&key).unwrap();
    let text = String::from_utf8(bytes.clone()).unwrap();
    let other_digest = Digest::sha256_of(b"b").hex();
    let changes = [
        text.replace("registry.example/a", "registry.example/x"),
        text.replace(&Digest::sha256_of(b"a").hex(), &other_digest),
        text.replace("\"promote\"", "\"package\""),
        text.replace("\"link\"", "\"layout\""),
        text.replacen("\"name\"", "\"name\": \"promote\", \"name\"", 1),
        text.replace("\"signatures\"", "\"signature\""),
        "[]".to_owned(),
    ];
    for changed in changes {
        assert_ne!(changed, text);
        let error = verify_link(changed.as_bytes(), key.public_key()).unwrap_err();
        assert_eq!(error.code().as_str(), "PROMO-S032", "{changed}");
    }
    let other = SigningKey::from_pem(P256, None).unwrap();
    let error = verify_link(&bytes, other.public_key()).unwrap_err();
    assert_eq!(error.code().as_str(), "PROMO-S030");
}

#[test]
fn only_ed25519_keys_sign_links() {
    let error = LinkKey::from_pem(P256, None).unwrap_err();
    assert_eq!(error.code().as_str(), "PROMO-S030");
    let error = LinkKey::from_pem(b"nothing", None).unwrap_err();
    assert_eq!(error.code().as_str(), "PROMO-S001");
}
