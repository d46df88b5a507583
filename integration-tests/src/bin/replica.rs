//! One replica of the service that `SUITE_SERVICE` names.

fn main() -> std::process::ExitCode {
    integration_tests::process::run()
}
