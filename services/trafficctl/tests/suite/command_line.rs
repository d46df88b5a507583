//! Exit codes and what is said on stderr.

use crate::harness::program;
use chassis::nats_server::{NatsServer, Options};

#[test]
fn wrong_usage_exits_64_and_says_what_is_wrong() {
    for arguments in [
        &["nonsense"][..],
        &["up", "--ports", "some"],
        &["history", "nowhere/x"],
        &["projection", "rebuild"],
        &["projection", "status", "tolls"],
        &["permits", "import-wzdx", "/nowhere/feed.geojson"],
        &["up", "--ephemeral", "--log", "no=such=filter"],
    ] {
        let output = program(arguments);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_suite_that_is_not_there_exits_1_and_names_the_address() {
    // Nothing listens on port 1.
    let output = program(&["history", "permits/x", "--permits", "127.0.0.1:1"]);
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("127.0.0.1:1"), "{stderr}");
}

#[test]
fn help_and_version_are_no_failures() {
    for argument in ["--help", "--version"] {
        let output = program(&[argument]);
        assert_eq!(output.status.code(), Some(0), "{argument}");
        assert!(!output.stdout.is_empty(), "{argument}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bus_that_wants_a_user_lets_in_who_shows_the_password() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = Options::new(folder.path().join("nats"));
    options.login = Some(("operator".into(), "a password".into()));
    let server = NatsServer::start(options).await.unwrap();
    let said_with = |password: &str| {
        let file = folder.path().join("password");
        std::fs::write(&file, format!("{password}\n")).unwrap();
        let (url, file) = (server.url(), file.display().to_string());
        let login = [
            "--nats",
            &url,
            "--nats-user",
            "operator",
            "--nats-password-file",
            &file,
        ];
        let output = program(&[&["events", "tail"][..], &login].concat());
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let refused = said_with("another");
    assert!(refused.contains("cannot reach the bus"), "{refused}");
    // It is let in, and finds a bus on which nobody has published.
    let let_in = said_with("a password");
    assert!(let_in.contains("no stream EVENTS"), "{let_in}");
}
