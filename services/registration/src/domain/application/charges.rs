//! What a decision charges for: the plates and documents that it gives out, and nothing else (Road Traffic Safety Law art. 81).
//!
//! The decision itself never waits for money: its time limit is the office's. What waits is the handing over.

use super::effects::Outcome;
use super::request::{Destination, OwnerFiling, Request};
use super::{Application, ApplicationId};
use crate::domain::fees::{FeeItem, FeeTable};
use crate::domain::order::{self, Ending, Order, OrderGround, OrderId};
use crate::domain::vehicle::class::PlateCategory;
use crate::domain::vehicle::event::Document;
use chassis::domain::values::Text;
use chassis::domain::{Halt, Transaction};

/// Plates if any are made, and the documents that each business gives out by its article. A correction (art. 53) is the office's own
/// mistake and charges nothing.
pub fn of(request: &Request, category: PlateCategory, plates_to_make: bool) -> Vec<(FeeItem, u16)> {
    use FeeItem::{RegistrationCertificate, TemporaryPlate, VehicleLicence};
    if matches!(request, Request::Correction { .. }) {
        return Vec::new();
    }
    // Art. 20(3): plates and licences of both vehicles.
    let vehicles = match request {
        Request::PlateSwap { .. } => 2,
        _ => 1,
    };
    let documents: &[FeeItem] = match request {
        // Art. 12(3).
        Request::InitialRegistration(_) => &[VehicleLicence, RegistrationCertificate],
        // Arts. 17(2), 18(2), 19(2), 20(3).
        Request::ParticularsChange { .. }
        | Request::MoveIn(_)
        | Request::JointOwner { .. }
        | Request::PlateSwap { .. } => &[VehicleLicence],
        // Art. 24.
        Request::OwnerFiling { filing, .. } => match **filing {
            OwnerFiling::NameOrResidence(_)
            | OwnerFiling::DisabledAid
            | OwnerFiling::TailLift
            | OwnerFiling::Exterior => &[VehicleLicence],
            OwnerFiling::Identity(_) | OwnerFiling::Contact(_) | OwnerFiling::VinRestamped => &[],
        },
        // Arts. 26(2), 27(1), 28.
        Request::Transfer(transfer) => match transfer.destination {
            Destination::Here => &[VehicleLicence],
            Destination::OtherCity(_) | Destination::Export => &[TemporaryPlate],
        },
        // Art. 52.
        Request::DocumentReissue { document } => match document {
            Document::Certificate => &[RegistrationCertificate],
            Document::Licence => &[VehicleLicence],
        },
        // Arts. 47, 48.
        Request::TemporaryPlate(_) => &[TemporaryPlate],
        Request::MoveOut { .. }
        | Request::Encumber { .. }
        | Request::Release { .. }
        | Request::Cancellation { .. }
        | Request::Correction { .. }
        | Request::PlateReissue
        | Request::InspectionMark { .. }
        | Request::SchoolBusSign(_)
        | Request::SchoolBusSignReissue => &[],
    };
    let plates = plates_to_make.then(|| plates(category));
    let items = plates.into_iter().chain(documents.iter().copied());
    items.map(|item| (item, vehicles)).collect()
}

fn plates(category: PlateCategory) -> FeeItem {
    match category {
        PlateCategory::Trailer => FeeItem::TrailerPlate,
        PlateCategory::Motorcycle => FeeItem::MotorcyclePlates,
        PlateCategory::Small
        | PlateCategory::Large
        | PlateCategory::SmallNewEnergy
        | PlateCategory::LargeNewEnergy
        | PlateCategory::Training => FeeItem::CarPlates,
    }
}

/// Opens the order of a decision at today's fees; `None`: nothing is charged for it.
///
/// # Errors
/// [`Halt`] if something cannot be read.
pub(super) fn open(
    tx: &mut Transaction,
    id: &ApplicationId,
    application: &Application,
    category: PlateCategory,
    outcome: &Outcome,
) -> Result<Option<OrderId>, Halt> {
    let today = tx.context.calendar.date(tx.now());
    // What has no fee today is free.
    let mut items = of(&application.request, category, outcome.plates_to_make);
    items.retain(|(item, _)| FeeTable::shipped().fee(*item, today).is_some());
    if items.is_empty() {
        return Ok(None);
    }
    let order = OrderId::new(tx.context.new_id("order"));
    let subject = Text::parse(&format!("{}{id}", order::OF_DECISIONS))
        .map_err(|invalid| Halt::Unavailable(invalid.to_string()))?;
    order::open(tx, &order, subject, application.district, &items)?;
    Ok(Some(order))
}

/// What the decision gave out is handed over: its order is used up.
///
/// # Errors
/// [`OrderGround::NotPaid`].
pub(super) fn hand_over(tx: &mut Transaction, application: &Application) -> Result<(), Halt> {
    let approval = application.approval.as_ref();
    // Decisions from before they opened orders were paid for at the counter.
    let Some(id) = approval.and_then(|approval| approval.order.as_ref()) else {
        return Ok(());
    };
    let order = tx.load::<Order>(id.as_str())?.ok_or(OrderGround::Unknown)?;
    if order.ending == Some(Ending::Used) {
        return Ok(());
    }
    order::mark_used(tx, id)
}
