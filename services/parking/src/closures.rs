//! Carries what is known of a road occupation to the bays it touches, in as many commands as that takes.

use crate::domain::ids::{BayId, OccupationId};
use crate::domain::works::{self, Occupation};
use crate::read_model::{self, Places};
use chassis::commands::Call;
use chassis::domain::values::digest_id;
use chassis::server::Failure;
use chassis::service::Core;

/// Aligns every bay that an occupation touches or has touched. The projection must hold the occupation's newest notice.
///
/// Each command is a part of `cause`: the same cause repeated changes nothing.
///
/// # Errors
/// Whatever stops a command; what has been aligned stays so, and a repetition does the rest.
pub async fn align(
    core: &Core,
    places: &Places,
    id: &OccupationId,
    cause: &Call,
) -> Result<(), Failure> {
    let (places, occupation) = (places.clone(), id.clone());
    let bays = core
        .projection
        .read(move |view| {
            let mut bays = read_model::bays_of_occupation(view, &occupation)?;
            if let Some((_, known)) = view.aggregate::<Occupation>(occupation.as_str())?
                && let Some(works) = known.works_in_force()
            {
                bays.extend(places.touched_by(works, view)?);
            }
            bays.sort();
            bays.dedup();
            Ok(bays)
        })
        .await?;
    align_these(core, id, &bays, cause).await
}

async fn align_these(
    core: &Core,
    id: &OccupationId,
    bays: &[BayId],
    cause: &Call,
) -> Result<(), Failure> {
    // One after the other: each is recorded on the occupation too, so they would wait for each other in any case.
    for chunk in bays.chunks(works::MAX_BAYS) {
        let names: Vec<&str> = chunk.iter().map(BayId::as_str).collect();
        let call = cause.clone().part(&digest_id("bays", &names));
        let (id, chunk) = (id.clone(), chunk.to_vec());
        core.commands
            .perform(call, move |tx| works::align(tx, &id, &chunk))
            .await?;
    }
    Ok(())
}

/// Aligns a bay with each occupation with which it is not aligned. The projection must hold the bay as it was marked last.
///
/// Each command is a part of `cause`: the same cause repeated changes nothing.
///
/// # Errors
/// As [`align`].
pub async fn align_bay(core: &Core, bay: &BayId, cause: &Call) -> Result<(), Failure> {
    let id = bay.clone();
    let occupations = core
        .projection
        .read(move |view| read_model::occupations_not_aligned(view, &id))
        .await?;
    for occupation in occupations {
        let cause = cause.clone().part(occupation.as_str());
        align_these(core, &occupation, std::slice::from_ref(bay), &cause).await?;
    }
    Ok(())
}
