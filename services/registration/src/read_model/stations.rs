//! The list of stations.

use crate::domain::station::Station;
use chassis::domain::Revision;
use chassis::projection::{Broken, Change, Range, Rows, Table, View};
use std::ops::Bound;

/// Station id, district.
const STATIONS: Table<String, u32> = Table::new(0x43);

/// Stations that one page may look at: a filter that fits few gives short pages, never a slow one.
const MOST_VISITED: usize = 5_000;

pub(super) fn index(change: &Change<'_, Station>, rows: &mut Rows<'_>) -> Result<(), Broken> {
    if let (None, Some(station)) = (change.before, change.after) {
        let district = station.details.district.code();
        rows.put(&STATIONS, &change.id.to_owned(), &district);
    }
    Ok(())
}

/// One page of a list.
#[derive(Clone, Debug, Default)]
pub struct StationPage {
    pub found: Vec<(String, Revision, Station)>,
    /// The id after which the next page begins; `None` at the end.
    pub next: Option<String>,
}

/// Stations by their ids, of one district or of all.
///
/// # Errors
/// [`Broken`].
pub fn list(
    view: &View,
    district: Option<u32>,
    after: Option<&String>,
    size: usize,
) -> Result<StationPage, Broken> {
    let from = after.map_or(Bound::Unbounded, Bound::Excluded);
    let rows = view.scan(&STATIONS, Range::all(MOST_VISITED).starting(from))?;
    let exhausted = rows.len() < MOST_VISITED;
    let mut page = StationPage::default();
    let mut last = None;
    for (id, own) in rows {
        if page.found.len() == size {
            page.next = last;
            return Ok(page);
        }
        last = Some(id.clone());
        if district.is_some_and(|district| district != own) {
            continue;
        }
        if let Some((revision, station)) = view.aggregate::<Station>(&id)? {
            page.found.push((id, revision, station));
        }
    }
    if !exhausted {
        page.next = last;
    }
    Ok(page)
}
