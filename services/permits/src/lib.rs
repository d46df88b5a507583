//! Permits of the city traffic police: road occupation, transport of highly toxic chemicals, oversize transport.

pub mod domain;
