//! The pipeline over real HTTP: embedded registries, the wire client, the copier, keys. No part is mocked.

mod crashes;
mod evidence;
mod faults;
mod interrupts;
mod requests;
mod staging;
mod whole;
mod world;
