//! Compiles the contracts without protoc: messages and services, proto3 JSON, and the descriptor set for reflection.

use prost::Message;
use prost_types::FileDescriptorSet;
use prost_types::field_descriptor_proto::Type;
use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=traffic");
    println!("cargo:rerun-if-changed=google");
    let mut protos = Vec::new();
    collect(Path::new("traffic"), &mut protos)?;
    protos.sort();

    let descriptors = protox::Compiler::new(["."])?
        .include_imports(true)
        .include_source_info(true)
        .open_files(&protos)?
        .file_descriptor_set();
    let out = PathBuf::from(env::var("OUT_DIR")?);

    // Not `encode` of prost's own types: custom options would be lost, and the server reads scopes from them.
    let bytes = protox::Compiler::new(["."])?
        .include_imports(true)
        .open_files(&protos)?
        .encode_file_descriptor_set();
    fs::write(out.join("descriptors.bin"), &bytes)?;

    let mut prost = tonic_prost_build::Config::new();
    prost
        .compile_well_known_types()
        .enable_type_names()
        .extern_path(".google.protobuf", "::pbjson_types")
        .extern_path(".google.rpc", "crate::google::rpc")
        .bytes(["."]);
    tonic_prost_build::configure()
        .build_transport(true)
        .compile_fds_with_config(descriptors.clone(), prost)?;
    status(&descriptors)?;
    // Subscribers read events of a newer version than their own: what it adds is nothing to them.
    pbjson_build::Builder::new()
        .register_descriptors(&descriptors.encode_to_vec())?
        .ignore_unknown_fields()
        .ignore_unknown_enum_variants()
        .build(&[".traffic", ".google.rpc"])?;
    fs::write(out.join("contracts.rs"), modules(&out)?)?;
    fs::write(out.join("steps.rs"), steps(&descriptors)?)?;
    Ok(())
}

/// The status that rows of streams are answered with: a package of its own beside those of the suite.
fn status(contracts: &FileDescriptorSet) -> Result<(), Box<dyn Error>> {
    let files = contracts.file.iter();
    let file = files
        .filter(|file| file.package() == "google.rpc")
        .cloned()
        .collect();
    let mut prost = tonic_prost_build::Config::new();
    prost
        .compile_well_known_types()
        .enable_type_names()
        .extern_path(".google.protobuf", "::pbjson_types");
    prost.compile_fds(FileDescriptorSet { file })?;
    Ok(())
}

/// Makes every request with the fields of a step a `Step`.
fn steps(contracts: &FileDescriptorSet) -> Result<String, Box<dyn Error>> {
    const TEXTS: [&str; 3] = ["name", "etag", "request_id"];
    let mut code = String::new();
    for file in &contracts.file {
        let Some(package) = file.package().strip_prefix("traffic.") else {
            continue;
        };
        let module = package.replace('.', "::");
        for message in &file.message_type {
            let has = |name: &str, kind: Type| {
                let mut fields = message.field.iter();
                fields.any(|field| field.name() == name && field.r#type() == kind)
            };
            let step = TEXTS.iter().all(|name| has(name, Type::String))
                && has("validate_only", Type::Bool);
            if !step {
                continue;
            }
            writeln!(code, "impl Step for crate::{module}::{} {{", message.name())?;
            for name in TEXTS {
                writeln!(code, "    fn {name}(&self) -> &str {{ &self.{name} }}")?;
            }
            writeln!(
                code,
                "    fn validate_only(&self) -> bool {{ self.validate_only }}\n}}"
            )?;
        }
    }
    Ok(code)
}

/// A module for each package that was generated: a contract more needs no code.
fn modules(out: &Path) -> Result<String, Box<dyn Error>> {
    let mut generated = Vec::new();
    for entry in fs::read_dir(out)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if let Some(package) = name
            .strip_prefix("traffic.")
            .and_then(|name| name.strip_suffix(".v1.rs"))
        {
            generated.push(package.to_owned());
        }
    }
    generated.sort();
    let mut code = String::new();
    for package in generated {
        write!(
            code,
            r#"
#[allow(clippy::all, reason = "generated")]
pub mod {package} {{
    pub mod v1 {{
        include!(concat!(env!("OUT_DIR"), "/traffic.{package}.v1.rs"));
        include!(concat!(env!("OUT_DIR"), "/traffic.{package}.v1.serde.rs"));
    }}
}}
"#
        )?;
    }
    Ok(code)
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, into)?;
        } else if path.extension().is_some_and(|e| e == "proto") {
            into.push(path);
        }
    }
    Ok(())
}
