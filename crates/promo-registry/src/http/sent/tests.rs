use ::http::HeaderValue;

use super::Sent;
use crate::secret::Secret;

const PASSWORD: &str = "p&ss \"w/rd+1";

fn sent() -> Sent {
    let sent = Sent::default();
    sent.pair("ann", &Secret::new(PASSWORD));
    sent
}

#[test]
fn a_password_is_cut_out_in_every_form() {
    let sent = sent();
    for form in [
        PASSWORD,
        "YW5uOnAmc3MgIncvcmQrMQ==",
        "YW5uOnAmc3MgIncvcmQrMQ",
        "p%26ss%20%22w%2Frd%2B1",
        "p%26ss%20%22w%2frd%2b1",
        "p%26ss+%22w%2Frd%2B1",
        "p&ss \\\"w/rd+1",
        "p&ss \\\"w\\/rd+1",
        "p&amp;ss &quot;w/rd+1",
        "p&amp;ss &#34;w/rd+1",
    ] {
        assert_eq!(
            sent.cut(&format!("no {form}, and {form}é again")),
            "no [credential], and [credential]é again",
            "{form}"
        );
    }
    assert_eq!(sent.cut("ann may not"), "ann may not");
    assert!(!format!("{sent:?}").contains("p&ss"));
}

#[test]
fn headers_tell_what_is_in_them() {
    let sent = Sent::default();
    sent.header(&HeaderValue::from_static("Basic YW5uOmh1bnRlcjI="));
    sent.header(&HeaderValue::from_static("Bearer abc.def"));
    let text = "ann hunter2 YW5uOmh1bnRlcjI= Bearer abc.def Basic";
    let expected = "ann [credential] [credential] Bearer [credential] Basic";
    assert_eq!(sent.cut(text), expected);
}

#[test]
fn long_pieces_are_cut_out_too() {
    let sent = Sent::default();
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl";
    sent.secret(token);
    let cut = sent.cut(&format!("bad token {}… of {}", &token[..30], &token[20..]));
    assert_eq!(cut, "bad token [credential]… of [credential]");
    // Words that are in a long one by chance stay.
    let sent = Sent::default();
    let key = format!(
        "{{\"project\":\"my-project\",\"key\":\"{}\"}}",
        "k9".repeat(400)
    );
    sent.secret(&key);
    assert_eq!(sent.cut("denied on my-project"), "denied on my-project");
}

#[test]
fn what_is_too_short_to_be_looked_for_is_let_be() {
    let sent = Sent::default();
    sent.pair("ann", &Secret::new("abc"));
    assert_eq!(sent.cut("abc may not"), "abc may not");
    // In the header it is long enough.
    assert_eq!(sent.cut("got YW5uOmFiYw=="), "got [credential]");
}

#[test]
fn the_newest_tokens_are_remembered_in_bounded_room() {
    let sent = Sent::default();
    let token = |number: u32| format!("Bearer {number:0>2000}");
    for number in 0..400 {
        sent.header(&HeaderValue::from_str(&token(number)).unwrap());
    }
    assert_eq!(sent.cut(&token(399)), "Bearer [credential]");
    assert!(sent.lock().size <= super::MAX_TOKENS);
}
