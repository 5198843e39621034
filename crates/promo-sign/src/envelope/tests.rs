use super::*;

fn read(payload: &str, signatures: &str) -> Result<Envelope, Refusal> {
    let text = format!(
        r#"{{"payloadType":"application/vnd.in-toto+json","payload":"{payload}","signatures":{signatures}}}"#
    );
    Envelope::read(text.as_bytes()).unwrap()
}

#[test]
fn what_is_signed_is_the_encoding_of_the_specification() {
    for payload in ["e30=", "e30", "aGVsbG8gd29ybGQ=", "", "-_-_", "+/+/"] {
        let envelope = read(payload, r#"[{"sig":"AA=="}]"#).unwrap();
        let expected = pae(&envelope.payload_type, envelope.payload());
        assert_eq!(envelope.signed(), expected);
        assert_eq!(envelope.signature, [0]);
    }
    assert_eq!(
        read("e30=", r#"[{"sig":"AA=="}]"#).unwrap().payload(),
        b"{}"
    );
    assert_eq!(
        read(r"\u0065\u00330=", r#"[{"sig":"AA=="}]"#)
            .unwrap()
            .payload(),
        b"{}"
    );
}

#[test]
fn only_one_signature_is_read() {
    for (signatures, count) in [("[]", "0"), (r#"[{"sig":"AA=="},{"sig":"AA=="}]"#, "2")] {
        let refusal = read("e30=", signatures).unwrap_err();
        assert_eq!(refusal.code, codes::SIGNATURES);
        assert!(refusal.message.contains(count), "{}", refusal.message);
    }
    for (payload, signatures) in [
        ("e30", r#"[{"sig":"="}]"#),
        ("e3", r#"[{"sig":"AA=="}]"#),
        ("e", r#"[{"sig":"AA=="}]"#),
        ("e30 ", r#"[{"sig":"AA=="}]"#),
    ] {
        let refusal = read(payload, signatures).unwrap_err();
        assert_eq!(refusal.code, codes::MALFORMED, "{payload} {signatures}");
    }
    assert!(Envelope::read(b"{}").is_none());
}
