//! What a replica's process runs: the service that `SUITE_SERVICE` names, as its own `main` runs it.

use crate::clock::ShiftedClock;
use crate::ledger;
use chassis::clock::Clock;
use chassis::config::{self, Config};
use chassis::telemetry::Telemetry;
use jiff::SignedDuration;
use std::error::Error;
use std::io::BufRead;
use std::process::ExitCode;
use std::sync::Arc;

type Served = Result<(), Box<dyn Error + Send + Sync>>;

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
        Ok("ledger") => config::run(
            "ledger",
            async move |config: Config, telemetry: Telemetry| {
                ledger::serve(&config, &telemetry, clock).await
            },
        ),
        Ok("permits") => config::run(
            "permits",
            async move |config: Config, telemetry: Telemetry| {
                permits(&config, &telemetry, clock).await
            },
        ),
        Ok("parking") => config::run(
            "parking",
            async move |config: Config, telemetry: Telemetry| {
                parking(&config, &telemetry, clock).await
            },
        ),
        Ok("enforcement") => config::run(
            "enforcement",
            async move |config: Config, telemetry: Telemetry| {
                enforcement(&config, &telemetry, clock).await
            },
        ),
        Ok("registration") => config::run(
            "registration",
            async move |config: Config, telemetry: Telemetry| {
                registration(&config, &telemetry, clock).await
            },
        ),
        other => {
            eprintln!("SUITE_SERVICE names no service: {other:?}");
            ExitCode::FAILURE
        }
    }
}

async fn permits(config: &Config, telemetry: &Telemetry, clock: Arc<dyn Clock>) -> Served {
    let service = permits::start(config, telemetry, clock).await?;
    Ok(service.until_signal().await?)
}

async fn parking(config: &Config, telemetry: &Telemetry, clock: Arc<dyn Clock>) -> Served {
    let service = parking::start(config, telemetry, clock).await?;
    Ok(service.until_signal().await?)
}

async fn enforcement(config: &Config, telemetry: &Telemetry, clock: Arc<dyn Clock>) -> Served {
    let service = enforcement::start(config, telemetry, clock).await?;
    Ok(service.until_signal().await?)
}

async fn registration(config: &Config, telemetry: &Telemetry, clock: Arc<dyn Clock>) -> Served {
    let service = registration::start(config, telemetry, clock).await?;
    Ok(service.until_signal().await?)
}
