//! `bench year`: a year of the city, sent through the services as partner systems would, and counted again at the end.
//!
//! ```text
//!   city     how much of what            drive   so many stories at once      ebikes, permits, parking, hazards, riders, cases
//!   tally    sent against found          desk    one command after another    subscriber, rest, pace, aftermath: measurements
//!                                        rows    many desks in one stream
//! ```
//!
//! The parts of the year come one after the other, so that a figure belongs to one service; all services run all the time
//! and react to each other.

mod aftermath;
mod cases;
mod city;
mod desk;
mod drive;
mod ebikes;
mod found;
mod hazards;
mod pace;
mod parking;
mod permits;
mod report;
mod rest;
mod riders;
mod rows;
mod subscriber;
mod tally;

use super::Service;
use super::parking_load::mark_bays;
use super::processes::{self, Cpu, Process};
use super::stage::{BusOptions, PROJECTIONS, Stage, connections};
use crate::connect::Connection;
use crate::failure::Failure;
use crate::output::Format;
use crate::progress;
use async_nats::Client;
use async_nats::jetstream;
use cases::Cases;
use chassis::published::EVENTS;
use city::City;
use clap::Args;
use drive::{Part, Plan, Story, drive};
use hazards::Hazards;
use parking::Gateways;
use permits::Permits;
use report::{Events, Report, Usage};
use riders::Riders;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use subscriber::Subscriber;
use tally::Tally;
use traffic_proto::enforcement::v1::hazard_service_client::HazardServiceClient;

#[derive(Debug, Args)]
pub(crate) struct YearOptions {
    /// How much of a year: 1 is 2.76 million e-bikes, 1.699 million violations, 8,089 permits, 7,000 bays, ...
    #[arg(long, default_value_t = 0.01, value_name = "PART", value_parser = scale)]
    scale: f64,

    /// Another seed, other people and other outcomes
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// Whose year is driven; only these services run
    #[arg(long, value_enum, default_value_t = Service::All)]
    service: Service,

    /// Requests in flight
    #[arg(long, default_value_t = 256, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    in_flight: u16,

    /// Keep journals and projections in this folder, which must be empty
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,

    #[command(flatten)]
    bus: BusOptions,
}

fn scale(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(scale) if scale > 0.0 && scale <= 10.0 => Ok(scale),
        _ => Err("must be a number above 0 and at most 10".to_owned()),
    }
}

/// From this scale on what follows the year is measured for long enough to mean something.
const WORTH_MEASURING: f64 = 0.005;

impl YearOptions {
    fn seconds(&self) -> u64 {
        if self.scale < WORTH_MEASURING { 1 } else { 10 }
    }
}

pub(super) async fn run(format: Format, options: &YearOptions) -> Result<(), Failure> {
    let stage = Stage::set(options.keep.as_deref(), options.bus).await?;
    let driven = Box::pin(Year::begin(&stage, options).await?.drive()).await;
    stage.strike().await;
    let report = driven?;
    report::print(format, &report)?;
    report.verdict()
}

/// The services that run, and what has been sent to them so far.
struct Year<'a> {
    stage: &'a Stage,
    options: &'a YearOptions,
    city: City,
    bus: Client,
    permits: Option<Process>,
    parking: Option<Process>,
    registration: Option<Process>,
    enforcement: Option<Process>,
    subscriber: Subscriber,
    parts: Vec<Part>,
    sent: Tally,
}

impl<'a> Year<'a> {
    async fn begin(stage: &'a Stage, options: &'a YearOptions) -> Result<Self, Failure> {
        let spinner = progress::spinner("starting the services");
        let wanted = async |one: Service, what: &'static str| match options.service.includes(one) {
            true => stage.start(what, PROJECTIONS).await.map(Some),
            false => Ok(None),
        };
        let permits = wanted(Service::Permits, "permits").await?;
        let parking = wanted(Service::Parking, "parking").await?;
        let registration = wanted(Service::Registration, "registration").await?;
        let enforcement = wanted(Service::Enforcement, "enforcement").await?;
        let bus = stage.bus().await?;
        let subscriber = Subscriber::begin(bus.clone()).await?;
        spinner.finish_and_clear();
        Ok(Self {
            stage,
            options,
            city: City::at(options.scale),
            bus,
            permits,
            parking,
            registration,
            enforcement,
            subscriber,
            parts: Vec::new(),
            sent: Tally::default(),
        })
    }

    async fn drive(mut self) -> Result<Report, Failure> {
        let begun = Instant::now();
        self.drive_registration().await?;
        self.drive_permits().await?;
        self.drive_parking().await?;
        self.drive_enforcement().await?;
        let seconds = begun.elapsed().as_secs_f64();
        self.rest().await?;
        let rested = begun.elapsed().as_secs_f64();
        let flooded = self.subscriber.take_delay();
        let published = self.subscriber.count();
        progress::reached(format_args!(
            "{published} events published, every policy done {:.1} s after the last command",
            rested - seconds
        ));
        let processes = self.usage();
        processes
            .iter()
            .map(Usage::line)
            .for_each(progress::reached);
        let paced = self.pace().await?;
        self.rest().await?;
        let totals = self.totals().await?;
        let right = totals.iter().filter(|total| total.is_right()).count();
        progress::reached(format_args!(
            "{right} of {} totals are what was sent",
            totals.len()
        ));
        let (rebuilds, restarts) = self.begin_again().await?;
        let replicas = match &self.permits {
            Some(process) => {
                let lasting = Duration::from_secs(self.options.seconds());
                Some(aftermath::replicas(self.stage, process, lasting).await?)
            }
            None => None,
        };
        let running = [
            self.permits,
            self.parking,
            self.registration,
            self.enforcement,
        ];
        for process in running.into_iter().flatten() {
            process.end().await;
        }
        self.subscriber.end().await?;
        Ok(Report {
            scale: self.options.scale,
            seed: self.options.seed,
            in_flight: self.options.in_flight.into(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            seconds,
            rest_seconds: rested - seconds,
            parts: self.parts,
            events: Events {
                published,
                per_second: published as f64 / rested,
                flooded,
                paced,
            },
            processes,
            rebuilds,
            restarts,
            replicas,
            totals,
        })
    }

    async fn drive_registration(&mut self) -> Result<(), Failure> {
        let Some(process) = &self.registration else {
            return Ok(());
        };
        let stations = connections(process, &self.stage.tokens.operator).await?;
        let plan = self.plan("registration", "e-bikes", self.city.ebikes);
        let before = self.watch(plan.service);
        let driven = ebikes::register(stations, plan).await?;
        self.note(driven, before);
        Ok(())
    }

    async fn drive_permits(&mut self) -> Result<(), Failure> {
        let Some(process) = &self.permits else {
            return Ok(());
        };
        let tokens = &self.stage.tokens;
        let story = Permits::new(
            self.city.clone(),
            connections(process, &tokens.applicant).await?,
            connections(process, &tokens.reviewer).await?,
            connections(process, &tokens.road_authority).await?,
        );
        let plan = self.plan("permits", "permits", self.city.permits);
        self.tell(story, plan).await
    }

    async fn drive_parking(&mut self) -> Result<(), Failure> {
        let Some(process) = &self.parking else {
            return Ok(());
        };
        let tokens = &self.stage.tokens;
        let payers = connections(process, &tokens.operator).await?;
        let bays = usize::try_from(self.city.bays).map_err(Failure::usage)?;
        mark_bays(payers[0].clone(), bays).await?;
        let devices = connections(process, &tokens.warden).await?;
        let gateways = Gateways::stories(self.city.bays);
        let plan = self.plan("parking", "gateways of bays", gateways);
        let story = Gateways::new(self.city.bays, devices, payers);
        self.tell(story, plan).await
    }

    async fn drive_enforcement(&mut self) -> Result<(), Failure> {
        let Some(process) = &self.enforcement else {
            return Ok(());
        };
        let tokens = &self.stage.tokens;
        let chiefs = connections(process, &tokens.chief).await?;
        let officers = connections(process, &tokens.officer).await?;
        let cameras = connections(process, &tokens.camera).await?;
        let banks = connections(process, &tokens.operator).await?;
        let city = self.city.clone();
        let plan = self.plan("enforcement", "hazards", city.hazards);
        let story = Hazards::new(city.clone(), chiefs.clone(), officers);
        self.tell(story, plan).await?;
        let plan = self.plan("enforcement", "riders", Riders::stories(&city));
        let story = Riders::new(city.clone(), chiefs.clone());
        self.tell(story, plan).await?;
        let plan = self.plan("enforcement", "violations", city.violations());
        let story = Cases::begin(city, cameras, chiefs, banks).await?;
        self.tell(story, plan).await
    }

    fn plan(&self, service: &'static str, what: &'static str, stories: u64) -> Plan {
        Plan {
            service,
            what,
            stories,
            at_once: self.options.in_flight.into(),
            seed: self.options.seed,
            progress: progress::bar(stories, what),
        }
    }

    async fn tell<S: Story>(&mut self, story: S, plan: Plan) -> Result<(), Failure> {
        let before = self.watch(plan.service);
        let driven = drive(story, plan).await?;
        self.note(driven, before);
        Ok(())
    }

    fn note(&mut self, (mut part, sent): (Part, Tally), (own, others): (Cpu, Cpu)) {
        let now = self.watch(part.service);
        part.cores = now.0.since(&own);
        part.cores_of_others = now.1.since(&others).service;
        progress::reached(part.line());
        self.parts.push(part);
        self.sent.merge(sent);
    }

    /// Processor time up to now: of a service with bus and clients, and of the other services.
    fn watch(&self, service: &str) -> (Cpu, Cpu) {
        let running = self.services().into_iter();
        let (own, others): (Vec<_>, Vec<_>) = running.partition(|(name, _)| *name == service);
        let read = |named: &[(&str, &Process)]| {
            let processes: Vec<_> = named.iter().map(|(_, process)| *process).collect();
            Cpu::read(&processes)
        };
        (read(&own), read(&others))
    }

    /// Those that run.
    fn services(&self) -> Vec<(&'static str, &Process)> {
        let all = [
            ("registration", &self.registration),
            ("permits", &self.permits),
            ("parking", &self.parking),
            ("enforcement", &self.enforcement),
        ];
        let running = all.into_iter();
        running
            .filter_map(|(name, process)| Some((name, process.as_ref()?)))
            .collect()
    }

    async fn rest(&self) -> Result<(), Failure> {
        let spinner = progress::spinner("waiting until all is published");
        rest::reached(&self.bus, &self.subscriber, &self.sent).await?;
        spinner.finish_and_clear();
        Ok(())
    }

    /// Only enforcement publishes an event with each of the simplest commands.
    async fn pace(&mut self) -> Result<Option<pace::Paced>, Failure> {
        let Some(process) = &self.enforcement else {
            return Ok(None);
        };
        let spinner = progress::spinner("a thousand events a second");
        let finders: Vec<_> = connections(process, &self.stage.tokens.chief)
            .await?
            .into_iter()
            .map(HazardServiceClient::new)
            .collect();
        let seconds = self.options.seconds();
        let (paced, sent) = pace::measure(&finders, &self.subscriber, seconds).await?;
        spinner.finish_and_clear();
        self.sent.merge(sent);
        Ok(Some(paced))
    }

    /// Counts through the public contracts, on the stream and at the subscriber, what should be there.
    async fn totals(&self) -> Result<Vec<tally::Total>, Failure> {
        let spinner = progress::spinner("counting what is there");
        let tokens = &self.stage.tokens;
        let one = async |process: &Process, token: &str| -> Result<Connection, Failure> {
            let mut connections = connections(process, token).await?;
            Ok(connections.remove(0))
        };
        let mut found = Tally::default();
        if let Some(process) = &self.registration {
            ebikes::count(one(process, &tokens.operator).await?, &mut found).await?;
        }
        if let Some(process) = &self.permits {
            permits::find(one(process, &tokens.reviewer).await?, &mut found).await?;
        }
        if let Some(process) = &self.parking {
            parking::find(one(process, &tokens.operator).await?, &mut found).await?;
        }
        if let Some(process) = &self.enforcement {
            hazards::count(one(process, &tokens.chief).await?, &mut found).await?;
            riders::count(one(process, &tokens.chief).await?, &mut found).await?;
            cases::find(one(process, &tokens.chief).await?, &mut found).await?;
        }
        found.merge(self.subscriber.events().named_in(&self.sent));

        let mut sent = self.sent.clone();
        let stream = jetstream::new(self.bus.clone())
            .get_stream(EVENTS)
            .await
            .map_err(Failure::failed)?;
        let on_the_stream = "events of all types: on the stream, at the subscriber";
        sent.add(on_the_stream, stream.cached_info().state.messages);
        found.add(on_the_stream, self.subscriber.count());
        spinner.finish_and_clear();
        Ok(sent.compare(&found))
    }

    fn usage(&self) -> Vec<Usage> {
        let mut usages: Vec<Usage> = self
            .services()
            .into_iter()
            .map(|(name, process)| Usage {
                process: name.to_owned(),
                resident: process.resident_bytes(),
                peak: process.peak_bytes(),
                disk: self.stage.projection_bytes_on_disk(name),
            })
            .collect();
        usages.push(Usage {
            process: "nats-server".to_owned(),
            resident: processes::resident_of("nats-server"),
            peak: processes::peak_of("nats-server"),
            disk: self.stage.bus_bytes_on_disk(),
        });
        usages
    }

    /// Rebuilds each projection beside its service, and restarts each service.
    async fn begin_again(
        &mut self,
    ) -> Result<(Vec<aftermath::Rebuild>, Vec<aftermath::Restart>), Failure> {
        let spinner = progress::spinner("rebuilding and restarting");
        let services = [
            ("registration", &mut self.registration),
            ("permits", &mut self.permits),
            ("parking", &mut self.parking),
            ("enforcement", &mut self.enforcement),
        ];
        let (mut rebuilds, mut restarts) = (Vec::new(), Vec::new());
        for (service, slot) in services {
            let Some(running) = slot.take() else {
                continue;
            };
            let rebuild = aftermath::rebuild(&self.bus, service).await?;
            progress::reached(rebuild.line());
            rebuilds.push(rebuild);
            let (process, restart) = aftermath::restart(self.stage, service, running).await?;
            *slot = Some(process);
            restarts.push(restart);
        }
        spinner.finish_and_clear();
        Ok((rebuilds, restarts))
    }
}
