//! An organisation as it presents itself.

use super::{CreditCode, Text};
use serde::{Deserialize, Serialize};

/// Somebody that acts by itself before an authority, and is no natural person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    pub name: Text<100>,
    pub credit_code: CreditCode,
}
