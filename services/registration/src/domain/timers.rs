//! What time alone does, by the kind of aggregate that it does it to.

use chassis::domain::{Halt, Transaction};

/// # Errors
/// [`Halt`] if something cannot be read.
pub fn pass_time(_: &mut Transaction, _: &str, _: &str) -> Result<(), Halt> {
    Ok(())
}
