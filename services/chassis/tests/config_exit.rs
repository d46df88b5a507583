//! A service's process with a configuration that cannot be used: exit code 64 and one sentence that names the key.
//!
//! Without the usual harness: this program is both the test and, started by itself, the service.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot go on has failed"
)]

use chassis::server::{Server, Signals};
use std::io::{BufRead, BufReader};
use std::process::{Command, ExitCode, Output, Stdio};

const CHILD: &str = "CHASSIS_TEST_SERVES";

fn main() -> ExitCode {
    if std::env::var_os(CHILD).is_some() {
        return chassis::config::run("sample", async |config, telemetry| {
            if config.service.contains_key("serve") {
                let running = Server::new("sample", &config, &telemetry).start().await?;
                let address = running.http;
                let mut signals = Signals::listen()?;
                println!("{address}");
                signals.received().await;
                running.shutdown().await;
                return Ok(());
            }
            if config.service.contains_key("fail") {
                return Err("the disk is gone".into());
            }
            Ok(())
        });
    }
    if std::env::args().any(|argument| argument == "--list") {
        return ExitCode::SUCCESS;
    }
    a_bad_configuration_exits_64_and_names_the_key();
    a_good_one_runs_and_a_failure_of_the_service_is_no_usage_error();
    print_config_shows_what_is_in_force();
    a_terminated_service_drains_and_exits_0();
    println!("config_exit: 4 rules hold");
    ExitCode::SUCCESS
}

fn service(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env(CHILD, "1").args(arguments);
    command.env("TRAFFIC_AUTH__MODE", "development");
    command.envs(variables.iter().copied());
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn a_bad_configuration_exits_64_and_names_the_key() {
    for (arguments, variables, named) in [
        (
            &[][..],
            &[("TRAFFIC_GRPC__LISTEN", "nowhere")][..],
            "grpc.listen",
        ),
        (&[], &[("TRAFFIC_GRPC__LISTEM", "x")], "grpc.listem"),
        (&[], &[("TRAFFIC_AUTH__MODE", "jwt")], "auth.key_set_file"),
        (&[], &[("TRAFFIC_CONFIG", "/nowhere.toml")], "/nowhere.toml"),
        (&["--config", "/nowhere.toml"], &[], "/nowhere.toml"),
        (&["--config"], &[], "--config"),
        (&["--verbose"], &[], "--verbose"),
    ] {
        let output = service(arguments, variables);
        assert_eq!(output.status.code(), Some(64), "{named}: {output:?}");
        let said = said(&output);
        assert!(said.contains(named), "{named}: {said}");
        assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    }
}

fn a_good_one_runs_and_a_failure_of_the_service_is_no_usage_error() {
    assert_eq!(service(&[], &[]).status.code(), Some(0));
    let output = service(&[], &[("TRAFFIC_SERVICE__FAIL", "1")]);
    // What the service's table means is the service's own matter.
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sample.toml");
    std::fs::write(&path, "[service]\nfail = true\n").unwrap();
    let output = service(&["--config", path.to_str().unwrap()], &[]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(said(&output).contains("the disk is gone"));
}

fn print_config_shows_what_is_in_force() {
    let output = service(
        &["print-config"],
        &[("TRAFFIC_GRPC__MAX_CONNECTIONS", "17")],
    );
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.contains("max_connections = 17"), "{shown}");
}

fn a_terminated_service_drains_and_exits_0() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sample.toml");
    let toml =
        "grpc.listen = \"127.0.0.1:0\"\nhttp.listen = \"127.0.0.1:0\"\n[service]\nserve = true\n";
    std::fs::write(&path, toml).unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .env(CHILD, "1")
        .env("TRAFFIC_AUTH__MODE", "development")
        .arg("--config")
        .arg(&path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = lines.next().unwrap().unwrap();
    std::net::TcpStream::connect(&address).unwrap();
    let id = child.id().to_string();
    Command::new("kill").args(["-TERM", &id]).status().unwrap();
    let exit = child.wait().unwrap();
    assert_eq!(exit.code(), Some(0), "{exit}");
    assert!(std::net::TcpStream::connect(&address).is_err());
}
