//! The import of e-bikes: bad rows named, good ones in; killed in the middle and run again, nothing is lost or twice.

use crate::harness::{Up, json_lines, program};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use traffic_proto::registration::v1::ListEbikesRequest;
use traffic_proto::registration::v1::ebike_service_client::EbikeServiceClient;

const ROWS: usize = 3_000;
const BAD: u64 = 30;

/// A file of invented e-bikes, 1 % of them bad.
fn sample() -> String {
    let rows = ROWS.to_string();
    let arguments = [
        "registration",
        "sample-ebikes",
        "--rows",
        &rows,
        "--bad-percent",
        "1",
    ];
    String::from_utf8(program(&arguments).stdout).unwrap()
}

fn saved(up: &Up, file: &str) -> PathBuf {
    let path = up.temporary.path().join("ebikes.csv");
    std::fs::write(&path, file).unwrap();
    path
}

/// Imports a whole file; some of its rows are bad, so it exits with 1.
fn import(up: &Up, path: &Path) -> Value {
    let path = path.to_string_lossy();
    let output = up.run("operator", &["registration", "import-ebikes", &path]);
    assert_eq!(
        output.status.code(),
        Some(1),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    json_lines(&output).remove(0)
}

fn number(summary: &Value, name: &str) -> u64 {
    summary[name].as_u64().unwrap()
}

/// Frame numbers and plates of all e-bikes that are registered.
async fn registered(up: &Up) -> (BTreeSet<String>, BTreeSet<String>) {
    let address = format!("http://{}", up.text("/services/registration/grpc"));
    let mut client = EbikeServiceClient::connect(address).await.unwrap();
    let (mut frames, mut plates) = (BTreeSet::new(), BTreeSet::new());
    let mut page_token = String::new();
    loop {
        let request = ListEbikesRequest {
            page_size: 1_000,
            page_token,
            ..ListEbikesRequest::default()
        };
        let page = client.list_ebikes(request).await.unwrap().into_inner();
        for ebike in page.ebikes {
            assert!(frames.insert(ebike.frame_number), "a frame number twice");
            assert!(plates.insert(ebike.plate), "a plate twice");
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return (frames, plates);
        }
    }
}

/// An import that has been given half of the file, of which it has registered something.
async fn half_way(up: &Up, file: &str) -> Child {
    let mut import = up
        .command_of("operator", &["registration", "import-ebikes", "/dev/stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let half = &file[..file.len() / 2];
    import
        .stdin
        .as_mut()
        .unwrap()
        .write_all(half.as_bytes())
        .unwrap();
    while registered(up).await.0.is_empty() {
        tokio::task::yield_now().await;
    }
    import
}

fn kill_9(mut process: Child) {
    process.kill().unwrap();
    process.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_row_is_named_and_a_second_run_changes_nothing() {
    let up = Up::start(&["--ephemeral", "--no-sample"]);
    let path = saved(&up, &sample());
    let first = import(&up, &path);
    assert_eq!(number(&first, "rows"), ROWS as u64, "{first}");
    assert_eq!(number(&first, "refused"), BAD, "{first}");
    assert_eq!(number(&first, "registered"), ROWS as u64 - BAD, "{first}");
    let problems = first["problems"].as_array().unwrap();
    let lines: BTreeSet<_> = problems.iter().map(|p| p["line"].as_i64()).collect();
    assert_eq!(lines.len() as u64, BAD, "each by its line");
    let reasons: BTreeSet<_> = problems
        .iter()
        .filter_map(|p| p["reason"].as_str())
        .collect();
    let expected = [
        "FRAME_NUMBER_TAKEN",
        "INVALID_FIELDS",
        "NOT_CONFORMING",
        "ORIGIN_IN_FUTURE",
        "UNREADABLE",
    ];
    assert_eq!(reasons, BTreeSet::from(expected));

    let before = registered(&up).await;
    let second = import(&up, &path);
    assert_eq!(number(&second, "registered"), 0, "{second}");
    assert_eq!(number(&second, "unchanged"), ROWS as u64 - BAD, "{second}");
    assert_eq!(second["problems"], first["problems"]);
    assert_eq!(registered(&up).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_killed_in_the_middle_and_run_again_loses_and_doubles_nothing() {
    let up = Up::start(&["--ephemeral", "--no-sample"]);
    let file = sample();
    kill_9(half_way(&up, &file).await);
    let path = saved(&up, &file);
    let again = import(&up, &path);
    assert_eq!(number(&again, "refused"), BAD, "{again}");
    assert!(number(&again, "unchanged") > 0, "{again}");
    let good = ROWS - usize::try_from(BAD).unwrap();
    assert_eq!(
        number(&again, "registered") + number(&again, "unchanged"),
        good as u64
    );
    let (frames, plates) = registered(&up).await;
    assert_eq!((frames.len(), plates.len()), (good, good));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suite_killed_under_an_import_goes_on_after_it_without_loss_or_doubles() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_string_lossy().into_owned();
    let up = Up::start(&["--data", &data, "--no-sample"]);
    let file = sample();
    let import_under_way = half_way(&up, &file).await;
    // Dropped: killed, its bus with it.
    drop(up);
    kill_9(import_under_way);
    let up = Up::start(&["--data", &data, "--no-sample"]);
    let path = saved(&up, &file);
    let again = import(&up, &path);
    assert!(number(&again, "unchanged") > 0, "{again}");
    let (frames, plates) = registered(&up).await;
    let good = ROWS - usize::try_from(BAD).unwrap();
    assert_eq!((frames.len(), plates.len()), (good, good));
}
