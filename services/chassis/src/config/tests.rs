use super::*;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The least that a service starts with.
const LEAST: &str = "auth.mode = \"development\"\n";

fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn refused(toml: &str, pairs: &[(&str, &str)]) -> String {
    Config::parse(toml, variables(pairs))
        .unwrap_err()
        .to_string()
}

#[test]
fn the_defaults_need_nothing_but_a_way_to_authenticate() {
    let config = Config::parse(LEAST, []).unwrap();
    assert_eq!(config.nats.urls, ["nats://127.0.0.1:4222"]);
    assert_eq!(config.grpc.default_timeout_ms, 10_000);
    assert!(refused("", &[]).contains("`auth.key_set_file`"));
}

#[test]
fn the_environment_overrides_the_file_with_texts_numbers_lists_and_sections() {
    let toml = format!("{LEAST}[grpc]\nmax_connections = 7\n");
    let set = [
        ("TRAFFIC_GRPC__MAX_CONNECTIONS", "9"),
        ("TRAFFIC_NATS__URLS", r#"["nats://a:4222", "tls://b:4222"]"#),
        ("TRAFFIC_AUTH__ISSUER", "1234"),
        ("TRAFFIC_TELEMETRY__SAMPLING", "0.5"),
        ("TRAFFIC_DATA_DIR", "elsewhere"),
        // Kubernetes sets such names; they are not ours.
        ("TRAFFIC_PERMITS_PORT", "tcp://10.0.0.1:1"),
        ("PATH", "/bin"),
    ];
    let config = Config::parse(&toml, variables(&set)).unwrap();
    assert_eq!(config.grpc.max_connections, 9);
    assert_eq!(config.nats.urls, ["nats://a:4222", "tls://b:4222"]);
    assert_eq!(config.auth.issuer, "1234");
    assert_eq!(config.telemetry.sampling, 0.5);
    assert_eq!(config.data_dir, Path::new("elsewhere"));
}

#[test]
fn an_unknown_key_is_named_with_its_full_path() {
    for (toml, pairs, key) in [
        ("dta_dir = \"x\"", &[][..], "`dta_dir`"),
        ("[nats]\nurl = \"x\"", &[], "`nats.url`"),
        ("[grpc.tls]\ncert = \"x\"", &[], "`grpc.tls.cert`"),
        ("[natz]\nurls = []", &[], "`natz`"),
        ("", &[("TRAFFIC_NATS__URL", "x")], "`nats.url`"),
        ("", &[("TRAFFIC_NATZ__URLS", "x")], "`natz`"),
        ("", &[("TRAFFIC_GRPC__TLS__CERT", "x")], "`grpc.tls.cert`"),
    ] {
        let sentence = refused(&format!("{LEAST}{toml}"), pairs);
        assert!(sentence.contains(key), "{key}: {sentence}");
        assert!(
            sentence.contains("expected"),
            "says what is allowed: {sentence}"
        );
        assert!(!sentence.contains('\n'), "{sentence}");
    }
}

#[test]
fn a_bad_value_is_named_with_what_is_allowed() {
    for (toml, key, allowed) in [
        (
            "nats.stream_replicas = 2",
            "`nats.stream_replicas`",
            "1, 3 or 5",
        ),
        ("nats.urls = []", "`nats.urls`", "at least one"),
        ("nats.urls = [\"http://x\"]", "`nats.urls`", "nats://"),
        (
            "nats.urls = [\"nats://u:p@x:4222\"]",
            "`nats.urls`",
            "nats.password_file",
        ),
        ("nats.user = \"u\"", "`nats.password`", "nats.user"),
        ("nats.password = \"p\"", "`nats.user`", "nats.password"),
        (
            "nats.ack_timeout_ms = 1",
            "`nats.ack_timeout_ms`",
            "between 100 and 10000",
        ),
        (
            "nats.credentials_file = \"/nowhere\"",
            "`nats.credentials_file`",
            "cannot read",
        ),
        ("grpc.listen = \"here\"", "`grpc.listen`", "socket address"),
        ("grpc.max_connections = -1", "`grpc.max_connections`", "-1"),
        (
            "grpc.max_connections = 0",
            "`grpc.max_connections`",
            "between 1",
        ),
        (
            "grpc.default_timeout_ms = 99999",
            "`grpc.default_timeout_ms`",
            "between 10 and 60000",
        ),
        (
            "grpc.tls.certificate_file = \"x\"",
            "`grpc.tls.key_file`",
            "missing",
        ),
        ("http.timeout_ms = 0", "`http.timeout_ms`", "between 10"),
        (
            "projection.cache_mib = 1",
            "`projection.cache_mib`",
            "between 16",
        ),
        ("auth.mode = \"none\"", "`auth.mode`", "development"),
        ("limits.burst = 0", "`limits.burst`", "between 1"),
        (
            "telemetry.sampling = 1.5",
            "`telemetry.sampling`",
            "between 0 and 1",
        ),
        (
            "telemetry.otlp_endpoint = \"collector\"",
            "`telemetry.otlp_endpoint`",
            "http://",
        ),
        ("telemetry.log = \"a=b=c\"", "`telemetry.log`", "filter"),
        (
            "sealing.master_key = \"c2hvcnQ=\"",
            "`sealing.master_key`",
            "32 bytes",
        ),
        (
            "sealing.person_key_file = \"/nowhere\"",
            "`sealing.master_key`",
            "required",
        ),
        (
            "credentials.signing_key = \"x\"",
            "`credentials.signing_key`",
            "Ed25519",
        ),
    ] {
        let toml = if toml.starts_with("auth.mode") {
            toml.to_owned()
        } else {
            format!("{LEAST}{toml}")
        };
        let sentence = refused(&toml, &[]);
        assert!(
            sentence.contains(key) && sentence.contains(allowed),
            "{toml}: {sentence}"
        );
        assert!(!sentence.contains('\n'), "{sentence}");
    }
    let sentence = refused(LEAST, &[("TRAFFIC_GRPC__MAX_CONNECTIONS", "many")]);
    assert!(sentence.contains("`grpc.max_connections`"), "{sentence}");
    let sentence = refused(LEAST, &[("TRAFFIC_DATA_DIR__X", "many")]);
    assert!(sentence.contains("`data_dir"), "{sentence}");
}

#[test]
fn development_mode_is_refused_where_others_can_reach_it() {
    let open = "grpc.listen = \"0.0.0.0:1\"\n";
    assert!(refused(&format!("{LEAST}{open}"), &[]).contains("`auth.mode`"));
    let open = "http.listen = \"[::]:1\"\n";
    assert!(refused(&format!("{LEAST}{open}"), &[]).contains("`auth.mode`"));
}

#[test]
fn secrets_are_shown_nowhere() {
    let key = STANDARD.encode([42; 32]);
    let toml = format!(
        "{LEAST}[sealing]\nmaster_key = \"{key}\"\nperson_key = \"{key}\"\n[sealing.retired_master_keys]\nold = \"{key}\"\n"
    );
    let hidden = [("TRAFFIC_SERVICE__PROVIDER_PASSWORD", "hidden-word")];
    let config = Config::parse(&toml, variables(&hidden)).unwrap();
    for shown in [
        format!("{config:?}"),
        format!("{config:#?}"),
        config.print(),
    ] {
        assert!(
            !shown.contains(&key) && !shown.contains("hidden-word"),
            "{shown}"
        );
    }
    assert!(config.print().contains("master_key = \"(set, not shown)\""));
    assert!(!format!("{:?}", config.sealing.keys().unwrap()).contains("42"));
    let wrong = refused(&format!("{LEAST}sealing.master_key = \"hidden-word\""), &[]);
    assert!(!wrong.contains("hidden-word"), "{wrong}");
}

#[test]
fn what_is_printed_can_be_read_again() {
    let config = Config::parse(&format!("{LEAST}[service]\nregion = \"east\"\n"), []).unwrap();
    let again = Config::parse(&config.print(), []).unwrap();
    assert_eq!(again.print(), config.print());
}

#[derive(Debug, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    region: String,
    #[serde(default)]
    depth: u8,
}

#[test]
fn a_service_reads_its_own_table_with_its_own_type() {
    let toml = format!("{LEAST}[service]\nregion = \"east\"\n");
    let set = variables(&[("TRAFFIC_SERVICE__DEPTH", "3")]);
    let config = Config::parse(&toml, set).unwrap();
    let settings: Settings = config.service_settings().unwrap();
    assert_eq!(
        settings,
        Settings {
            region: "east".to_owned(),
            depth: 3
        }
    );

    for (toml, pairs, key) in [
        (
            "[service]\nregion = \"east\"\ndeep = 1",
            &[][..],
            "`service.deep`",
        ),
        (
            "[service]\nregion = \"east\"\ndepth = 300",
            &[],
            "`service.depth`",
        ),
        (
            "[service]\nregion = \"east\"",
            &[("TRAFFIC_SERVICE__DEPTH", "much")],
            "`service.depth`",
        ),
        ("", &[], "`service.region`"),
    ] {
        let config = Config::parse(&format!("{LEAST}{toml}"), variables(pairs)).unwrap();
        let sentence = config
            .service_settings::<Settings>()
            .unwrap_err()
            .to_string();
        assert!(sentence.contains(key), "{key}: {sentence}");
    }
}

#[test]
fn a_file_that_is_not_toml_or_not_there_is_said_in_one_line() {
    let sentence = refused("auth = [", &[]);
    assert!(
        sentence.contains("not TOML") && !sentence.contains('\n'),
        "{sentence}"
    );
    let missing = Config::load_from(Some(Path::new("/nowhere/traffic.toml")), []).unwrap_err();
    assert!(missing.to_string().contains("/nowhere/traffic.toml"));
}

#[test]
fn a_key_may_come_from_a_file_but_not_from_two_places() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, format!("{}\n", STANDARD.encode([5; 32]))).unwrap();
    let key = STANDARD.encode([6; 32]);
    let toml = format!("{LEAST}[sealing]\nmaster_key_file = {path:?}\nperson_key = \"{key}\"\n");
    let keys = Config::parse(&toml, []).unwrap().sealing.keys().unwrap();
    assert_eq!(*keys.masters["1"], [5; 32]);
    assert_eq!(*keys.person, [6; 32]);
    let both = format!("{toml}master_key = \"{key}\"\n");
    assert!(refused(&both, &[]).contains("`sealing.master_key`"));
}
