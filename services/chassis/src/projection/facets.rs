//! Lists by facets: one table in which an aggregate stands under each value that it can be found by, newest last.

use super::{Broken, Change, Key, Range, Rows, Table, View, prefix_of};
use crate::domain::{Aggregate, Revision};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::ops::Bound;

/// Entries that one page may look at: a filter that fits few of many gives short pages, never a slow one.
const MOST_VISITED: usize = 5_000;

/// Number of a facet, its value, since when the aggregate is listed, its id.
pub type FacetTable = Table<(u8, String, Timestamp, String), ()>;

/// By what something can be found. A list walks the greatest of the facets that it asks for and checks the others, so the
/// order is from the commonest to the rarest.
pub trait Facet: Clone + Ord + Send + Sync + 'static {
    /// Under which everything is found.
    const ALL: Self;

    /// The facet's own number, and its value as text.
    fn key(&self) -> (u8, String);
}

/// An aggregate that is listed by facets.
pub trait Faceted: Aggregate {
    type Facet: Facet;
    const TABLE: FacetTable;

    /// By what the list is ordered; it never changes.
    fn listed_since(&self) -> Timestamp;

    /// Every facet under which it is found, [`Facet::ALL`] among them.
    fn facets(&self) -> BTreeSet<Self::Facet>;
}

/// Keeps the rows of an aggregate in step with its facets. Most changes change none, and then cost no row and no key.
pub fn index_facets<A: Faceted>(change: &Change<'_, A>, rows: &mut Rows<'_>) {
    let facets = |state: Option<&A>| state.map(A::facets).unwrap_or_default();
    let key = |facet: &A::Facet, state: &A| {
        let (number, value) = facet.key();
        (number, value, state.listed_since(), change.id.to_owned())
    };
    let (before, after) = (facets(change.before), facets(change.after));
    if let Some(state) = change.before {
        for facet in before.difference(&after) {
            rows.delete(&A::TABLE, &key(facet, state));
        }
    }
    if let Some(state) = change.after {
        for facet in after.difference(&before) {
            rows.put(&A::TABLE, &key(facet, state), &());
        }
    }
}

/// An aggregate as it stands in the projection.
#[derive(Clone, Debug)]
pub struct Found<A> {
    pub id: String,
    pub revision: Revision,
    pub state: A,
}

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Listing<A> {
    pub found: Vec<Found<A>>,
    /// After which the next page begins; `None` at the end.
    pub next: Option<Vec<u8>>,
}

/// Everything that has all of `facets`, newest first: at most `size`, after what the page before ended with.
///
/// # Errors
/// [`Broken`].
pub fn list<A: Faceted>(
    view: &View,
    facets: &[A::Facet],
    after: Option<&[u8]>,
    size: usize,
) -> Result<Listing<A>, Broken> {
    let walked = facets.iter().max().cloned().unwrap_or(A::Facet::ALL);
    let (number, value) = walked.key();
    let prefix = prefix_of(&(number, value.clone()));
    let start = after.and_then(|mut key| <(Timestamp, String)>::decode(&mut key));
    let from = start.map(|(since, id)| (number, value, since, id));
    let mut range = Range::all(MOST_VISITED).within(&prefix).reversed();
    if let Some(key) = &from {
        range = range.ending(Bound::Excluded(key));
    }
    let mut page = Listing {
        found: Vec::new(),
        next: None,
    };
    let mut last = None;
    let mut visited = 0;
    let mut failed = None;
    view.for_each(&A::TABLE, range, |(_, _, since, id), ()| {
        if page.found.len() == size {
            // There is at least one more.
            page.next = last.take();
            return false;
        }
        visited += 1;
        last = Some(prefix_of(&(since, id.clone())));
        match view.aggregate::<A>(&id) {
            Ok(Some((revision, state))) if has_all(&state, facets) => {
                page.found.push(Found {
                    id,
                    revision,
                    state,
                });
            }
            Ok(_) => {}
            Err(broken) => failed = Some(broken),
        }
        failed.is_none()
    })?;
    if let Some(broken) = failed {
        return Err(broken);
    }
    if visited == MOST_VISITED {
        page.next = last;
    }
    Ok(page)
}

fn has_all<A: Faceted>(state: &A, facets: &[A::Facet]) -> bool {
    let own = state.facets();
    facets.iter().all(|facet| own.contains(facet))
}
