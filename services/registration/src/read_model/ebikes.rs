//! By plate and by owner: how e-bikes are found. Two rows an e-bike, both small; the one by plate in order.

use crate::domain::ebike::Ebike;
use crate::domain::ebike::plate::{Block, EbikePlate, PlateBlock, Series};
use crate::domain::party::Party;
use chassis::domain::Revision;
use chassis::projection::{Broken, Change, Range, Rows, Table, View, prefix_of};
use sha2::{Digest, Sha256};
use std::ops::Bound;

/// [`EbikePlate::ordinal`], frame number.
const PLATES: Table<u32, String> = Table::new(0x40);
/// [`owner_key`], [`EbikePlate::ordinal`].
const OWNERS: Table<(u64, u32), ()> = Table::new(0x41);
/// Series: the block after the last one that somebody has drawn.
const NEXT_BLOCK: Table<u8, u32> = Table::new(0x42);

/// An e-bike as it stands in the projection.
#[derive(Clone, Debug)]
pub struct Found {
    pub frame: String,
    pub revision: Revision,
    pub ebike: Ebike,
}

/// Eight bytes for an owner. Two owners may share them: whoever looks up by them compares the owners.
fn owner_key(owner: &str) -> u64 {
    let hash = Sha256::digest(owner.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hash[..8]);
    u64::from_be_bytes(first)
}

/// The text by which an owner is looked up: the person's reference, or the credit code.
fn owner_text(owner: &Party) -> &str {
    match owner {
        Party::Person(sealed) => sealed.person.as_str(),
        Party::Organisation(organisation) => organisation.credit_code.as_str(),
    }
}

pub(super) fn index(change: &Change<'_, Ebike>, rows: &mut Rows<'_>) -> Result<(), Broken> {
    let plate = |ebike: Option<&Ebike>| ebike.map(|ebike| ebike.plate.ordinal());
    let (before, after) = (plate(change.before), plate(change.after));
    if before != after {
        if let Some(plate) = before {
            rows.delete(&PLATES, &plate);
        }
        if let Some(plate) = after {
            rows.put(&PLATES, &plate, &change.id.to_owned());
        }
    }
    let owner = |ebike: &Ebike| (owner_key(owner_text(&ebike.owner)), ebike.plate.ordinal());
    rows.reindex(&OWNERS, change.before.map(owner), change.after.map(owner));
    Ok(())
}

pub(super) fn index_block(
    change: &Change<'_, PlateBlock>,
    rows: &mut Rows<'_>,
) -> Result<(), Broken> {
    let Some(block) = Block::of_id(change.id) else {
        return Ok(());
    };
    let series = block.series as u8;
    let next = rows.get(&NEXT_BLOCK, &series)?.unwrap_or_default();
    rows.put(&NEXT_BLOCK, &series, &next.max(block.number() + 1));
    Ok(())
}

/// The block to try first.
///
/// # Errors
/// [`Broken`].
pub fn next_block(view: &View, series: Series) -> Result<u32, Broken> {
    Ok(view.get(&NEXT_BLOCK, &(series as u8))?.unwrap_or_default())
}

/// The e-bike that bears a plate.
///
/// # Errors
/// [`Broken`].
pub fn bearing(view: &View, plate: EbikePlate) -> Result<Option<Found>, Broken> {
    at(view, plate.ordinal())
}

fn at(view: &View, ordinal: u32) -> Result<Option<Found>, Broken> {
    let Some(frame) = view.get(&PLATES, &ordinal)? else {
        return Ok(None);
    };
    let found = view.aggregate::<Ebike>(&frame)?;
    Ok(found.map(|(revision, ebike)| Found {
        frame,
        revision,
        ebike,
    }))
}

/// One page of a list.
#[derive(Clone, Debug, Default)]
pub struct FoundPage {
    pub found: Vec<Found>,
    /// The plate after which the next page begins; `None` at the end.
    pub next: Option<u32>,
}

impl FoundPage {
    /// The first `size` of the e-bikes under these plates, one more of which is looked at to tell whether there are more.
    fn of(view: &View, plates: &[u32], size: usize) -> Result<Self, Broken> {
        let mut page = Self::default();
        for ordinal in plates.iter().take(size) {
            page.found.extend(at(view, *ordinal)?);
        }
        if plates.len() > size {
            page.next = plates.get(size - 1).copied();
        }
        Ok(page)
    }
}

/// All e-bikes in the order of their plates, after that of the page before.
///
/// # Errors
/// [`Broken`].
pub fn list(view: &View, after: Option<u32>, size: usize) -> Result<FoundPage, Broken> {
    let from = after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
    let rows = view.scan(&PLATES, Range::all(size + 1).starting(from))?;
    let plates: Vec<u32> = rows.into_iter().map(|(ordinal, _)| ordinal).collect();
    FoundPage::of(view, &plates, size)
}

/// One owner's e-bikes in the order of their plates.
///
/// # Errors
/// [`Broken`].
pub fn owned_by(
    view: &View,
    owner: &str,
    after: Option<u32>,
    size: usize,
) -> Result<FoundPage, Broken> {
    let key = owner_key(owner);
    let prefix = prefix_of(&(key,));
    let from = after.map(|ordinal| (key, ordinal));
    let start = from.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
    let range = Range::all(size + 1).within(&prefix).starting(start);
    let rows = view.scan(&OWNERS, range)?;
    let plates: Vec<u32> = rows.into_iter().map(|((_, ordinal), ())| ordinal).collect();
    let mut page = FoundPage::of(view, &plates, size)?;
    page.found
        .retain(|found| owner_text(&found.ebike.owner) == owner);
    Ok(page)
}
