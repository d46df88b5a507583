//! A tiny year of the city through all services: it is counted again, and everything that was sent is there once.

use crate::harness::{json_lines, program};
use serde_json::Value;

/// 170 violations, 276 e-bikes, 10 hazards, a permit, a bay.
const SCALE: &str = "0.0001";

fn sum(totals: &[Value], things: &str, side: &str) -> u64 {
    let counted = totals.iter().filter(|total| {
        let what = total["what"].as_str().unwrap();
        what == things || what.starts_with(&format!("{things} "))
    });
    counted.map(|total| total[side].as_u64().unwrap()).sum()
}

#[test]
fn a_year_is_counted_again_and_nothing_is_lost_or_doubled() {
    let year = ["--output", "json", "bench", "year", "--scale", SCALE];
    let output = program(&year);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    let report = json_lines(&output).remove(0);

    let totals = report["totals"].as_array().unwrap();
    for total in totals {
        assert_eq!(total["sent"], total["found"], "{total}");
    }
    // Found by listing, not taken from what was sent.
    for (things, count) in [
        ("violations", 170),
        ("e-bikes registered", 276),
        ("permits", 1),
        ("sessions", 10),
        ("bays", 1),
        ("riders: helmets given", 28),
    ] {
        assert_eq!(sum(totals, things, "found"), count, "{things}");
    }
    assert!(sum(totals, "event", "found") > 300, "{report}");

    for service in ["registration", "permits", "parking", "enforcement"] {
        let of_it = |list: &str| {
            let list = report[list].as_array().unwrap();
            list.iter().any(|one| one["service"] == service)
        };
        assert!(
            of_it("parts") && of_it("rebuilds") && of_it("restarts"),
            "{service}"
        );
    }
}

#[test]
fn a_folder_that_holds_something_is_not_driven_over() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("kept"), "from last year").unwrap();
    let path = folder.path().to_string_lossy().into_owned();
    let output = program(&["bench", "year", "--keep", &path]);
    assert_eq!(output.status.code(), Some(64));
    let kept = std::fs::read_to_string(folder.path().join("kept")).unwrap();
    assert_eq!(kept, "from last year");
}
