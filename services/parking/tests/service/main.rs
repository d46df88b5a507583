//! Parking as its users see it: real gRPC, a real nats-server, one or two replicas.

mod bad_input;
mod closures;
mod management;
mod stories;
mod world;
