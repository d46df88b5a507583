//! The parking service.

fn main() -> std::process::ExitCode {
    chassis::config::run("parking", parking::serve)
}
