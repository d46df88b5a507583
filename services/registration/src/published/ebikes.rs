//! What of an e-bike is published: its plate, and whether it may be ridden; never whose it is.

use crate::contract::day;
use crate::domain::ebike::plate::Series;
use crate::domain::ebike::standards::Conformity;
use crate::domain::ebike::{EbikeEvent, Marked};
use chassis::published::{Origin, PublishedEvent};
use prost::Name;
use serde::Serialize;
use traffic_proto::registration::v1 as proto;

/// At most one published event for each of an e-bike's, and a command records one: a million that are filed in bulk stay as far from
/// [`MOST_PER_COMMIT`](chassis::published::MOST_PER_COMMIT) as a single one does.
pub fn ebike(event: &EbikeEvent, origin: &Origin<'_>) -> Vec<PublishedEvent> {
    publish(event, origin.id).into_iter().collect()
}

fn publish(event: &EbikeEvent, frame: &str) -> Option<PublishedEvent> {
    Some(match event {
        EbikeEvent::EbikeRegistered {
            plate,
            conformity,
            district,
            ..
        } => {
            let valid_until = match conformity {
                Conformity::Conforming => None,
                Conformity::Transitional { valid_until } => day(*valid_until),
            };
            let of = Marked {
                plate: *plate,
                district: *district,
            };
            let r#ref = Some(reference(frame, of));
            about(frame, of, &proto::EbikeRegistered { r#ref, valid_until })
        }
        EbikeEvent::EbikeTransferred { of, .. } => {
            let of = (*of)?;
            let r#ref = Some(reference(frame, of));
            about(frame, of, &proto::EbikeTransferred { r#ref })
        }
        EbikeEvent::PlateReissued { of } => {
            let r#ref = Some(reference(frame, *of));
            about(frame, *of, &proto::EbikePlateReissued { r#ref })
        }
        EbikeEvent::TransitionalPlateRenewed {
            valid_until, of, ..
        } => {
            let of = (*of)?;
            let renewed = proto::EbikePlateRenewed {
                r#ref: Some(reference(frame, of)),
                valid_until: day(*valid_until),
            };
            about(frame, of, &renewed)
        }
        EbikeEvent::PlateExpired { of } => {
            let r#ref = Some(reference(frame, *of));
            about(frame, *of, &proto::EbikePlateExpired { r#ref })
        }
        EbikeEvent::EbikeCancelled { of, .. } => {
            let of = (*of)?;
            let r#ref = Some(reference(frame, of));
            about(frame, of, &proto::EbikeCancelled { r#ref })
        }
        EbikeEvent::OwnerParticularsChanged { .. }
        | EbikeEvent::EbikePlateReissued
        | EbikeEvent::TransitionalPlateExpired => return None,
    })
}

fn name(frame: &str) -> String {
    format!("ebikes/{frame}")
}

fn reference(frame: &str, of: Marked) -> proto::EbikeRef {
    let plate_kind = match of.plate.series() {
        Series::Regular => proto::EbikePlateKind::Regular,
        Series::Transitional => proto::EbikePlateKind::Transitional,
    };
    proto::EbikeRef {
        ebike: name(frame),
        plate: of.plate.to_string(),
        plate_kind: plate_kind.into(),
        district: of.district.to_string(),
    }
}

fn about<M: Name + Serialize>(frame: &str, of: Marked, message: &M) -> PublishedEvent {
    PublishedEvent::of(name(frame), of.district, message)
}
