//! A vehicle licence (行驶证) that was lost or damaged, made again at a kiosk for its owner: what an application for it would have to
//! hold, asked when it is filed and again when it is carried out (Order 164 art. 52).

use crate::domain::application::conditions::{self, Case};
use crate::domain::application::request::Request;
use crate::domain::ground::Ground;
use crate::domain::party::Party;
use crate::domain::vehicle::event::{Document, VehicleFact};
use crate::domain::vehicle::{self, Vehicle};
use chassis::domain::values::Vin;
use chassis::domain::{Halt, Transaction};

/// # Errors
/// As filing and deciding an application for it at an office.
pub(super) fn check(tx: &mut Transaction, vin: &Vin, owner: &Party) -> Result<(), Halt> {
    let vehicle = tx
        .load::<Vehicle>(vin.as_str())?
        .ok_or(Ground::UnknownVehicle)?;
    if vehicle.open_application.is_some() {
        return Err(Ground::ApplicationOpen.into());
    }
    let request = Request::DocumentReissue {
        document: Document::Licence,
    };
    let case = Case {
        vin,
        district: vehicle.district,
        request: &request,
        applicants: std::slice::from_ref(owner),
        by_agent: false,
        wish: None,
    };
    conditions::check(tx, &case)
}

/// # Errors
/// As [`check`].
pub(super) fn reissue(tx: &mut Transaction, vin: &Vin, owner: &Party) -> Result<(), Halt> {
    check(tx, vin, owner)?;
    let reissued = VehicleFact::DocumentReissued {
        document: Document::Licence,
    };
    vehicle::record(tx, vin, [reissued])
}
