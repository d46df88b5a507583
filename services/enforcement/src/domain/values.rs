//! Small values of enforcement that exist only if they are valid.

use chassis::domain::District;
use chassis::domain::values::Text;
use serde::{Deserialize, Serialize};

chassis::uuid_id! {
    /// The id of a case, a hazard, a detention: the last segment of its resource name.
    CaseId
}

/// The district of what belongs to no district of the city: Heze.
const CITY: u32 = 371_700;

/// The city itself.
///
/// # Panics
/// Never: the code has six digits.
pub fn city() -> District {
    District::new(CITY).expect("a six-digit code")
}

/// The city that a county or district belongs to (GB/T 2260: its first four digits).
pub fn city_of(district: District) -> District {
    let code = district.code() / 100 * 100;
    District::new(code).unwrap_or(district)
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
