//! The embedded registry over HTTP, as a client sees it.

#[cfg(test)]
mod auth;
#[cfg(test)]
mod content;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod images;
#[cfg(test)]
mod log;
#[cfg(test)]
mod server;
#[cfg(test)]
mod support;
