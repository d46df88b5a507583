//! Runs the registration service.

fn main() -> std::process::ExitCode {
    chassis::service::run(registration::SERVICE, registration::start)
}
