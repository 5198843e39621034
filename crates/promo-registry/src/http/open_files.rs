//! Whether a connection failed because there was no open file left for it, here or on the whole machine: nothing that its
//! host could do anything about. What follows is decided in `sender`.

use std::error::Error as StdError;
use std::io;
use std::net::{Ipv4Addr, UdpSocket};

/// The system's numbers of these errors. On Unix: too many in this process (`EMFILE`), too many on the machine (`ENFILE`);
/// on Windows: `WSAEMFILE`.
#[cfg(unix)]
const NUMBERS: [i32; 2] = [24, 23];
#[cfg(not(unix))]
const NUMBERS: [i32; 1] = [10_024];

/// Whether open files are what this connection lacked.
pub(super) fn are_short(error: &reqwest::Error) -> bool {
    if !error.is_connect() {
        return false;
    }
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    let mut is_about_names = false;
    while let Some(cause) = next {
        if let Some(cause) = cause.downcast_ref::<io::Error>()
            && is_short(cause)
        {
            return true;
        }
        is_about_names |= cause.to_string() == "dns error";
        next = cause.source();
    }
    // The search for an address says many things when it can't open its files. Whether there are some is tried out.
    is_about_names && UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).is_err_and(|error| is_short(&error))
}

fn is_short(error: &io::Error) -> bool {
    let number = error.raw_os_error();
    number.is_some_and(|number| NUMBERS.contains(&number))
}
