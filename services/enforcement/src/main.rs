//! Runs the enforcement service.

fn main() -> std::process::ExitCode {
    chassis::config::run(enforcement::SERVICE, enforcement::serve)
}
