//! `bench`: commands and reads through gRPC against the bare bus and a bare server, in the same run on the same machine.
//!
//! ```text
//!   this process      clients in a closed loop over a few HTTP/2 connections
//!   child processes   permits, parking, registration, enforcement, a bare tonic server, nats-server with sync_interval: always
//! ```
//!
//! All share the machine's cores, so ratios say more than rates. `bench year` drives a year of the city through the same processes.

pub(crate) mod child;
mod echo;
mod enforcement_load;
mod measure;
mod parking_load;
mod permits_load;
mod processes;
mod raw;
mod registration_load;
mod report;
mod requests;
mod stage;
mod year;

use crate::failure::Failure;
use crate::output::Format;
use crate::progress;
use clap::{Args, Subcommand, ValueEnum};
use enforcement_load::EnforcementLoad;
use measure::{Plan, Sample, measure};
use parking_load::ParkingLoad;
use permits_load::PermitsLoad;
use processes::{Cpu, Process};
use registration_load::RegistrationLoad;
use report::{Report, Row};
use stage::{BusOptions, CONNECTIONS, PROJECTIONS, Stage, connections};
use std::time::{Duration, Instant};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct BenchOptions {
    #[command(subcommand)]
    what: Option<BenchCommand>,

    /// Requests in flight, each level measured by itself
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16, 64, 256], value_name = "N,...",
          value_parser = clap::value_parser!(u16).range(1..=1024))]
    in_flight: Vec<u16>,

    /// How long each measurement takes, after a second to warm up
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,

    /// Whose commands are measured
    #[arg(long, value_enum, default_value_t = Service::All)]
    service: Service,

    #[command(flatten)]
    bus: BusOptions,
}

#[derive(Debug, Subcommand)]
enum BenchCommand {
    /// Drive a year of the city through the services, check that nothing is lost or doubled, and measure
    Year(year::YearOptions),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Service {
    Permits,
    Parking,
    Enforcement,
    Registration,
    All,
}

impl Service {
    /// Whether the commands of `one` are to be measured.
    fn includes(self, one: Self) -> bool {
        self == one || self == Self::All
    }
}

pub(crate) async fn run(format: Format, options: &BenchOptions) -> Result<(), Failure> {
    if let Some(BenchCommand::Year(year)) = &options.what {
        return year::run(format, year).await;
    }
    let spinner = progress::spinner("starting the bus");
    let stage = Stage::set(None, options.bus).await?;
    let bench = Bench {
        options,
        stage: &stage,
        spinner: spinner.clone(),
    };
    let measured = Box::pin(bench.run()).await;
    spinner.finish_and_clear();
    stage.strike().await;
    report::print(format, &measured?)
}

struct Bench<'a> {
    options: &'a BenchOptions,
    stage: &'a Stage,
    spinner: indicatif::ProgressBar,
}

impl Bench<'_> {
    async fn run(&self) -> Result<Report, Failure> {
        let wanted = self.options.service;
        let tokens = &self.stage.tokens;

        // The commands of permits give the raw publishes their size and the echo its answer, so they are always there.
        let permits = self.child("permits").await?;
        let parking = self.wanted_child(Service::Parking, "parking").await?;
        let enforcement = self
            .wanted_child(Service::Enforcement, "enforcement")
            .await?;
        let registration = self
            .wanted_child(Service::Registration, "registration")
            .await?;
        let most = self.options.in_flight.iter().copied().max().unwrap_or(1);
        let permits_load = PermitsLoad::prepare(
            connections(&permits, &tokens.applicant).await?,
            connections(&permits, &tokens.reviewer).await?,
        )
        .await?;
        let parking_load = match &parking {
            Some(process) => Some(
                ParkingLoad::prepare(
                    connections(process, &tokens.operator).await?,
                    connections(process, &tokens.warden).await?,
                    usize::from(most),
                )
                .await?,
            ),
            None => None,
        };
        let enforcement_load = match &enforcement {
            Some(process) => Some(EnforcementLoad::prepare(
                connections(process, &tokens.camera).await?,
                connections(process, &tokens.officer).await?,
                connections(process, &tokens.operator).await?,
            )?),
            None => None,
        };
        let registration_load = match &registration {
            Some(process) => Some(RegistrationLoad::prepare(
                connections(process, &tokens.operator).await?,
                connections(process, &tokens.officer).await?,
            )?),
            None => None,
        };
        echo::keep(self.stage.folder(), permits_load.answer())?;
        let echo = self.child("echo").await?;
        let echo_connections = connections(&echo, &tokens.applicant).await?;
        let raw = raw::RawLoad::prepare(self.stage.bus().await?, "PERMITS").await?;

        let mut rows = Vec::new();
        for in_flight in self.options.in_flight.iter().map(|n| usize::from(*n)) {
            let level = |what: &str| {
                self.spinner
                    .set_message(format!("{what}, {in_flight} in flight"))
            };
            let plan = Plan {
                in_flight,
                warm_up: Duration::from_secs(1),
                lasting: Duration::from_secs(self.options.seconds),
            };

            level("raw publish");
            let bare = self.watched(None, measure(&plan, |_| raw.worker())).await?;
            rows.push(Row::baseline("raw publish", in_flight, &bare));
            level("raw pair");
            let pair = self.watched(None, measure(&plan, |_| raw.pairs())).await?;
            rows.push(Row::against("raw pair, atomic", in_flight, &pair, &bare));

            if wanted.includes(Service::Permits) {
                level("permits commands");
                let sample = self
                    .watched(Some(&permits), measure(&plan, |n| permits_load.commands(n)))
                    .await?;
                rows.push(Row::against("permits commands", in_flight, &sample, &bare));
            }
            if let (Some(load), Some(process)) = (&parking_load, &parking) {
                level("parking readings");
                let sample = self
                    .watched(Some(process), measure(&plan, |n| load.readings(n)))
                    .await?;
                rows.push(Row::against("parking readings", in_flight, &sample, &bare));
            }
            if let (Some(load), Some(process)) = (&enforcement_load, &enforcement) {
                level("enforcement commands");
                let sample = self
                    .watched(Some(process), measure(&plan, |n| load.commands(n)))
                    .await?;
                rows.push(Row::against(
                    "enforcement commands",
                    in_flight,
                    &sample,
                    &bare,
                ));
            }
            if let (Some(load), Some(process)) = (&registration_load, &registration) {
                level("registration commands");
                let sample = self
                    .watched(Some(process), measure(&plan, |n| load.commands(n)))
                    .await?;
                rows.push(Row::against(
                    "registration commands",
                    in_flight,
                    &sample,
                    &bare,
                ));
            }
            level("echo");
            let bare = self
                .watched(
                    Some(&echo),
                    measure(&plan, |n| permits_load.reads(&echo_connections, n)),
                )
                .await?;
            rows.push(Row::baseline("tonic echo", in_flight, &bare));
            level("get");
            let sample = self
                .watched(
                    Some(&permits),
                    measure(&plan, |n| permits_load.own_reads(n)),
                )
                .await?;
            rows.push(Row::against("permits get", in_flight, &sample, &bare));
        }

        let mut memory = vec![("permits".to_owned(), permits.resident_bytes())];
        for (name, process) in [
            ("parking", &parking),
            ("enforcement", &enforcement),
            ("registration", &registration),
        ] {
            if let Some(process) = process {
                memory.push((name.to_owned(), process.resident_bytes()));
            }
        }
        memory.push(("echo".to_owned(), echo.resident_bytes()));
        memory.push((
            "nats-server".to_owned(),
            processes::resident_of("nats-server"),
        ));
        let processes = [
            Some(permits),
            parking,
            enforcement,
            registration,
            Some(echo),
        ];
        for process in processes.into_iter().flatten() {
            process.end().await;
        }
        Ok(Report {
            payload_bytes: raw.payload_bytes(),
            answer_bytes: permits_load.answer_bytes(),
            connections: CONNECTIONS,
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory,
            rows,
        })
    }

    /// The process of a service if its commands are to be measured.
    async fn wanted_child(
        &self,
        one: Service,
        what: &'static str,
    ) -> Result<Option<Process>, Failure> {
        match self.options.service.includes(one) {
            true => Ok(Some(self.child(what).await?)),
            false => Ok(None),
        }
    }

    async fn child(&self, what: &'static str) -> Result<Process, Failure> {
        self.spinner.set_message(format!("starting {what}"));
        self.stage.start(what, PROJECTIONS).await
    }

    /// A measurement, and the processor time that its parts took.
    async fn watched(
        &self,
        process: Option<&Process>,
        measuring: impl Future<Output = Result<Sample, Failure>>,
    ) -> Result<Sample, Failure> {
        watched(process.as_slice(), measuring).await
    }
}

/// How long what the load before has left to do may take.
const REST_LIMIT: Duration = Duration::from_secs(30);
const GLANCE: Duration = Duration::from_millis(250);
/// Processors kept busy by services and bus that nobody asks for anything.
const AT_REST: f64 = 0.1;

/// Waits until the load before has left nothing to do: events to publish, files to tidy. It would be paid by the next.
async fn rest(processes: &[&Process]) {
    let began = Instant::now();
    while began.elapsed() < REST_LIMIT {
        let before = Cpu::read(processes);
        tokio::time::sleep(GLANCE).await;
        let share = Cpu::read(processes).since(&before);
        if share.service + share.bus < AT_REST {
            return;
        }
    }
}

/// A measurement that begins at rest, and the processor time that its parts took.
async fn watched(
    processes: &[&Process],
    measuring: impl Future<Output = Result<Sample, Failure>>,
) -> Result<Sample, Failure> {
    rest(processes).await;
    let before = Cpu::read(processes);
    let mut sample = measuring.await?;
    sample.cpu = Cpu::read(processes).since(&before);
    Ok(sample)
}
