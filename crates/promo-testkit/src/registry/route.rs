//! From method and path to the operation that is asked for, by hand: repository names have any number of segments.

use http::Method;

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// `GET /v2/`.
    Base,
    /// `HEAD /v2/<name>/manifests/<reference>`.
    ManifestHead,
    /// `GET /v2/<name>/manifests/<reference>`.
    ManifestGet,
    /// `PUT /v2/<name>/manifests/<reference>`.
    ManifestPut,
    /// `DELETE /v2/<name>/manifests/<reference>`.
    ManifestDelete,
    /// `HEAD /v2/<name>/blobs/<digest>`.
    BlobHead,
    /// `GET /v2/<name>/blobs/<digest>`.
    BlobGet,
    /// `DELETE /v2/<name>/blobs/<digest>`.
    BlobDelete,
    /// `POST /v2/<name>/blobs/uploads/`: a session is opened.
    UploadStart,
    /// `POST /v2/<name>/blobs/uploads/?digest=`: the whole blob in one request.
    BlobPost,
    /// `POST /v2/<name>/blobs/uploads/?mount=`.
    Mount,
    /// `PATCH` of a session: a chunk.
    BlobPatch,
    /// `PUT` of a session: the last or only bytes of a blob.
    BlobPut,
    /// `GET` of a session.
    UploadStatus,
    /// `DELETE` of a session.
    UploadCancel,
    /// `GET /v2/<name>/tags/list`.
    TagList,
    /// `GET /v2/<name>/referrers/<digest>`.
    Referrers,
    /// `GET /v2/_catalog`.
    Catalog,
    /// The token endpoint, `/token`.
    Token,
    /// Anything else.
    Unknown,
}

/// What a request asks for, and of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) operation: Operation,
    pub(super) repository: Option<String>,
    /// A tag or digest; of a mount the digest that is to be mounted, of uploads the `digest` parameter.
    pub(super) reference: Option<String>,
    pub(super) session: Option<String>,
}

impl Target {
    pub(super) fn parse(method: &Method, path: &str, query: &Query) -> Self {
        // Clients may escape the colon of a digest.
        let path = path.replace("%3A", ":").replace("%3a", ":");
        let segments: Vec<&str> = path
            .strip_prefix('/')
            .unwrap_or_default()
            .split('/')
            .collect();
        match segments.as_slice() {
            ["token"] => Self::plain(Operation::Token),
            ["v2"] | ["v2", ""] => Self::plain(Operation::Base),
            ["v2", "_catalog"] => Self::plain(Operation::Catalog),
            ["v2", name @ .., "blobs", "uploads"] | ["v2", name @ .., "blobs", "uploads", ""]
                if *method == Method::POST =>
            {
                Self::upload_start(name, query)
            }
            ["v2", name @ .., "blobs", "uploads", session] => Self {
                session: Some((*session).to_owned()),
                ..Self::new(session_operation(method), name, query.get("digest"))
            },
            ["v2", name @ .., "blobs", digest] => {
                Self::new(blob_operation(method), name, Some(digest))
            }
            ["v2", name @ .., "manifests", reference] => {
                Self::new(manifest_operation(method), name, Some(reference))
            }
            ["v2", name @ .., "tags", "list"] if *method == Method::GET => {
                Self::new(Operation::TagList, name, None)
            }
            ["v2", name @ .., "referrers", digest] if *method == Method::GET => {
                Self::new(Operation::Referrers, name, Some(digest))
            }
            _ => Self::plain(Operation::Unknown),
        }
    }

    fn upload_start(name: &[&str], query: &Query) -> Self {
        match (query.get("mount"), query.get("digest")) {
            (Some(digest), _) => Self::new(Operation::Mount, name, Some(digest)),
            (None, Some(digest)) => Self::new(Operation::BlobPost, name, Some(digest)),
            (None, None) => Self::new(Operation::UploadStart, name, None),
        }
    }

    fn new(operation: Operation, name: &[&str], reference: Option<&str>) -> Self {
        Self {
            operation,
            repository: Some(name.join("/")),
            reference: reference.map(str::to_owned),
            session: None,
        }
    }

    fn plain(operation: Operation) -> Self {
        Self {
            operation,
            repository: None,
            reference: None,
            session: None,
        }
    }
}

fn session_operation(method: &Method) -> Operation {
    match *method {
        Method::PATCH => Operation::BlobPatch,
        Method::PUT => Operation::BlobPut,
        Method::GET => Operation::UploadStatus,
        Method::DELETE => Operation::UploadCancel,
        _ => Operation::Unknown,
    }
}

fn blob_operation(method: &Method) -> Operation {
    match *method {
        Method::HEAD => Operation::BlobHead,
        Method::GET => Operation::BlobGet,
        Method::DELETE => Operation::BlobDelete,
        _ => Operation::Unknown,
    }
}

fn manifest_operation(method: &Method) -> Operation {
    match *method {
        Method::HEAD => Operation::ManifestHead,
        Method::GET => Operation::ManifestGet,
        Method::PUT => Operation::ManifestPut,
        Method::DELETE => Operation::ManifestDelete,
        _ => Operation::Unknown,
    }
}

/// The parameters of a query, decoded, in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn parse(text: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(text).into_owned().collect())
    }

    /// The first value of a parameter.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.pairs()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }

    /// All values of a parameter.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs()
            .filter(move |(key, _)| *key == name)
            .map(|(_, value)| value)
    }

    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

/// Whether `name` is a repository name of the specification.
pub(super) fn is_repository_name(name: &str) -> bool {
    name.len() <= 255 && name.split('/').all(is_name_segment)
}

/// Whether `tag` is a tag of the specification.
pub(super) fn is_tag(tag: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    tag.len() <= 128
        && tag.bytes().next().is_some_and(is_word)
        && tag
            .bytes()
            .all(|byte| is_word(byte) || matches!(byte, b'.' | b'-'))
}

/// Alphanumeric runs, joined by one `.`, one or two `_`, or any number of `-`.
fn is_name_segment(segment: &str) -> bool {
    let is_alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let is_joint =
        |joint: &str| matches!(joint, "." | "_" | "__") || joint.chars().all(|c| c == '-');
    segment.starts_with(is_alphanumeric)
        && segment.ends_with(is_alphanumeric)
        && segment.split(is_alphanumeric).all(is_joint)
}

#[cfg(test)]
mod tests;
