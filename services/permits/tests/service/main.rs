//! The service on a real bus, over real gRPC.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod city;
mod exactly_once;
mod feed;
mod input;
mod reading;
mod samples;
mod stories;
mod watching;
