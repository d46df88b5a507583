//! `domain/` of every service decides by itself: no runtime, no network, no disk, no clock.

use std::fs;
use std::path::{Path, PathBuf};

/// What only the outside may use.
const OUTSIDE: [&str; 12] = [
    "tokio",
    "tonic",
    "async_nats",
    "sled",
    "axum",
    "hyper",
    "prost",
    "traffic_proto",
    "std::time",
    "std::fs",
    "std::net",
    "std::thread",
];

#[test]
fn domains_use_nothing_of_the_outside() {
    let services = Path::new(env!("CARGO_MANIFEST_DIR")).join("../services");
    let mut read = 0;
    let mut found = Vec::new();
    for service in fs::read_dir(services).unwrap() {
        let domain = service.unwrap().path().join("src/domain");
        for file in rust_files(&domain) {
            read += 1;
            let text = fs::read_to_string(&file).unwrap();
            for (number, line) in text.lines().enumerate() {
                found.extend(
                    outside(line).map(|what| format!("{}:{}: {what}", file.display(), number + 1)),
                );
            }
        }
    }
    assert!(read > 0, "there are domains");
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_forbidden_path_is_found_wherever_it_stands_but_not_in_words() {
    assert_eq!(outside("use tokio::sync::Mutex;"), Some("tokio"));
    assert_eq!(
        outside("    let now = std::time::Instant::now();"),
        Some("std::time")
    );
    assert_eq!(outside("use {sled, serde};"), Some("sled"));
    assert_eq!(outside("fn load() -> ::tonic::Status {"), Some("tonic"));
    assert_eq!(outside("// tokio is not used here"), None);
    assert_eq!(outside("struct Sledge;"), None);
    assert_eq!(outside("let bottled = \"tonic\";"), None);
}

/// What of the outside a line of code names: as a path, or by itself in a `use`.
fn outside(line: &str) -> Option<&'static str> {
    let code = line.split("//").next().unwrap_or_default();
    let is_use = code.trim_start().starts_with("use ") || code.trim_start().starts_with("pub use ");
    OUTSIDE.into_iter().find(|name| {
        code.match_indices(name).any(|(at, _)| {
            let part = |letter: char| letter.is_alphanumeric() || letter == '_';
            let before = code[..at].chars().next_back();
            let rest = &code[at + name.len()..];
            let whole = !before.is_some_and(part) && !rest.starts_with(part);
            whole && (is_use || rest.starts_with("::"))
        })
    })
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
    files
}
