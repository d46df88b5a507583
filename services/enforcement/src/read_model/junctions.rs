//! The junctions of a day: which of them have counts, in the order of their names.

use crate::domain::persuasion::JunctionDay;
use chassis::domain::District;
use chassis::projection::{Broken, Change, Range, Rows, Table, View, prefix_of};
use jiff::civil::Date;
use std::ops::Bound;

/// Day and junction.
const JUNCTION_DAYS: Table<(String, String), ()> = Table::new(0x13);

/// Entries that one page may look at.
const MOST_VISITED: usize = 5_000;

pub(super) fn index(change: &Change<'_, JunctionDay>, rows: &mut Rows<'_>) -> Result<(), Broken> {
    // The id ends with the day, and junctions have no underscore.
    if change.before.is_none()
        && let Some((junction, day)) = change.id.rsplit_once('_')
    {
        rows.put(&JUNCTION_DAYS, &(day.to_owned(), junction.to_owned()), &());
    }
    Ok(())
}

/// One page of a day's junctions.
#[derive(Clone, Debug)]
pub struct Junctions {
    pub found: Vec<(String, JunctionDay)>,
    /// The last junction looked at; `None`: nothing is left.
    pub next: Option<String>,
}

/// The junctions of a day after a name, in one district or in all.
///
/// # Errors
/// [`Broken`].
pub fn junctions(
    view: &View,
    day: Date,
    district: Option<District>,
    after: Option<String>,
    size: usize,
) -> Result<Junctions, Broken> {
    let day = day.to_string();
    let from = after.map(|junction| (day.clone(), junction));
    let start = from.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
    let prefix = prefix_of(&day);
    let range = Range::all(MOST_VISITED).within(&prefix).starting(start);
    let rows = view.scan(&JUNCTION_DAYS, range)?;
    let exhausted = rows.len() < MOST_VISITED;
    let mut found = Vec::new();
    let mut last = None;
    let mut left_over = false;
    for ((_, junction), ()) in rows {
        if found.len() == size {
            left_over = true;
            break;
        }
        last = Some(junction.clone());
        let id = format!("{junction}_{day}");
        let Some((_, counts)) = view.aggregate::<JunctionDay>(&id)? else {
            continue;
        };
        if district.is_none() || counts.district == district {
            found.push((junction, counts));
        }
    }
    Ok(Junctions {
        found,
        next: last.filter(|_| left_over || !exhausted),
    })
}
