//! The service on a real bus, over real gRPC.

mod city;
mod exactly_once;
mod feed;
mod input;
mod samples;
mod stories;
mod watching;
