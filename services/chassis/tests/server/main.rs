//! The server over loopback sockets: admission, errors, limits, deadlines, health, and how it shuts down.

mod admission;
mod lifecycle;
mod sample;
mod wire;
