//! Runs the enforcement service.

fn main() -> std::process::ExitCode {
    chassis::service::run(enforcement::SERVICE, enforcement::start)
}
