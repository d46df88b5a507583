//! Reactions to published events of other services: drivers who may not drive, vehicles that lose their plates.

use crate::domain::news::{
    driver_restored, driver_suspended, plate_given_up, plate_swapped, plate_taken,
    vehicle_cancelled,
};
use crate::domain::registers::VehicleMake;
use async_trait::async_trait;
use chassis::commands::Call;
use chassis::domain::values::{PlateNumber, Text};
use chassis::domain::{Halt, PersonRef, Transaction};
use chassis::policies::{Policy, Reaction};
use chassis::published::ReceivedEvent;
use chassis::service::Core;
use jiff::Timestamp;
use traffic_proto::enforcement::v1 as enforcement;
use traffic_proto::plates::{PLATE_EVENTS, PlateNews, plate_news};
use traffic_proto::registration::v1::VehicleClass;

/// Suspends the toxic transports of drivers whom enforcement has barred, and gives them back when it has restored them.
#[derive(Debug)]
pub struct Drivers {
    core: Core,
}

impl Drivers {
    pub fn new(core: Core) -> Self {
        Self { core }
    }
}

#[async_trait]
impl Policy for Drivers {
    fn name(&self) -> &'static str {
        "permits-drivers"
    }

    fn subjects(&self) -> Vec<String> {
        ["driver_barred", "driver_restored"]
            .map(|event| format!("events.enforcement.{event}.>"))
            .to_vec()
    }

    async fn react(&self, event: &ReceivedEvent) -> Result<(), Reaction> {
        let revision = event.revision()?;
        let call = Call::reaction("drivers", event);
        if event.is::<enforcement::DriverBarred>() {
            let barred = event.decode::<enforcement::DriverBarred>()?;
            let person = person(&barred.person_ref)?;
            let reason = text(why_barred(barred.cause()))?;
            self.core
                .commands
                .perform(call, move |tx| {
                    driver_suspended(tx, &person, revision, &reason)
                })
                .await?;
        } else if event.is::<enforcement::DriverRestored>() {
            let restored = event.decode::<enforcement::DriverRestored>()?;
            let person = person(&restored.person_ref)?;
            let reason = text("the driver may drive again (驾驶人恢复驾驶资格)")?;
            self.core
                .commands
                .perform(call, move |tx| {
                    driver_restored(tx, &person, revision, &reason)
                })
                .await?;
        }
        Ok(())
    }
}

/// Follows the vehicles that permits name: what loses its plate or its registration may not carry what was permitted.
#[derive(Debug)]
pub struct Vehicles {
    core: Core,
}

impl Vehicles {
    pub fn new(core: Core) -> Self {
        Self { core }
    }
}

#[async_trait]
impl Policy for Vehicles {
    fn name(&self) -> &'static str {
        "permits-vehicles"
    }

    fn subjects(&self) -> Vec<String> {
        PLATE_EVENTS
            .map(|event| format!("events.registration.{event}.>"))
            .to_vec()
    }

    async fn react(&self, event: &ReceivedEvent) -> Result<(), Reaction> {
        let (revision, at) = (event.revision()?, event.time);
        let told = plate_news(&event.type_name, &event.data)
            .map_err(|why| not_understood(&why.to_string()))?;
        for news in told {
            let news = News::of(&news, revision, at)?;
            let call = Call::reaction("vehicles", event);
            let call = call.part(&news.plate.key());
            self.core
                .commands
                .perform(call, move |tx| news.take_note(tx))
                .await?;
        }
        Ok(())
    }
}

/// What registration tells of one plate, ready to be noted.
#[derive(Debug)]
struct News {
    plate: PlateNumber,
    what: What,
    revision: u64,
    at: Timestamp,
}

#[derive(Debug)]
enum What {
    Taken(VehicleMake),
    GivenUp(Text<500>),
    Swapped(Text<500>),
    Cancelled(Text<500>),
}

impl News {
    fn of(news: &PlateNews, revision: u64, at: Timestamp) -> Result<Self, Reaction> {
        let (plate, what) = match news {
            PlateNews::Taken { plate, vehicle } => {
                (plate, What::Taken(make(vehicle.vehicle_class())))
            }
            PlateNews::GivenUp { plate } => (plate, What::GivenUp(other_number()?)),
            PlateNews::Swapped { plate } => (plate, What::Swapped(other_number()?)),
            PlateNews::Cancelled { plate } => {
                let reason = text("the vehicle is registered no more (车辆已注销登记)")?;
                (plate, What::Cancelled(reason))
            }
        };
        let plate =
            PlateNumber::parse(plate).map_err(|invalid| not_understood(&invalid.to_string()))?;
        Ok(Self {
            plate,
            what,
            revision,
            at,
        })
    }

    fn take_note(&self, tx: &mut Transaction) -> Result<(), Halt> {
        let Self {
            plate,
            what,
            revision,
            at,
        } = self;
        match what {
            What::Taken(make) => plate_taken(tx, plate, *revision, *make),
            What::GivenUp(reason) => plate_given_up(tx, plate, *revision, *at, reason),
            What::Swapped(reason) => plate_swapped(tx, plate, *revision, *at, reason),
            What::Cancelled(reason) => vehicle_cancelled(tx, plate, *revision, *at, reason),
        }
    }
}

fn other_number() -> Result<Text<500>, Reaction> {
    text("a vehicle does not carry its plate any more (车辆号牌已变更)")
}

fn make(class: VehicleClass) -> VehicleMake {
    match class {
        VehicleClass::LargePassenger
        | VehicleClass::MediumPassenger
        | VehicleClass::SmallPassenger
        | VehicleClass::MiniPassenger
        | VehicleClass::Motorcycle => VehicleMake::People,
        VehicleClass::Unspecified
        | VehicleClass::HeavyTruck
        | VehicleClass::MediumTruck
        | VehicleClass::LightTruck
        | VehicleClass::MiniTruck
        | VehicleClass::Tractor
        | VehicleClass::Trailer
        | VehicleClass::SpecialWork => VehicleMake::Goods,
    }
}

fn why_barred(cause: enforcement::BarCause) -> &'static str {
    match cause {
        enforcement::BarCause::Points => {
            "a driver's licence is detained: twelve points (驾驶人记满12分，驾驶证被扣留)"
        }
        enforcement::BarCause::Suspension => "a driver's licence is withheld (驾驶人驾驶证被暂扣)",
        enforcement::BarCause::Revocation => "a driver's licence is revoked (驾驶人驾驶证被吊销)",
        enforcement::BarCause::Unspecified => "a driver may not drive (驾驶人目前不得驾驶机动车)",
    }
}

fn person(reference: &str) -> Result<PersonRef, Reaction> {
    PersonRef::parse(reference).ok_or_else(|| not_understood("its person is no reference"))
}

fn text(words: &str) -> Result<Text<500>, Reaction> {
    Text::parse(words).map_err(|invalid| not_understood(&invalid.to_string()))
}

fn not_understood(why: &str) -> Reaction {
    Reaction::NotUnderstood(why.to_owned())
}
