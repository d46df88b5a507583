//! What happens in a run, drawn from its seed: users' stories and faults, each at its time.

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeSet;
use std::fmt::{self, Display};
use std::ops::Range;
use std::time::Duration;

/// Two of each service.
pub(super) const HOSTS: usize = 8;
pub(super) const ROADS: u8 = 3;
pub(super) const BAYS: u8 = 6;
pub(super) const CARS: u8 = 6;
/// Of these, the ones from this number on are trucks.
pub(super) const TRUCKS_FROM: u8 = 4;
pub(super) const EBIKES: u8 = 8;
/// Who come to kiosks; they own the e-bikes, and some the cars.
const PEOPLE: u8 = 3;
const HAULIERS: u8 = 2;

/// A run: the same plan always goes the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub seed: u64,
    /// How many in a hundred of all requests and answers on wires are lost or late until everything heals.
    pub losses_percent: u8,
    /// By time.
    pub steps: Vec<Step>,
}

/// One thing that happens. Its own number keeps what it draws the same when others are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub at: Duration,
    pub number: u64,
    pub act: Act,
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Someone files for a repair on this road, and lives with what comes of it.
    Occupy {
        road: u8,
    },
    /// An officer goes about: a hazard is found and rectified, and riders are persuaded.
    Patrol {
        road: u8,
    },
    /// Vehicles come to this bay and leave it, and their drivers pay.
    Park {
        bay: u8,
    },
    /// Somebody reports a car that stood where it must not; the case is decided and paid, or cancelled.
    Prosecute {
        car: u8,
    },
    /// A dealer files a new car, which is registered or withdrawn; some of its owners are in a hurry and file twice.
    Register {
        car: u8,
    },
    /// The owner of a car sells it, swaps its plate with another's, or sends it away.
    Trade {
        car: u8,
    },
    /// The owner of a car has it changed, marked or mortgaged.
    Alter {
        car: u8,
    },
    /// An authority has a car held, or the office cancels its registration.
    Notify {
        car: u8,
    },
    /// Somebody has an e-bike registered, and passes it on, has its plate made again, or gives it up.
    Ride {
        ebike: u8,
    },
    /// A station files a list of e-bikes.
    Import {
        rows: u8,
    },
    /// Somebody does a business at an unmanned kiosk.
    VisitKiosk {
        person: u8,
    },
    /// An officer disposes of detained cars that nobody has come for.
    ClearYard,
    /// A zone of parking is opened with a bay, and given up while another bay is brought there.
    Rearrange,
    /// An officer detains a car, which is given back or stands there.
    Detain {
        car: u8,
    },
    /// A haulier has a transport of chemicals permitted, and drives.
    Haul {
        truck: u8,
    },
    /// A haulier has an oversize transport permitted, and passes a weigh station.
    HaulOversize {
        truck: u8,
    },
    /// An officer stops somebody: let go with a warning, fined there and then, or summoned and heard.
    Stop {
        car: u8,
    },
    /// A platform of cameras, and whoever handles much, send lists of cases.
    Bulk {
        rows: u8,
    },
    /// A driver with points studies, is tested, or earns some back.
    Learn,
    /// Officers see to cases whose time has come: hearings, defaults, debts.
    FollowUp,
    /// Somebody has an appointment at a station, or none, and pays at a counter.
    Appoint {
        person: u8,
    },
    /// Parking grows: a zone with bays of its own, under tariffs that change.
    Enlarge,
    /// A client watches what becomes of permits or applications, and misses nothing.
    Subscribe,
    /// A host's process ends after so many more awaits on its wire; of its unflushed batches the newest are lost.
    Crash {
        host: usize,
        after: u32,
        down: Duration,
        lost: usize,
        disk: Disk,
    },
    /// A host is cut off from the bus.
    Partition {
        host: usize,
        length: Duration,
    },
    /// A host's answers are late.
    Slow {
        host: usize,
        length: Duration,
    },
    /// A host gets nothing from journal and bus, but may write.
    Hold {
        host: usize,
        length: Duration,
    },
    /// The bus is away for everyone.
    Outage {
        length: Duration,
    },
    FullDisk {
        host: usize,
        length: Duration,
    },
    /// A host's clock is set wrong.
    SetClock {
        host: usize,
        skew_ms: i64,
    },
    /// A backup of all streams is taken; so much later an operator restores it: what was done in between is lost.
    Restore {
        later: Duration,
    },
    /// An operator has a projection rebuilt.
    Rebuild {
        host: usize,
    },
    /// Time passes in which nobody does anything.
    Skip {
        hours: u16,
    },
}

/// What becomes of a disk while its host is down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disk {
    Keeps,
    IsReplaced,
    LosesRows,
}

impl Act {
    pub(super) fn is_fault(&self) -> bool {
        !matches!(
            self,
            Self::Occupy { .. }
                | Self::Patrol { .. }
                | Self::Park { .. }
                | Self::Prosecute { .. }
                | Self::Register { .. }
                | Self::Trade { .. }
                | Self::Alter { .. }
                | Self::Notify { .. }
                | Self::Ride { .. }
                | Self::Import { .. }
                | Self::VisitKiosk { .. }
                | Self::ClearYard
                | Self::Rearrange
                | Self::Detain { .. }
                | Self::Haul { .. }
                | Self::HaulOversize { .. }
                | Self::Stop { .. }
                | Self::Bulk { .. }
                | Self::Learn
                | Self::FollowUp
                | Self::Appoint { .. }
                | Self::Enlarge
                | Self::Subscribe
                | Self::Skip { .. }
        )
    }
}

impl Plan {
    /// The plan of a seed.
    pub fn of(seed: u64) -> Self {
        let mut random = SmallRng::seed_from_u64(seed);
        let random = &mut random;
        let length = random.random_range(60_000..900_000);
        let stories = random.random_range(6..44);
        let faults = random.random_range(0..24);
        let mut steps = Vec::new();
        for _ in 0..stories {
            let act = story(random);
            steps.push((random.random_range(0..length), act));
        }
        for _ in 0..faults {
            steps.push((random.random_range(0..length), fault(random)));
        }
        // Rare: whoever restores a backup has lost something.
        if random.random_range(0..8) == 0 {
            let later = Duration::from_millis(random.random_range(1_000..200_000));
            steps.push((random.random_range(0..length), Act::Restore { later }));
        }
        for _ in 0..random.random_range(0..4) {
            let hours = [1, 9, 30, 24 * 8, 24 * 35][random.random_range(0..5)];
            steps.push((random.random_range(0..length), Act::Skip { hours }));
        }
        if random.random_range(0..6) == 0 {
            steps.extend(half_a_year(random, length));
        }
        steps.sort_by_key(|(at, _)| *at);
        let steps = (0..)
            .zip(steps)
            .map(|(number, (at, act))| Step {
                at: Duration::from_millis(at),
                number,
                act,
            })
            .collect();
        let losses_percent = 2 * u8::try_from(seed % 4).unwrap_or(0);
        Self {
            seed,
            losses_percent,
            steps,
        }
    }

    /// Of its steps only those with these numbers.
    #[must_use]
    pub fn only(mut self, numbers: &BTreeSet<u64>) -> Self {
        self.steps.retain(|step| numbers.contains(&step.number));
        self
    }

    /// The plan without the steps in these places, which are not their numbers.
    #[must_use]
    pub fn without(&self, places: Range<usize>) -> Self {
        let kept = self.steps.iter().enumerate();
        let kept = kept.filter(|(place, _)| !places.contains(place));
        Self {
            steps: kept.map(|(_, step)| step.clone()).collect(),
            ..*self
        }
    }
}

fn story(random: &mut SmallRng) -> Act {
    let mut one_of = |count| random.random_range(0..count);
    match one_of(35) {
        0..=2 => Act::Occupy {
            road: one_of(ROADS),
        },
        3..=5 => Act::Park { bay: one_of(BAYS) },
        6..=8 => Act::Prosecute { car: one_of(CARS) },
        9..=12 => Act::Register { car: one_of(CARS) },
        13 | 14 => Act::Trade { car: one_of(CARS) },
        15 | 16 => Act::Alter { car: one_of(CARS) },
        17 => Act::Notify { car: one_of(CARS) },
        18 => Act::Ride {
            ebike: one_of(EBIKES),
        },
        19 => Act::Import {
            rows: 1 + one_of(10),
        },
        20 => Act::VisitKiosk {
            person: one_of(PEOPLE),
        },
        21 => Act::Detain { car: one_of(CARS) },
        22 => Act::Haul {
            truck: one_of(HAULIERS),
        },
        23 => Act::Patrol {
            road: one_of(ROADS),
        },
        24 => Act::Rearrange,
        25 => Act::HaulOversize {
            truck: one_of(HAULIERS),
        },
        26 | 27 => Act::Stop { car: one_of(CARS) },
        28 => Act::Bulk {
            rows: 2 + one_of(4),
        },
        29 => Act::Learn,
        30 => Act::FollowUp,
        31 | 32 => Act::Appoint {
            person: one_of(PEOPLE),
        },
        33 => Act::Enlarge,
        _ => Act::Subscribe,
    }
}

/// Months pass, in which debts are called in, a few drivers take many cases and study for it, hearings are held, and nobody comes
/// for some cars and some cases.
fn half_a_year(random: &mut SmallRng, length: u64) -> Vec<(u64, Act)> {
    let mut steps = Vec::new();
    for _ in 0..3 {
        let early = random.random_range(0..length / 3);
        let car = random.random_range(0..CARS);
        steps.push((early, Act::Detain { car }));
    }
    for _ in 0..2 {
        let early = random.random_range(0..length / 3);
        let car = random.random_range(0..CARS);
        steps.push((early, Act::Stop { car }));
        let earliest = random.random_range(0..length / 6);
        steps.push((earliest, Act::Bulk { rows: 5 }));
        steps.push((random.random_range(0..length), Act::Learn));
        steps.push((random.random_range(0..length), Act::Learn));
    }
    for part in 0..8 {
        // Spread, so that one finds done what another has begun.
        let at = length / 8 * part + random.random_range(0..length / 8);
        steps.push((at, Act::FollowUp));
    }
    for _ in 0..4 {
        let bay = random.random_range(0..BAYS);
        steps.push((random.random_range(0..length), Act::Park { bay }));
        let car = random.random_range(0..CARS);
        steps.push((random.random_range(0..length), Act::Prosecute { car }));
        steps.push((random.random_range(0..length), Act::ClearYard));
    }
    for _ in 0..9 {
        let hours = 24 * 20;
        steps.push((random.random_range(0..length), Act::Skip { hours }));
    }
    steps
}

fn fault(random: &mut SmallRng) -> Act {
    let host = random.random_range(0..HOSTS);
    let mut length = |longest| Duration::from_millis(random.random_range(100..longest));
    let (short, long) = (length(3_000), length(40_000));
    match random.random_range(0..16) {
        0..=5 => Act::Crash {
            host,
            after: random.random_range(0..60),
            down: long,
            lost: random.random_range(0..20),
            disk: match random.random_range(0..10) {
                0 => Disk::IsReplaced,
                1 => Disk::LosesRows,
                _ => Disk::Keeps,
            },
        },
        6 | 7 => Act::Partition {
            host,
            length: short,
        },
        8 => Act::Partition { host, length: long },
        9 | 10 => Act::Slow { host, length: long },
        11 => Act::Hold { host, length: long },
        12 => Act::Outage { length: short },
        13 => Act::FullDisk {
            host,
            length: short,
        },
        14 => Act::SetClock {
            host,
            skew_ms: random.random_range(-100_000..100_000),
        },
        _ => Act::Rebuild { host },
    }
}

impl Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers = self.steps.iter().map(|step| step.number.to_string());
        let numbers: Vec<String> = numbers.collect();
        writeln!(
            f,
            "simulate --seed {} --losses {} --steps '{}'",
            self.seed,
            self.losses_percent,
            numbers.join(",")
        )?;
        for Step { at, number, act } in &self.steps {
            writeln!(f, "  {:>9.3} s  #{number:<3} {act:?}", at.as_secs_f64())?;
        }
        Ok(())
    }
}
