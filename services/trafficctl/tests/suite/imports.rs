//! Imports, what they publish, and the history that they leave.

use crate::harness::{Up, data, json_lines};
use serde_json::Value;

fn names(rows: &[Value]) -> Vec<String> {
    let name = |row: &Value| row["permit"].as_str().unwrap().to_owned();
    rows.iter().map(name).collect()
}

#[test]
fn a_feed_sent_twice_files_each_work_zone_once() {
    let up = Up::start(&["--ephemeral", "--no-sample"]);
    let feed = data("two-work-zones.geojson");
    let import = ["permits", "import-wzdx", &feed, "--starting", "2030-03-01"];
    let first = names(&up.lines("applicant", &import));
    assert_eq!(first.len(), 2);
    assert_eq!(names(&up.lines("applicant", &import)), first);

    // Each has one commit: the second import recorded nothing.
    for name in &first {
        let commits = up.lines("operator", &["history", name]);
        assert_eq!(commits.len(), 1, "{name}");
        assert_eq!(commits[0]["actor"], "sample-applicant");
        assert_eq!(commits[0]["chained"], true);
    }

    let rebuilt = up.lines("operator", &["projection", "rebuild", "permits"]);
    assert_eq!(rebuilt[0]["phase"], "live");
    assert_eq!(rebuilt[0]["rebuilds"], 1);
    let verified = up.lines("operator", &["projection", "verify"]);
    assert_eq!(verified.len(), 4, "one a service");
    assert!(verified.iter().all(|verdict| verdict["equal"] == true));
}

#[test]
fn bays_sent_twice_change_nothing_the_second_time() {
    let up = Up::start(&["--ephemeral"]);
    let file = data("bays.csv");
    let import = [
        "parking",
        "import-bays",
        &file,
        "--create-zones",
        "--district",
        "371702",
        "--tariff",
        "sample-outskirts",
    ];
    let first = &up.lines("operator", &import)[0];
    assert_eq!(first["created"], 3, "{first}");
    let second = &up.lines("operator", &import)[0];
    assert_eq!(
        (&second["created"], &second["updated"], &second["unchanged"]),
        (&0.into(), &0.into(), &3.into()),
        "{second}"
    );
}

#[test]
fn rows_that_are_refused_are_named_and_the_others_taken() {
    let up = Up::start(&["--ephemeral"]);
    // Without zones of its own the file has rows in a zone that exists, in one that does not, and none at all.
    let output = up.run(
        "operator",
        &["parking", "import-bays", &data("bays-with-mistakes.csv")],
    );
    assert_eq!(output.status.code(), Some(1));
    let summary = &json_lines(&output)[0];
    assert_eq!(summary["created"], 1, "{summary}");
    assert_eq!(summary["refused"], 2, "{summary}");
    let problems = summary["problems"].as_array().unwrap();
    assert!(problems.iter().any(|p| p["row"] == "B2"), "{summary}");
    assert!(problems.iter().any(|p| p["row"] == "line 4"), "{summary}");
}
