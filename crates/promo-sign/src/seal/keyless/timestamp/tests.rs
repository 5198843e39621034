use x509_cert::der::asn1::{AnyRef, OctetStringRef};
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{Decode as _, Reader as _};

use super::question;

/// Read by another's reader, the question is that of RFC 3161, section 2.4.1.
#[test]
fn a_question_is_a_time_stamp_request() {
    let asked = question(b"a signature");
    let read = AnyRef::from_der(&asked).unwrap().sequence(|fields| {
        let version: u8 = fields.decode()?;
        assert_eq!(version, 1);
        let imprint: AnyRef<'_> = fields.decode()?;
        let digest = imprint.sequence(|fields| {
            let algorithm: AnyRef<'_> = fields.decode()?;
            algorithm.sequence(|fields| {
                let name: ObjectIdentifier = fields.decode()?;
                assert_eq!(name.to_string(), "2.16.840.1.101.3.4.2.1");
                let parameters: AnyRef<'_> = fields.decode()?;
                assert!(parameters.is_null());
                Ok(())
            })?;
            let digest: OctetStringRef<'_> = fields.decode()?;
            Ok(digest.as_bytes().to_vec())
        })?;
        let with_certificate: bool = fields.decode()?;
        assert!(with_certificate);
        Ok(digest)
    });
    let expected = promo_core::oci::Digest::sha256_of(b"a signature");
    assert_eq!(read.unwrap(), expected.as_bytes());
}
