//! Parking as its users see it: real gRPC, a real nats-server, one or two replicas.

mod bad_input;
mod closures;
mod stories;
mod world;
