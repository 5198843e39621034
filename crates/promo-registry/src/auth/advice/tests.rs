use super::advice;

fn said(output: &str, complaint: &str) -> Option<String> {
    advice(output.as_bytes(), complaint.as_bytes())
}

#[test]
fn what_a_helper_advises_is_repeated() {
    for (output, complaint, expected) in [
        (
            "",
            "Error: the SSO session has expired.\nTo refresh it run `aws sso login` with the profile",
            "it says: Error: the SSO session has expired.; To refresh it run `aws sso login` with the profile",
        ),
        (
            "",
            "\u{1b}[31mERROR:\u{1b}[0m run gcloud auth login",
            "it says: ERROR: run gcloud auth login",
        ),
        (
            "",
            "1\n2\n3\nfour five\nsix\n",
            "it says: 2; 3; four five; six",
        ),
        (
            "Error loading SSO Token. Please run aws sso login --profile x",
            "",
            "it says: run `aws sso login`",
        ),
        (
            "session expired: run `op signin` first",
            "",
            "it says: run `op signin`",
        ),
        (
            "pass not initialized: exit status 1: Error: password store is empty. Try \"pass init\".",
            "",
            "the password store isn't initialised: run `pass init`",
        ),
        (
            "",
            "see https://docs.example/very/long/path/to/the/Page1 for more",
            "it says: see https://docs.example/very/long/path/to/the/Page1 for more",
        ),
    ] {
        assert_eq!(said(output, complaint).as_deref(), Some(expected));
    }
}

#[test]
fn what_may_be_a_secret_is_not() {
    for (output, complaint) in [
        ("s3cr3t", ""),
        ("s3cr3t is no JSON", "got s3cr3t from the store"),
        (
            r#"{"Username":"ann","Secret":"s3cr3t"}"#,
            "the answer was <s3cr3t> and that is wrong",
        ),
        ("please run s3cr3t", ""),
        ("run aws s3cr3t login", ""),
        ("", "the password: s3cr3t is wrong"),
        ("", "sent token=s3cr3t to the server"),
        ("", "sent Authorization: Bearer s3cr3t to the server"),
        ("", "got s3cr3tXs3cr3tXs3cr3tXs3cr3tX from the store"),
        ("", "s3cr3t"),
    ] {
        let said = said(output, complaint).unwrap_or_default();
        assert!(!said.contains("s3cr3t"), "{output} / {complaint}: {said}");
    }
    assert_eq!(said("", ""), None);
}
