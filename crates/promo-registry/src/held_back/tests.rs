use super::*;

const BYTES: &[u8] = b"the bytes of a blob";

fn blob() -> Descriptor {
    Descriptor::of("application/octet-stream", BYTES)
}

/// What goes out of pieces as they come: before the end, and at the end.
fn pass(mut held: HeldBack, pieces: &[&[u8]]) -> (Vec<u8>, Result<Vec<u8>, Wrong>) {
    let mut out = Vec::new();
    for piece in pieces {
        match held.follow(Bytes::copy_from_slice(piece)) {
            Ok(before) => out.extend(before.unwrap_or_default()),
            Err(wrong) => return (out, Err(wrong)),
        }
    }
    let last = held.end().map(|last| last.unwrap_or_default().to_vec());
    (out, last)
}

#[test]
fn the_last_piece_goes_out_at_the_end() {
    let (first, last) = BYTES.split_at(8);
    for held in [HeldBack::by_size(&blob()), HeldBack::by_digest(&blob())] {
        let (out, end) = pass(held, &[first, last]);
        assert_eq!(out, first);
        assert_eq!(end, Ok(last.to_vec()));
    }
}

#[test]
fn an_empty_piece_behind_the_last_one_does_not_let_it_out() {
    let (first, last) = BYTES.split_at(8);
    let (out, end) = pass(HeldBack::by_size(&blob()), &[b"", first, b"", last, b""]);
    assert_eq!(out, first);
    assert_eq!(end, Ok(last.to_vec()));
}

#[test]
fn wrong_bytes_are_found_where_they_are_looked_at() {
    let wrong = vec![0; BYTES.len()];
    let (out, end) = pass(HeldBack::by_digest(&blob()), &[&wrong]);
    assert!(out.is_empty());
    assert_eq!(end, Err(Wrong::Digest(Digest::sha256_of(&wrong))));
    let (_, end) = pass(HeldBack::by_size(&blob()), &[&wrong]);
    assert_eq!(end, Ok(wrong));
}

#[test]
fn too_many_bytes_and_too_few_never_go_out_whole() {
    let size = BYTES.len() as u64;
    for held in [HeldBack::by_size, HeldBack::by_digest] {
        let (out, end) = pass(held(&blob()), &[BYTES, b"."]);
        assert!(out.is_empty());
        assert_eq!(end, Err(Wrong::Size(size + 1)));
        let (_, end) = pass(held(&blob()), &[&BYTES[1..]]);
        assert_eq!(end, Err(Wrong::Size(size - 1)));
    }
}

#[test]
fn a_blob_without_bytes_ends_with_none() {
    let empty = Descriptor::of("application/octet-stream", b"");
    assert_eq!(HeldBack::by_digest(&empty).end(), Ok(None));
    assert_eq!(
        pass(HeldBack::by_size(&empty), &[b"x"]).1,
        Err(Wrong::Size(1))
    );
}
