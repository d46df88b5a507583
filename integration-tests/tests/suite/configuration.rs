//! A wrong configuration ends the start of every service with exit code 64 and one sentence that names the key.

use integration_tests::Service;
use integration_tests::replica::program;
use std::process::{Output, Stdio};

const KEY: &str = "c3VpdGUgc3VpdGUgc3VpdGUgc3VpdGUgc3VpdGUgISE=";

/// Variables on top of a good configuration, and the key that the sentence must name.
const WRONG: [(&[(&str, &str)], &str); 24] = [
    (&[("TRAFFIC_GRPC__LISTEN", "nowhere")], "grpc.listen"),
    (
        &[("TRAFFIC_GRPC__LISTEN", "127.0.0.1:65536")],
        "grpc.listen",
    ),
    (&[("TRAFFIC_HTTP__LISTEN", "localhost")], "http.listen"),
    (&[("TRAFFIC_GRPC__LISTEM", "127.0.0.1:0")], "grpc.listem"),
    (&[("TRAFFIC_GRCP__LISTEN", "127.0.0.1:0")], "grcp"),
    (
        &[("TRAFFIC_GRPC__MAX_CONNECTIONS", "0")],
        "grpc.max_connections",
    ),
    (
        &[("TRAFFIC_GRPC__MAX_CONNECTIONS", "-1")],
        "grpc.max_connections",
    ),
    (
        &[("TRAFFIC_GRPC__MAX_CONNECTIONS", "many")],
        "grpc.max_connections",
    ),
    (
        &[("TRAFFIC_GRPC__DEFAULT_TIMEOUT_MS", "90000")],
        "grpc.default_timeout_ms",
    ),
    (
        &[
            ("TRAFFIC_GRPC__TLS__CERTIFICATE_FILE", "/none.pem"),
            ("TRAFFIC_GRPC__TLS__KEY_FILE", "/none.pem"),
        ],
        "grpc.tls.certificate_file",
    ),
    (&[("TRAFFIC_NATS__URLS", "[]")], "nats.urls"),
    (&[("TRAFFIC_NATS__URLS", "[\"http://bus\"]")], "nats.urls"),
    (
        &[("TRAFFIC_NATS__STREAM_REPLICAS", "2")],
        "nats.stream_replicas",
    ),
    (
        &[("TRAFFIC_NATS__ACK_TIMEOUT_MS", "1")],
        "nats.ack_timeout_ms",
    ),
    (
        &[("TRAFFIC_NATS__CREDENTIALS_FILE", "/none.creds")],
        "nats.credentials_file",
    ),
    (
        &[("TRAFFIC_PROJECTION__CACHE_MIB", "1")],
        "projection.cache_mib",
    ),
    (&[("TRAFFIC_AUTH__MODE", "none")], "auth.mode"),
    (&[("TRAFFIC_AUTH__MODE", "jwt")], "auth.key_set_file"),
    (
        &[
            ("TRAFFIC_AUTH__MODE", "development"),
            ("TRAFFIC_GRPC__LISTEN", "0.0.0.0:0"),
        ],
        "auth.mode",
    ),
    (&[("TRAFFIC_LIMITS__BURST", "0")], "limits.burst"),
    (
        &[("TRAFFIC_TELEMETRY__SAMPLING", "2")],
        "telemetry.sampling",
    ),
    (
        &[("TRAFFIC_TELEMETRY__OTLP_ENDPOINT", "collector:4318")],
        "telemetry.otlp_endpoint",
    ),
    (
        &[("TRAFFIC_SEALING__MASTER_KEY", "c2hvcnQ=")],
        "sealing.master_key",
    ),
    (
        &[("TRAFFIC_CREDENTIALS__SIGNING_KEY", "no key")],
        "credentials.signing_key",
    ),
];

fn run(service: Service, variables: &[(&str, &str)]) -> Output {
    program(service)
        .env("TRAFFIC_AUTH__MODE", "development")
        .env("TRAFFIC_GRPC__LISTEN", "127.0.0.1:0")
        .env("TRAFFIC_HTTP__LISTEN", "127.0.0.1:0")
        .env("TRAFFIC_SEALING__MASTER_KEY", KEY)
        .env("TRAFFIC_SEALING__PERSON_KEY", KEY)
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[test]
fn a_wrong_configuration_exits_64_and_names_the_key() {
    for service in Service::ALL {
        for (variables, key) in WRONG {
            let output = run(service, variables);
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(
                output.status.code(),
                Some(64),
                "{service:?} {variables:?}: {said}"
            );
            assert!(said.contains(key), "{service:?} {variables:?}: {said}");
            assert_eq!(
                said.trim_end().lines().count(),
                1,
                "{service:?} {variables:?}: {said}"
            );
        }
    }
}

/// Found only when the service reads them: after the log has begun, so the sentence is the last line.
#[test]
fn a_wrong_setting_of_the_start_itself_exits_64_and_names_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let holidays = folder.path().join("holidays.toml");
    std::fs::write(&holidays, "year = 'none'").unwrap();
    let holidays = holidays.to_str().unwrap();
    for service in Service::ALL {
        for (variable, value, key) in [
            (
                "TRAFFIC_CALENDAR__HOLIDAYS",
                "/none.toml",
                "calendar.holidays",
            ),
            ("TRAFFIC_CALENDAR__HOLIDAYS", holidays, "calendar.holidays"),
            (
                "TRAFFIC_SERVICE__NO_SUCH_SETTING",
                "1",
                "service.no_such_setting",
            ),
        ] {
            if service == Service::Ledger && key.starts_with("service.") {
                continue;
            }
            let output = run(service, &[(variable, value)]);
            let said = String::from_utf8(output.stderr).unwrap();
            let last = said
                .trim_end()
                .lines()
                .last()
                .unwrap_or_default()
                .to_owned();
            assert_eq!(output.status.code(), Some(64), "{service:?} {key}: {said}");
            assert!(last.contains(key), "{service:?} {key}: {said}");
        }
    }
}
