//! The service on a real bus, over real gRPC.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod absences;
mod citizens;
mod city;
mod corrections;
mod dockets;
mod input;
mod legal_reviews;
mod past;
mod rows;
mod serving;
mod stories;
