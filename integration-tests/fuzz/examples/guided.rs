//! One target under libFuzzer. `FUZZ_TARGET` names it; the arguments are libFuzzer's. `run` starts it.

#![no_main]

use fuzz::{Check, TARGETS};
use std::sync::LazyLock;

static CHECK: LazyLock<Check> = LazyLock::new(|| {
    let wanted = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let found = TARGETS.into_iter().find(|(name, _)| *name == wanted);
    found.expect("FUZZ_TARGET names a target").1
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    CHECK(bytes);
});
