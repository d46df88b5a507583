//! Runs the permits service.

fn main() -> std::process::ExitCode {
    chassis::config::run(permits::SERVICE, permits::serve)
}
