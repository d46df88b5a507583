//! From the command line to a running service.

use super::{Config, ConfigError};
use crate::telemetry::Telemetry;
use std::error::Error;
use std::future::Future;
use std::io::Write;
use std::process::ExitCode;

/// Exit code of a configuration that cannot be used (`EX_USAGE`).
pub const EXIT_BAD_CONFIG: u8 = 64;
/// Exit code of a service that could not start or did not end well.
pub const EXIT_FAILURE: u8 = 1;

/// Reads the configuration, starts telemetry and a runtime, runs `serve` to its end and flushes telemetry.
///
/// Services call it by [`crate::service::run`].
///
/// `print-config` as the first argument prints what is in force, without secrets, and ends. A [`ConfigError`], also one
/// that `serve` returns, exits with [`EXIT_BAD_CONFIG`], any other error with [`EXIT_FAILURE`]; both say one sentence.
pub fn run<F, Running>(service: &'static str, serve: F) -> ExitCode
where
    F: FnOnce(Config, Telemetry) -> Running,
    Running: Future<Output = Result<(), Box<dyn Error + Send + Sync>>>,
{
    match try_run(service, serve) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{service}: {error}");
            ExitCode::from(if is_bad_config(&*error) {
                EXIT_BAD_CONFIG
            } else {
                EXIT_FAILURE
            })
        }
    }
}

/// Whatever part of a start found it.
fn is_bad_config(error: &(dyn Error + Send + Sync + 'static)) -> bool {
    error.is::<ConfigError>()
        || matches!(
            error.downcast_ref::<crate::service::StartError>(),
            Some(crate::service::StartError::Config(_))
        )
        || matches!(
            error.downcast_ref::<crate::server::StartError>(),
            Some(crate::server::StartError::Config(_))
        )
}

fn try_run<F, Running>(service: &'static str, serve: F) -> Result<(), Box<dyn Error + Send + Sync>>
where
    F: FnOnce(Config, Telemetry) -> Running,
    Running: Future<Output = Result<(), Box<dyn Error + Send + Sync>>>,
{
    let config = Config::load()?;
    if std::env::args_os()
        .nth(1)
        .is_some_and(|first| first == "print-config")
    {
        std::io::stdout().write_all(config.print().as_bytes())?;
        return Ok(());
    }
    let telemetry = Telemetry::start(&config.telemetry, service)?;
    telemetry.install()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let served = runtime.block_on(serve(config, telemetry.clone()));
    // Tasks that outlive the service must not hold up the exit.
    runtime.shutdown_timeout(std::time::Duration::from_millis(500));
    telemetry.flush();
    served
}
