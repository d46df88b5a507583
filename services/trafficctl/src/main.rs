//! `trafficctl`: see the library.

fn main() -> std::process::ExitCode {
    trafficctl::main()
}
