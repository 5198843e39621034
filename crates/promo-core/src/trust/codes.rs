//! The codes by which evidence of a trusted signer is refused.

crate::codes! {
    KEY_NOT_YET "PROMO-C080" "the key is not trusted yet"
        "The signature is good and by a trusted key, but it was made, or now is, before `valid-from` of that key in the trust document."
    KEY_ENDED "PROMO-C081" "the key is trusted no longer"
        "The signature is good and by a trusted key whose `valid-until` has passed. It counts where a log or a timestamp authority proves that it was made before; what the signer says of the time proves nothing."
    KEY_REVOKED "PROMO-C082" "the key is revoked"
        "The signature is by a key that the trust document revokes. After `compromised` nothing counts that the key has ever signed; after `superseded` what is proven to have been signed before."
    LOG_REQUIRED "PROMO-C083" "not in a transparency log"
        "The trust document wants evidence of this kind to be in a transparency log (`log`), and no entry is proven."
    TIME_REQUIRED "PROMO-C084" "no proven time"
        "The trust document wants a proven time of evidence of this kind (`timestamp` or `max-age`), and neither a log nor a timestamp authority has signed one."
    TOO_OLD "PROMO-C085" "evidence too old"
        "The trust document bounds the age of evidence of this kind (`max-age`), and this was proven to exist longer ago."
    FROM_FUTURE "PROMO-C086" "evidence from the future"
        "A log or a timestamp authority says that the evidence was made later than now. One of the clocks is wrong."
    UNPROVEN "PROMO-C087" "nothing proven"
        "Evidence names a trusted signer, and the verifier neither proved that it is by them nor said what failed. What can't be decided counts for nothing."
}
