//! Every target on its seeds as they are, and damaged: the small version of what `run` does for as long as one likes.
//!
//! Each rule is tried on some hundred damaged seeds; `PROPTEST_CASES` sets another number:
//!
//! ```sh
//! PROPTEST_CASES=100000 cargo test --release --package fuzz
//! ```
//!
//! The smallest input that breaks a rule is printed and kept in `proptest-regressions`, from where every further run
//! takes it first.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod recipe;

use fuzz::TARGETS;
use proptest::prelude::*;
use proptest::sample::select;
use recipe::{damaged, recipe};
use std::fs;
use std::path::{Path, PathBuf};

/// What the seeds of inputs that must be refused are called.
const REFUSED: &str = "refused";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds")
}

/// The seeds of a target and their names, in order of the names.
fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let files = fs::read_dir(folder().join(target)).unwrap();
    let mut seeds: Vec<_> = files
        .map(|file| {
            let file = file.unwrap();
            let name = file.file_name().into_string().unwrap();
            (name, fs::read(file.path()).unwrap())
        })
        .collect();
    seeds.sort();
    seeds
}

#[test]
fn every_target_understands_its_seeds_and_refuses_those_to_be_refused() {
    for (target, check) in TARGETS {
        let seeds = seeds(target);
        assert!(!seeds.is_empty(), "{target} has seeds");
        for (name, seed) in seeds {
            assert_eq!(check(&seed), !name.starts_with(REFUSED), "{target}/{name}");
        }
    }
}

#[test]
fn no_seed_is_without_a_target() {
    let folders = fs::read_dir(folder()).unwrap();
    let mut folders: Vec<_> = folders
        .map(|folder| folder.unwrap().file_name().into_string().unwrap())
        .collect();
    folders.sort();
    assert_eq!(folders, TARGETS.map(|(target, _)| target));
}

/// A seed of the target after what a broken or hostile sender does to it.
fn damaged_seed(target: &str) -> impl Strategy<Value = Vec<u8>> {
    (select(seeds(target)), recipe()).prop_map(|((_, seed), recipe)| damaged(&seed, &recipe))
}

macro_rules! rules {
    ($($rule:ident: $target:ident,)+) => {
        proptest! {
            $(
                #[test]
                fn $rule(input in damaged_seed(stringify!($target))) {
                    fuzz::$target(&input);
                }
            )+
        }
    };
}

rules! {
    a_feature_read_twice_is_the_same_request: work_zones,
    every_bay_that_is_read_has_an_id_and_a_zone_that_is_told: bays,
    every_ebike_that_is_read_is_the_same_request_again: ebikes,
    whatever_tariff_is_read_prices_every_stay_in_order: tariffs,
    what_is_read_as_a_commit_stays_the_same_when_written_and_read_again: commits,
    what_is_read_as_a_published_event_is_understood_or_refused: published_events,
    a_damaged_credential_never_says_anything_else: credentials,
    nobody_from_outside_acts_as_the_runtime: callers,
    a_page_token_leads_where_it_was_made_for_or_nowhere: page_tokens,
    what_is_accepted_as_a_value_has_one_form: values,
}
