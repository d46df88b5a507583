//! A host: one replica's process, its disk that outlives it, and what its clients call.

use super::clock::SkewedClock;
use super::wire::{Wire, WiredBus, WiredJournal, WiredKeys};
use chassis::bus::model::Model as BusModel;
use chassis::config::Config;
use chassis::journal::model::Model as JournalModel;
use chassis::projection::{MemoryDisk, Options, Phase};
use chassis::sealing::MemoryKeyStore;
use chassis::service::{Blueprint, Core, Foundation};
use permits::credential::Signer;
use std::sync::Arc;

/// A service of the suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Service {
    Permits,
    Parking,
    Enforcement,
    Registration,
}

impl Service {
    pub(super) const ALL: [Self; 4] = [
        Self::Permits,
        Self::Parking,
        Self::Enforcement,
        Self::Registration,
    ];

    pub(super) fn blueprint(self) -> Blueprint {
        match self {
            Self::Permits => permits::blueprint(),
            Self::Parking => parking::blueprint(),
            Self::Enforcement => enforcement::blueprint(),
            Self::Registration => registration::blueprint(),
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Permits => permits::SERVICE,
            Self::Parking => "parking",
            Self::Enforcement => enforcement::SERVICE,
            Self::Registration => registration::SERVICE,
        }
    }
}

/// What all hosts of a city share.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) journals: [JournalModel; 4],
    pub(super) bus: BusModel,
    pub(super) keys: Arc<MemoryKeyStore>,
    pub(super) config: Config,
}

impl Ground {
    pub(super) fn journal(&self, service: Service) -> &JournalModel {
        &self.journals[service as usize]
    }
}

/// A running process.
#[derive(Clone, Debug)]
pub(super) struct Process {
    pub(super) wire: Arc<Wire>,
    pub(super) core: Core,
    pub(super) face: Face,
}

/// What clients of a replica call.
#[derive(Clone, Debug)]
pub(super) enum Face {
    Permits(permits::api::Api),
    Parking(parking::api::Api),
    Enforcement(enforcement::api::Api),
    Registration(Box<registration::Apis>),
}

#[derive(Debug)]
pub(super) struct Host {
    pub(super) service: Service,
    pub(super) disk: MemoryDisk,
    pub(super) clock: SkewedClock,
    pub(super) process: Option<Process>,
}

impl Host {
    /// Starts the process on what is on the disk.
    pub(super) fn start(&mut self, ground: &Ground, wire: Wire) {
        let wire = Arc::new(wire);
        let foundation = Foundation {
            journal: Arc::new(WiredJournal {
                wire: Arc::clone(&wire),
                model: ground.journal(self.service).clone(),
            }),
            bus: Arc::new(WiredBus {
                wire: Arc::clone(&wire),
                model: ground.bus.clone(),
            }),
            person_keys: Arc::new(WiredKeys {
                wire: Arc::clone(&wire),
                store: Arc::clone(&ground.keys),
            }),
            projection: Options::in_memory(&self.disk),
            clock: Arc::new(self.clock.clone()),
        };
        let core = Core::on(foundation, self.service.blueprint(), &ground.config)
            .expect("a configuration for tests is good");
        let face = match self.service {
            Service::Permits => {
                let signer = Signer::from_seed(&[7; 32]).expect("any seed is a key");
                Face::Permits(permits::assemble(&core, Arc::new(signer)))
            }
            Service::Parking => Face::Parking(parking::assemble(&core)),
            Service::Enforcement => Face::Enforcement(enforcement::assemble(&core)),
            Service::Registration => Face::Registration(Box::new(registration::assemble(&core))),
        };
        self.process = Some(Process { wire, core, face });
    }

    /// The process, if it is there and serves.
    pub(super) fn serving(&self) -> Option<&Process> {
        let process = self.process.as_ref()?;
        let live = process.core.projection.phase() == Phase::Live;
        (live && process.wire.is_alive()).then_some(process)
    }
}
