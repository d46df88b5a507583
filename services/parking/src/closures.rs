//! Carries what is known of a road occupation to the bays it touches, in as many commands as that takes.

use crate::domain::ids::{BayId, OccupationId};
use crate::domain::works::{self, Occupation};
use crate::read_model::{self, Places};
use chassis::commands::Call;
use chassis::domain::Channel;
use chassis::domain::values::digest_id;
use chassis::server::Failure;
use chassis::service::Core;
use futures::{StreamExt, TryStreamExt};

/// Commands on different bays under way at once.
const AT_ONCE: usize = 8;

/// What asks for an alignment, if it is no published event.
pub fn cause(what: &str) -> Call {
    Call::because("road-works", Channel::Policy, what)
}

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
    align_these(core, id, bays, cause).await
}

/// As [`align`], for bays that the caller knows.
///
/// # Errors
/// As [`align`].
pub async fn align_these(
    core: &Core,
    id: &OccupationId,
    bays: Vec<BayId>,
    cause: &Call,
) -> Result<(), Failure> {
    let chunks: Vec<Vec<BayId>> = bays
        .chunks(works::MAX_BAYS)
        .map(<[BayId]>::to_vec)
        .collect();
    futures::stream::iter(chunks)
        .map(|chunk| {
            let names: Vec<&str> = chunk.iter().map(BayId::as_str).collect();
            let part = digest_id("bays", &names);
            let call = cause.clone().part(&part);
            let id = id.clone();
            let commands = core.commands.clone();
            async move {
                commands
                    .perform(call, move |tx| works::align(tx, &id, &chunk))
                    .await
            }
        })
        .buffer_unordered(AT_ONCE)
        .try_fold((), |(), _| async { Ok(()) })
        .await
}
