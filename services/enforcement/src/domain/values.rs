//! Small values of enforcement that exist only if they are valid.

use chassis::domain::District;
use chassis::domain::values::Text;
use serde::{Deserialize, Serialize};

chassis::uuid_id! {
    /// The id of a case, a hazard, a detention: the last segment of its resource name.
    CaseId
}

/// Where on the road network something happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub district: District,
    /// Name of the road, with the junction or the kilometre.
    pub road: Text<100>,
    /// WGS 84, in units of 1e-7 degrees: longitude, latitude.
    pub point: Option<(i32, i32)>,
}
