//! The parking service.

fn main() -> std::process::ExitCode {
    chassis::service::run(parking::SERVICE, parking::start)
}
