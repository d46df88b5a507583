use super::*;
use clap::CommandFactory;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split_whitespace())
}

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn options_of_the_target_may_stand_anywhere() {
    for line in [
        "trafficctl --permits 10.0.0.1:1 history permits/x",
        "trafficctl history permits/x --permits 10.0.0.1:1",
    ] {
        let cli = parse(line).unwrap();
        assert_eq!(cli.target.permits, "10.0.0.1:1", "{line}");
    }
}

#[test]
fn defaults_are_where_up_serves() {
    let cli = parse("trafficctl events tail").unwrap();
    assert_eq!(cli.target.permits, "127.0.0.1:50051");
    assert_eq!(cli.target.parking, "127.0.0.1:50052");
    assert_eq!(cli.target.enforcement, "127.0.0.1:50054");
    assert_eq!(cli.target.nats, "nats://127.0.0.1:4222");
    assert_eq!(cli.output, Format::Table);
}

#[test]
fn replicas_are_of_a_service() {
    let line = "trafficctl projection verify permits --replica a:1 --replica b:1";
    assert!(parse(line).is_ok());
    assert!(parse("trafficctl projection verify --replica a:1").is_err());
}

#[test]
fn what_contradicts_itself_or_is_out_of_bounds_is_refused() {
    for line in [
        "trafficctl",
        "trafficctl up --ephemeral --data x",
        "trafficctl events tail --from-start --last 3",
        "trafficctl events tail --last -1",
        "trafficctl bench --in-flight 0",
        "trafficctl bench --in-flight 1,5000",
        "trafficctl bench --seconds 0",
        "trafficctl bench year --scale 0",
        "trafficctl bench year --scale many",
        "trafficctl bench year --in-flight 0",
        "trafficctl bench --seconds 1 year",
        "trafficctl parking import-bays x.csv --create-zones",
        "trafficctl --output yaml events tail",
    ] {
        assert!(parse(line).is_err(), "{line}");
    }
}

#[test]
fn help_reads_well() {
    let mut help = Cli::command().term_width(100).render_help().to_string();
    // The version changes with every release.
    help = help.replace(env!("CARGO_PKG_VERSION"), "VERSION");
    insta::assert_snapshot!("help", help);
}
