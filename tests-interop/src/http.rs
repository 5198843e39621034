//! A plain HTTP client for registries on loopback: enough to see for ourselves what they hold.
//!
//! It speaks HTTP/1.0, so every answer ends with its connection and none is chunked; 1.1 only with who knows nothing else.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use xtask::error::{Error, Result};

/// How long a server may be silent.
const DEADLINE: Duration = Duration::from_secs(120);

/// Every kind of manifest, for an `Accept` header.
const MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json";

/// A client of one registry.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    address: String,
    authorization: Option<String>,
    version: &'static str,
}

/// The head of an answer, and its body still to be read.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: BufReader<TcpStream>,
}

impl Client {
    /// `basic` is base64 of user and password.
    pub(crate) fn new(address: &str, basic: Option<&str>) -> Self {
        Self {
            address: address.to_owned(),
            authorization: basic.map(|basic| format!("Basic {basic}")),
            version: "1.0",
        }
    }

    /// Of a server that knows nothing but HTTP/1.1, and doesn't send its answers in chunks.
    pub(crate) fn of_http_1_1(address: &str) -> Self {
        Self {
            version: "1.1\r\nConnection: close",
            ..Self::new(address, None)
        }
    }

    pub(crate) fn get(&self, path: &str) -> Result<Response> {
        self.send("GET", path, ("Accept", MANIFESTS), io::empty(), 0)
    }

    /// Asks for whatever is there, of a server that is no registry.
    pub(crate) fn get_any(&self, path: &str) -> Result<Response> {
        self.send("GET", path, ("Accept", "*/*"), io::empty(), 0)
    }

    /// Whether a blob or a manifest is there.
    pub(crate) fn has(&self, path: &str) -> Result<bool> {
        let answer = self.send("HEAD", path, ("Accept", MANIFESTS), io::empty(), 0)?;
        if answer.status == 404 {
            return Ok(false);
        }
        answer.expect(200).map(|_| true)
    }

    pub(crate) fn post(&self, path: &str) -> Result<Response> {
        self.send("POST", path, ("Accept", "*/*"), io::empty(), 0)
    }

    /// Sends a document to a server that is no registry.
    pub(crate) fn post_json(&self, path: &str, body: &str) -> Result<Response> {
        let field = ("Content-Type", "application/json");
        self.send("POST", path, field, body.as_bytes(), body.len() as u64)
    }

    /// Takes something away, of a server that is no registry.
    pub(crate) fn delete(&self, path: &str) -> Result<Response> {
        self.send("DELETE", path, ("Accept", "*/*"), io::empty(), 0)
    }

    /// Sends `length` bytes of `body`.
    pub(crate) fn put(
        &self,
        path: &str,
        content_type: &str,
        body: impl Read,
        length: u64,
    ) -> Result<Response> {
        self.send("PUT", path, ("Content-Type", content_type), body, length)
    }

    fn send(
        &self,
        method: &str,
        path: &str,
        field: (&str, &str),
        body: impl Read,
        length: u64,
    ) -> Result<Response> {
        let answer = self.exchange(method, path, field, body, length);
        answer.map_err(|source| Error::Connection {
            address: format!("{} ({method} {path})", self.address),
            source,
        })
    }

    fn exchange(
        &self,
        method: &str,
        path: &str,
        (name, value): (&str, &str),
        body: impl Read,
        length: u64,
    ) -> io::Result<Response> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(DEADLINE))?;
        let (address, version) = (&self.address, self.version);
        write!(
            stream,
            "{method} {path} HTTP/{version}\r\nHost: {address}\r\nContent-Length: {length}\r\n{name}: {value}\r\n"
        )?;
        if let Some(authorization) = &self.authorization {
            write!(stream, "Authorization: {authorization}\r\n")?;
        }
        stream.write_all(b"\r\n")?;
        io::copy(&mut body.take(length), &mut stream)?;
        Response::begin(BufReader::new(stream))
    }
}

impl Response {
    fn begin(mut body: BufReader<TcpStream>) -> io::Result<Self> {
        let mut head = String::new();
        while body.read_line(&mut head)? > 2 {}
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| io::Error::other("the answer is no HTTP"))?;
        Ok(Self { status, head, body })
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(':'));
        fields
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }

    /// The body of a 200; nothing for a 404.
    pub(crate) fn found(self) -> Result<Option<Vec<u8>>> {
        if self.status == 404 {
            return Ok(None);
        }
        let mut body = Vec::new();
        let mut answer = self.expect(200)?;
        let read = answer.body.read_to_end(&mut body);
        read.map_err(|source| Error::Connection {
            address: "a registry".to_owned(),
            source,
        })?;
        Ok(Some(body))
    }

    /// Reads the body away.
    pub(crate) fn read_to_end(mut self) -> Result<()> {
        let read = io::copy(&mut self.body, &mut io::sink());
        read.map(drop).map_err(|source| Error::Connection {
            address: "a server".to_owned(),
            source,
        })
    }

    /// Demands a status.
    pub(crate) fn expect(self, status: u16) -> Result<Self> {
        if self.status == status {
            return Ok(self);
        }
        Err(Error::unmet(format!(
            "a registry answered {}, not {status}",
            self.status
        )))
    }
}
