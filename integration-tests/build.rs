//! Compiles the contract of the ledger, the smallest service that the runtime can carry.

use prost::Message;
use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

const CONTRACT: &str = "traffic/ledger/v1/ledger.proto";
/// The operators' methods, which every service serves.
const OPERATIONS: &str = "traffic/operations/v1/operations.proto";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    println!("cargo:rerun-if-changed=../proto/traffic/operations");
    println!("cargo:rerun-if-changed=../proto/traffic/options");
    let compiler = || protox::Compiler::new(["proto", "../proto"]);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let served = compiler()?
        .include_imports(true)
        .open_files([CONTRACT, OPERATIONS])?
        .encode_file_descriptor_set();
    fs::write(out.join("ledger.bin"), served)?;

    let descriptors = compiler()?
        .include_imports(true)
        .open_files([CONTRACT])?
        .file_descriptor_set();
    let mut prost = tonic_prost_build::Config::new();
    prost
        .compile_well_known_types()
        .enable_type_names()
        .extern_path(".google.protobuf", "::pbjson_types");
    tonic_prost_build::configure().compile_fds_with_config(descriptors.clone(), prost)?;
    pbjson_build::Builder::new()
        .register_descriptors(&descriptors.encode_to_vec())?
        .build(&[".traffic.ledger"])?;
    Ok(())
}
