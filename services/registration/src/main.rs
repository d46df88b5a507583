//! Runs the registration service.

fn main() -> std::process::ExitCode {
    chassis::config::run(registration::SERVICE, registration::serve)
}
