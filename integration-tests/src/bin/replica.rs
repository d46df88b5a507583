//! One replica of the service that `SUITE_SERVICE` names, as its own `main` runs it. Ends when its stdin does, so that
//! no test leaves one behind, however it ends.

use std::io::Read;
use std::process::ExitCode;

fn main() -> ExitCode {
    if std::env::var_os("SUITE_LIFELINE").is_some() {
        std::thread::spawn(|| {
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
            std::process::exit(2);
        });
    }
    match std::env::var("SUITE_SERVICE").as_deref() {
        Ok("ledger") => chassis::config::run("ledger", integration_tests::ledger::serve),
        Ok("permits") => chassis::config::run("permits", permits::serve),
        Ok("parking") => chassis::config::run("parking", parking::serve),
        Ok("enforcement") => chassis::config::run("enforcement", enforcement::serve),
        Ok("registration") => chassis::config::run("registration", registration::serve),
        other => {
            eprintln!("SUITE_SERVICE names no service: {other:?}");
            ExitCode::FAILURE
        }
    }
}
