//! Chromium without a window, driven over WebDriver: it opens a page, runs scripts in it, and tells what was requested.

use std::io::Read as _;
use std::process::Command;

use serde_json::{Value, json};

use crate::http::{Client, Response};
use crate::servers::{Server, free_address};
use crate::tools::BrowserTools;
use xtask::error::{Error, Result};

/// A browser with one window; it ends with its owner.
#[derive(Debug)]
pub(crate) struct Browser {
    client: Client,
    session: String,
    /// Dropped after the session is closed: the browser is the driver's child.
    _driver: Server,
}

impl Browser {
    /// Starts a browser that keeps a log of its network.
    pub(crate) fn start(tools: &BrowserTools) -> Result<Self> {
        let address = free_address()?;
        let port = address.rsplit(':').next().unwrap_or_default().to_owned();
        let mut driver = Command::new(&tools.driver);
        driver.arg(format!("--port={port}"));
        let driver = Server::start_listening(&mut driver, address.clone())?;
        let client = Client::of_http_1_1(&address);
        // As root Chromium has no sandbox; it opens nothing but our own page.
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
        ];
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"args": arguments},
            "goog:loggingPrefs": {"performance": "ALL"},
        }}});
        let opened = answer(client.post_json("/session", &wanted.to_string())?)?;
        let session = at(&opened, "/sessionId")
            .as_str()
            .unwrap_or_default()
            .to_owned();
        Ok(Self {
            client,
            session,
            _driver: driver,
        })
    }

    /// Opens a page, and waits until it is there.
    pub(crate) fn open(&self, url: &str) -> Result<()> {
        self.post("url", &json!({"url": url})).map(drop)
    }

    /// What a script in the page returns.
    pub(crate) fn run(&self, script: &str) -> Result<Value> {
        self.post("execute/sync", &json!({"script": script, "args": []}))
    }

    /// What a script in the page hands to its last argument.
    pub(crate) fn run_later(&self, script: &str) -> Result<Value> {
        self.post("execute/async", &json!({"script": script, "args": []}))
    }

    /// Whether the page is to be light or dark.
    pub(crate) fn prefer(&self, scheme: &str) -> Result<()> {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        let command =
            json!({"cmd": "Emulation.setEmulatedMedia", "params": {"features": features}});
        self.post("goog/cdp/execute", &command).map(drop)
    }

    /// How wide and high the window is.
    pub(crate) fn resize(&self, width: u32, height: u32) -> Result<()> {
        let size = json!({"width": width, "height": height});
        self.post("window/rect", &size).map(drop)
    }

    /// The addresses of all that was requested since it was asked last.
    pub(crate) fn requested(&self) -> Result<Vec<String>> {
        let entries = self.post("se/log", &json!({"type": "performance"}))?;
        let entries = entries.as_array().into_iter().flatten();
        let messages = entries.filter_map(|entry| at(entry, "/message").as_str());
        let mut urls = Vec::new();
        for message in messages {
            let message: Value = serde_json::from_str(message)
                .map_err(|error| Error::document("the browser's log", error))?;
            if *at(&message, "/message/method") == "Network.requestWillBeSent" {
                let url = at(&message, "/message/params/request/url").as_str();
                urls.extend(url.map(str::to_owned));
            }
        }
        Ok(urls)
    }

    fn post(&self, command: &str, body: &Value) -> Result<Value> {
        let path = format!("/session/{}/{command}", self.session);
        answer(self.client.post_json(&path, &body.to_string())?)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // A browser that is gone already needs no ending.
        drop(self.client.delete(&format!("/session/{}", self.session)));
    }
}

/// The value of an answer; an error if it tells of one.
fn answer(response: Response) -> Result<Value> {
    let status = response.status;
    // The driver keeps the connection, whatever it is asked.
    let length = response.header("content-length");
    let length = length.and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut text = String::new();
    let read = response.body.take(length).read_to_string(&mut text);
    read.map_err(|source| Error::Connection {
        address: "the browser".to_owned(),
        source,
    })?;
    let document: Value = serde_json::from_str(&text)
        .map_err(|error| Error::document("the browser's answer", error))?;
    if status == 200 {
        return Ok(at(&document, "/value").clone());
    }
    let message = at(&document, "/value/message");
    Err(Error::unmet(format!(
        "the browser answered {status}: {message}"
    )))
}

/// What stands at a place of a document; null if nothing does.
pub(crate) fn at<'a>(document: &'a Value, place: &str) -> &'a Value {
    document.pointer(place).unwrap_or(&Value::Null)
}
