//! What the published events of registration mean for plates: who carries which, read once for all who want to know.

use crate::registration::v1::{
    PlateChangeCause, PlateChanged, VehicleCancelled, VehicleChanged, VehicleMovedIn,
    VehicleMovedOut, VehicleRef, VehicleRegistered, VehicleTransferred,
};
use prost::Name;
use serde::de::DeserializeOwned;

/// The events that change what stands behind a plate, as their subjects name them.
pub const PLATE_EVENTS: [&str; 7] = [
    "vehicle_registered",
    "vehicle_changed",
    "plate_changed",
    "vehicle_transferred",
    "vehicle_moved_out",
    "vehicle_moved_in",
    "vehicle_cancelled",
];

/// What an event says of one plate.
#[derive(Clone, Debug, PartialEq)]
pub enum PlateNews {
    /// This vehicle carries it now.
    Taken {
        plate: String,
        vehicle: Box<VehicleRef>,
    },
    /// Its vehicle carries it no more, and no other does yet.
    GivenUp { plate: String },
    /// Its vehicle carries another's, whose vehicle carries this one: told by that vehicle's own event.
    Swapped { plate: String },
    /// Its vehicle is registered no more.
    Cancelled { plate: String },
}

/// What an event of registration, as proto3 JSON, means for plates; nothing for other events.
///
/// # Errors
/// The data is not what the type says.
pub fn plate_news(type_name: &str, json: &[u8]) -> Result<Vec<PlateNews>, serde_json::Error> {
    let read = Read { type_name, json };
    Ok(if let Some(event) = read.as_a::<VehicleRegistered>()? {
        taken(event.r#ref)
    } else if let Some(event) = read.as_a::<VehicleChanged>()? {
        taken(event.r#ref)
    } else if let Some(event) = read.as_a::<VehicleMovedIn>()? {
        taken(event.r#ref)
    } else if let Some(event) = read.as_a::<PlateChanged>()? {
        let swapped = event.cause() == PlateChangeCause::Swap;
        changed(event.r#ref, event.previous_plate, swapped)
    } else if let Some(event) = read.as_a::<VehicleTransferred>()? {
        changed(event.r#ref, event.previous_plate, false)
    } else if let Some(event) = read.as_a::<VehicleMovedOut>()? {
        let plate = event.previous_plate;
        named(&plate, || PlateNews::GivenUp {
            plate: plate.clone(),
        })
    } else if let Some(event) = read.as_a::<VehicleCancelled>()? {
        let plate = event.previous_plate;
        named(&plate, || PlateNews::Cancelled {
            plate: plate.clone(),
        })
    } else {
        Vec::new()
    })
}

struct Read<'a> {
    type_name: &'a str,
    json: &'a [u8],
}

impl Read<'_> {
    fn as_a<M: Name + DeserializeOwned>(&self) -> Result<Option<M>, serde_json::Error> {
        if self.type_name == M::full_name() {
            return serde_json::from_slice(self.json).map(Some);
        }
        Ok(None)
    }
}

fn named(plate: &str, news: impl FnOnce() -> PlateNews) -> Vec<PlateNews> {
    if plate.is_empty() {
        Vec::new()
    } else {
        vec![news()]
    }
}

fn taken(vehicle: Option<VehicleRef>) -> Vec<PlateNews> {
    let Some(vehicle) = vehicle else {
        return Vec::new();
    };
    let plate = vehicle.plate.clone();
    named(&plate, || PlateNews::Taken {
        plate: plate.clone(),
        vehicle: Box::new(vehicle),
    })
}

fn changed(vehicle: Option<VehicleRef>, previous: String, swapped: bool) -> Vec<PlateNews> {
    let kept = vehicle.as_ref().is_some_and(|now| now.plate == previous);
    let mut news = if kept {
        Vec::new()
    } else {
        named(&previous, || {
            let plate = previous.clone();
            if swapped {
                PlateNews::Swapped { plate }
            } else {
                PlateNews::GivenUp { plate }
            }
        })
    };
    news.extend(taken(vehicle));
    news
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vehicle(plate: &str) -> VehicleRef {
        VehicleRef {
            vehicle: "vehicles/1M8GDM9AXKP042788".into(),
            plate: plate.into(),
            ..VehicleRef::default()
        }
    }

    #[track_caller]
    fn told<M: Name + serde::Serialize>(event: &M) -> Vec<PlateNews> {
        let json = serde_json::to_vec(event).expect("a message is JSON");
        plate_news(&M::full_name(), &json).expect("what was written")
    }

    fn taken(plate: &str) -> PlateNews {
        PlateNews::Taken {
            plate: plate.into(),
            vehicle: Box::new(vehicle(plate)),
        }
    }

    #[test]
    fn a_vehicle_takes_its_plate_when_registered_and_gives_it_up_when_transferred() {
        let registered = VehicleRegistered {
            r#ref: Some(vehicle("鲁R12345")),
        };
        assert_eq!(told(&registered), [taken("鲁R12345")]);
        let transferred = |now: &str| VehicleTransferred {
            r#ref: Some(vehicle(now)),
            previous_plate: "鲁R12345".into(),
        };
        let given_up = PlateNews::GivenUp {
            plate: "鲁R12345".into(),
        };
        assert_eq!(
            told(&transferred("鲁R54321")),
            [given_up.clone(), taken("鲁R54321")]
        );
        assert_eq!(told(&transferred("")), [given_up], "it leaves the city");
        assert_eq!(told(&transferred("鲁R12345")), [taken("鲁R12345")], "kept");
    }

    #[test]
    fn a_swap_leaves_both_plates_on_vehicles() {
        let swapped = PlateChanged {
            r#ref: Some(vehicle("鲁R54321")),
            previous_plate: "鲁R12345".into(),
            cause: PlateChangeCause::Swap.into(),
        };
        let away = PlateNews::Swapped {
            plate: "鲁R12345".into(),
        };
        assert_eq!(told(&swapped), [away, taken("鲁R54321")]);
    }

    #[test]
    fn what_is_no_event_of_plates_tells_nothing_and_what_is_damaged_is_an_error() {
        assert_eq!(
            plate_news("traffic.registration.v1.PlatesMade", b"{}").ok(),
            Some(Vec::new())
        );
        assert!(plate_news(&VehicleRegistered::full_name(), b"{").is_err());
    }
}
