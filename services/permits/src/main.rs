//! Runs the permits service.

fn main() -> std::process::ExitCode {
    chassis::service::run(permits::SERVICE, permits::start)
}
