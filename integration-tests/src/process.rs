//! What a replica's process runs: the service that `SUITE_SERVICE` names, as its own `main` runs it.

use crate::clock::ShiftedClock;
use crate::ledger;
use chassis::clock::Clock;
use chassis::service;
use jiff::SignedDuration;
use std::io::BufRead;
use std::process::ExitCode;
use std::sync::Arc;

/// Whether this process was started as a replica.
pub fn is_replica() -> bool {
    std::env::var_os("SUITE_SERVICE").is_some()
}

/// Runs the service to its end. With `SUITE_LIFELINE` it ends when its stdin does, so that no test leaves one behind,
/// however it ends; each line there is a number of seconds by which its clock is from then on ahead of the machine's.
pub fn run() -> ExitCode {
    let clock = ShiftedClock::default();
    if std::env::var_os("SUITE_LIFELINE").is_some() {
        let clock = clock.clone();
        std::thread::spawn(move || {
            for line in std::io::stdin().lock().lines() {
                let Ok(seconds) = line.unwrap_or_default().parse() else {
                    break;
                };
                clock.set(SignedDuration::from_secs(seconds));
            }
            std::process::exit(2);
        });
    }
    let clock: Arc<dyn Clock> = Arc::new(clock);
    match std::env::var("SUITE_SERVICE").as_deref() {
        Ok("ledger") => service::run_at("ledger", clock, ledger::start),
        Ok(permits::SERVICE) => service::run_at(permits::SERVICE, clock, permits::start),
        Ok(parking::SERVICE) => service::run_at(parking::SERVICE, clock, parking::start),
        Ok(enforcement::SERVICE) => {
            service::run_at(enforcement::SERVICE, clock, enforcement::start)
        }
        Ok(registration::SERVICE) => {
            service::run_at(registration::SERVICE, clock, registration::start)
        }
        other => {
            eprintln!("SUITE_SERVICE names no service: {other:?}");
            ExitCode::FAILURE
        }
    }
}
