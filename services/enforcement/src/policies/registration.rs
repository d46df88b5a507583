//! Reactions to published events of registration: which vehicle is behind a plate, and whether there is one.

use crate::domain::conduct::{Use, Vehicle};
use crate::domain::registered::{Registration, hear};
use async_trait::async_trait;
use chassis::commands::Call;
use chassis::domain::values::PlateNumber;
use chassis::policies::{Policy, Reaction};
use chassis::published::ReceivedEvent;
use chassis::service::Core;
use traffic_proto::plates::{PLATE_EVENTS, PlateNews, plate_news};
use traffic_proto::registration::v1::{UseNature, VehicleClass, VehicleRef};

/// Keeps what registration tells of plates.
#[derive(Debug)]
pub struct Plates {
    core: Core,
}

impl Plates {
    pub fn new(core: Core) -> Self {
        Self { core }
    }
}

#[async_trait]
impl Policy for Plates {
    fn name(&self) -> &'static str {
        "enforcement-plates"
    }

    fn subjects(&self) -> Vec<String> {
        PLATE_EVENTS
            .map(|event| format!("events.registration.{event}.>"))
            .to_vec()
    }

    async fn react(&self, event: &ReceivedEvent) -> Result<(), Reaction> {
        let revision = event.revision()?;
        let told = plate_news(&event.type_name, &event.data)
            .map_err(|why| Reaction::NotUnderstood(why.to_string()))?;
        let mut heard = Vec::with_capacity(told.len());
        for news in &told {
            let (plate, registration) = match news {
                PlateNews::Taken { plate, vehicle } => {
                    (plate, Registration::Registered(facts(vehicle)))
                }
                PlateNews::GivenUp { plate } => (plate, Registration::Gone),
                PlateNews::Cancelled { plate } => (plate, Registration::Cancelled),
                // The other vehicle's own event tells who carries it now.
                PlateNews::Swapped { .. } => continue,
            };
            let plate = PlateNumber::parse(plate)
                .map_err(|invalid| Reaction::NotUnderstood(invalid.to_string()))?;
            heard.push((plate, registration));
        }
        let call = Call::reaction("plates", event);
        self.core
            .commands
            .perform(call, move |tx| {
                for (plate, registration) in &heard {
                    hear(tx, plate, revision, *registration)?;
                }
                Ok(())
            })
            .await?;
        Ok(())
    }
}

/// The vehicle as the law of violations sees it.
fn facts(vehicle: &VehicleRef) -> Vehicle {
    let class = vehicle.vehicle_class();
    let nature = vehicle.use_nature();
    let used_as = match (nature, class) {
        (UseNature::SchoolBus, _) => Use::SchoolBus,
        (UseNature::HighwayCoach, _) => Use::HighwayCoach,
        (UseNature::TourCoach, _) => Use::TourCoach,
        (_, VehicleClass::Motorcycle) => Use::Motorcycle,
        (
            _,
            VehicleClass::LargePassenger
            | VehicleClass::MediumPassenger
            | VehicleClass::SmallPassenger
            | VehicleClass::MiniPassenger,
        ) => Use::OtherPassenger,
        (
            _,
            VehicleClass::HeavyTruck
            | VehicleClass::MediumTruck
            | VehicleClass::LightTruck
            | VehicleClass::MiniTruck
            | VehicleClass::Tractor
            | VehicleClass::Trailer,
        ) => Use::Truck,
        (_, VehicleClass::SpecialWork | VehicleClass::Unspecified) => Use::OtherMotor,
    };
    Vehicle {
        used_as,
        medium_or_larger: matches!(
            class,
            VehicleClass::LargePassenger
                | VehicleClass::MediumPassenger
                | VehicleClass::HeavyTruck
                | VehicleClass::MediumTruck
                | VehicleClass::Tractor
                | VehicleClass::Trailer
        ),
        dangerous_goods: nature == UseNature::HazardousGoods,
        for_hire: matches!(
            nature,
            UseNature::Freight
                | UseNature::HazardousGoods
                | UseNature::HighwayCoach
                | UseNature::TourCoach
                | UseNature::PublicBus
                | UseNature::Taxi
                | UseNature::Rental
        ),
        seats: u16::try_from(vehicle.seats).unwrap_or(u16::MAX),
    }
}
