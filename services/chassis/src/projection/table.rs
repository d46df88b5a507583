//! Typed tables over the store, for the chassis' own rows and for a service's read model.

use super::key::{Key, encode_text};
use super::store::{Broken, Row, Store, Writes};
use crate::domain::{Aggregate, Revision};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::fmt::Debug;
use std::marker::PhantomData;
use std::ops::Bound;
use std::sync::Arc;

/// A named key space with typed keys and values. Services take prefixes from [`FIRST_OF_SERVICE`] on.
pub struct Table<K, V> {
    prefix: u8,
    types: PhantomData<fn() -> (K, V)>,
}

/// Prefixes below this belong to the chassis.
pub const FIRST_OF_SERVICE: u8 = 0x10;

const AGGREGATES: u8 = 0x02;

impl<K, V> Debug for Table<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Table({:#04x})", self.prefix)
    }
}

impl<K: Key, V: Serialize + DeserializeOwned> Table<K, V> {
    /// # Panics
    /// At compile time, if the prefix belongs to the chassis.
    pub const fn new(prefix: u8) -> Self {
        assert!(
            prefix >= FIRST_OF_SERVICE,
            "this prefix belongs to the chassis"
        );
        Self::of_chassis(prefix)
    }

    pub(super) const fn of_chassis(prefix: u8) -> Self {
        Self {
            prefix,
            types: PhantomData,
        }
    }

    pub(super) fn key(&self, key: &K) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(48);
        bytes.push(self.prefix);
        key.encode(&mut bytes);
        bytes
    }

    /// The writes on this table, in key order.
    pub(super) fn of_writes<'a>(
        &self,
        writes: &'a Writes,
    ) -> impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)> + use<'a, K, V> {
        let prefix = self.prefix;
        writes
            .range(vec![prefix]..)
            .take_while(move |(key, _)| key.first() == Some(&prefix))
            .map(|(key, row)| (key.as_slice(), row.as_deref()))
    }

    pub(super) fn decode_key(&self, bytes: &[u8]) -> Result<K, Broken> {
        let mut rest = &bytes[1..];
        match K::decode(&mut rest) {
            Some(key) if rest.is_empty() => Ok(key),
            _ => Err(Broken("a row has a key of another layout".into())),
        }
    }
}

fn decode<V: DeserializeOwned>(bytes: &[u8]) -> Result<V, Broken> {
    postcard::from_bytes(bytes).map_err(|e| Broken(format!("a row has another layout: {e}")))
}

fn encode<V: Serialize>(value: &V) -> Vec<u8> {
    postcard::to_stdvec(value).expect("rows are plain data")
}

/// How an aggregate is stored: where its history stands, then its state.
#[derive(Serialize, Deserialize)]
struct AggregateRow<S> {
    position: u64,
    hash: [u8; 16],
    state: S,
}

pub(super) fn aggregate_key(kind: &str, id: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(kind.len() + id.len() + 5);
    bytes.push(AGGREGATES);
    encode_text(kind, &mut bytes);
    encode_text(id, &mut bytes);
    bytes
}

pub(super) fn encode_aggregate<A: Aggregate>(revision: Revision, state: &A) -> Vec<u8> {
    encode(&AggregateRow {
        position: revision.position,
        hash: revision.hash,
        state,
    })
}

/// Splits an aggregate's row into its revision and the bytes of its state.
pub(super) fn split_aggregate(row: &[u8]) -> Result<(Revision, &[u8]), Broken> {
    let ((position, hash), state) = postcard::take_from_bytes::<(u64, [u8; 16])>(row)
        .map_err(|e| Broken(format!("an aggregate's row has another layout: {e}")))?;
    Ok((Revision { position, hash }, state))
}

/// The projection as a reader sees it. Cheap to make; every call may read from disk, so use it on a reader thread
/// (see [`super::Projection::read`]).
#[derive(Clone, Debug)]
pub struct View {
    pub(super) store: Arc<Store>,
}

/// Which rows of a table, in which order, and how many at most.
#[derive(Clone, Copy, Debug)]
pub struct Range<'a, K> {
    /// Keys that begin with this encoding; empty for all.
    prefix: &'a [u8],
    from: Bound<&'a K>,
    to: Bound<&'a K>,
    pub reverse: bool,
    pub limit: usize,
}

impl<'a, K> Range<'a, K> {
    /// All rows, at most `limit`.
    pub const fn all(limit: usize) -> Self {
        Self {
            prefix: &[],
            from: Bound::Unbounded,
            to: Bound::Unbounded,
            reverse: false,
            limit,
        }
    }

    #[must_use]
    pub const fn starting(mut self, from: Bound<&'a K>) -> Self {
        self.from = from;
        self
    }

    #[must_use]
    pub const fn ending(mut self, to: Bound<&'a K>) -> Self {
        self.to = to;
        self
    }

    #[must_use]
    pub const fn reversed(mut self) -> Self {
        self.reverse = true;
        self
    }

    /// Only keys whose first parts are these (`prefix_of(&(a, b))` for keys `(A, B, C)`).
    #[must_use]
    pub const fn within(mut self, prefix: &'a [u8]) -> Self {
        self.prefix = prefix;
        self
    }
}

/// The bytes that all keys share whose first parts are `parts`; for [`Range::within`].
pub fn prefix_of(parts: &impl Key) -> Vec<u8> {
    let mut bytes = Vec::new();
    parts.encode(&mut bytes);
    bytes
}

impl View {
    /// # Errors
    /// [`Broken`].
    pub fn get<K: Key, V: Serialize + DeserializeOwned>(
        &self,
        table: &Table<K, V>,
        key: &K,
    ) -> Result<Option<V>, Broken> {
        self.store
            .get(&table.key(key))?
            .map(|row| decode(&row))
            .transpose()
    }

    /// The rows of a range, in order.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn scan<K: Key, V: Serialize + DeserializeOwned>(
        &self,
        table: &Table<K, V>,
        range: Range<'_, K>,
    ) -> Result<Vec<(K, V)>, Broken> {
        let mut found = Vec::new();
        let mut failed = None;
        self.visit(table, range, |key, value| {
            match table
                .decode_key(key)
                .and_then(|key| Ok((key, decode(value)?)))
            {
                Ok(row) => found.push(row),
                Err(broken) => failed = Some(broken),
            }
            failed.is_none()
        })?;
        failed.map_or(Ok(found), Err)
    }

    /// Calls `visit` with each row of a range until it answers `false`, without collecting them.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn for_each<K: Key, V: Serialize + DeserializeOwned>(
        &self,
        table: &Table<K, V>,
        range: Range<'_, K>,
        mut visit: impl FnMut(K, V) -> bool,
    ) -> Result<(), Broken> {
        let mut failed = None;
        self.visit(table, range, |key, value| {
            match table
                .decode_key(key)
                .and_then(|key| Ok((key, decode(value)?)))
            {
                Ok((key, value)) => visit(key, value),
                Err(broken) => {
                    failed = Some(broken);
                    false
                }
            }
        })?;
        failed.map_or(Ok(()), Err)
    }

    fn visit<K: Key, V: Serialize + DeserializeOwned>(
        &self,
        table: &Table<K, V>,
        range: Range<'_, K>,
        mut visit: impl FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), Broken> {
        let mut lowest = Vec::with_capacity(1 + range.prefix.len());
        lowest.push(table.prefix);
        lowest.extend_from_slice(range.prefix);
        let beyond = successor(&lowest);
        let from = match range.from {
            Bound::Unbounded => Bound::Included(lowest),
            Bound::Included(key) => Bound::Included(table.key(key).max(lowest)),
            Bound::Excluded(key) => {
                let key = table.key(key);
                if key < lowest {
                    Bound::Included(lowest)
                } else {
                    Bound::Excluded(key)
                }
            }
        };
        let to = match range.to {
            Bound::Unbounded => beyond.map_or(Bound::Unbounded, Bound::Excluded),
            Bound::Included(key) => match (table.key(key), beyond) {
                (key, Some(beyond)) if key >= beyond => Bound::Excluded(beyond),
                (key, _) => Bound::Included(key),
            },
            Bound::Excluded(key) => match (table.key(key), beyond) {
                (key, Some(beyond)) if key >= beyond => Bound::Excluded(beyond),
                (key, _) => Bound::Excluded(key),
            },
        };
        if range.limit == 0 {
            return Ok(());
        }
        let mut left = range.limit;
        self.store.scan(
            from.as_ref().map(Vec::as_slice),
            to.as_ref().map(Vec::as_slice),
            range.reverse,
            |key, value| {
                left -= 1;
                visit(key, value) && left > 0
            },
        )
    }

    /// An aggregate as it stands in the projection.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn aggregate<A: Aggregate>(&self, id: &str) -> Result<Option<(Revision, A)>, Broken> {
        let Some(row) = self.aggregate_row(A::TYPE, id)? else {
            return Ok(None);
        };
        let (revision, state) = split_aggregate(&row)?;
        Ok(Some((revision, decode(state)?)))
    }

    pub(super) fn aggregate_row(&self, kind: &str, id: &str) -> Result<Option<Row>, Broken> {
        self.store.get(&aggregate_key(kind, id))
    }
}

/// The smallest bytes that are greater than all that begin with `prefix`.
fn successor(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = prefix.to_vec();
    while let Some(last) = bytes.pop() {
        if last < u8::MAX {
            bytes.push(last + 1);
            return Some(bytes);
        }
    }
    None
}

/// The projection as an apply step sees it: the store under the writes of the batch in the making.
#[derive(Debug)]
pub struct Rows<'a> {
    pub(super) view: &'a View,
    pub(super) writes: &'a mut Writes,
}

impl Rows<'_> {
    /// # Errors
    /// [`Broken`].
    pub fn get<K: Key, V: Serialize + DeserializeOwned>(
        &self,
        table: &Table<K, V>,
        key: &K,
    ) -> Result<Option<V>, Broken> {
        let bytes = table.key(key);
        match self.writes.get(&bytes) {
            Some(Some(value)) => decode(value).map(Some),
            Some(None) => Ok(None),
            None => self
                .view
                .store
                .get(&bytes)?
                .map(|row| decode(&row))
                .transpose(),
        }
    }

    pub fn put<K: Key, V: Serialize + DeserializeOwned>(
        &mut self,
        table: &Table<K, V>,
        key: &K,
        value: &V,
    ) {
        self.writes.insert(table.key(key), Some(encode(value)));
    }

    pub fn delete<K: Key, V: Serialize + DeserializeOwned>(
        &mut self,
        table: &Table<K, V>,
        key: &K,
    ) {
        self.writes.insert(table.key(key), None);
    }

    /// Moves one index entry: from where the state before put it to where the state after does.
    pub fn reindex<K: Key + PartialEq>(
        &mut self,
        table: &Table<K, ()>,
        before: Option<K>,
        after: Option<K>,
    ) {
        if before == after {
            return;
        }
        if let Some(key) = before {
            self.delete(table, &key);
        }
        if let Some(key) = after {
            self.put(table, &key, &());
        }
    }
}

pub(super) fn decode_state<A: Aggregate>(bytes: &[u8]) -> Result<A, Broken> {
    decode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBERS: Table<(u32, u32), u64> = Table::new(0x10);
    const NEIGHBOUR: Table<(u32, u32), u64> = Table::new(0x11);

    fn view() -> (tempfile::TempDir, View) {
        let folder = tempfile::tempdir().expect("a folder");
        let options = super::super::StoreOptions::default();
        let disk = super::super::store::Disk::open(folder.path(), options).expect("opens");
        let view = View {
            store: Arc::new(Store::Disk(disk)),
        };
        let mut writes = Writes::new();
        let mut rows = Rows {
            view: &view,
            writes: &mut writes,
        };
        for a in 0..3 {
            for b in 0..3 {
                rows.put(&NUMBERS, &(a, b), &u64::from(a * 10 + b));
            }
        }
        rows.put(&NEIGHBOUR, &(0, 0), &99);
        view.store.write(writes).expect("written");
        (folder, view)
    }

    fn values(view: &View, range: Range<'_, (u32, u32)>) -> Vec<u64> {
        let rows = view.scan(&NUMBERS, range).expect("readable");
        rows.into_iter().map(|(_, value)| value).collect()
    }

    #[test]
    fn a_range_stays_within_its_table_prefix_bounds_and_limit() {
        let (_folder, view) = view();
        assert_eq!(
            values(&view, Range::all(100)),
            [0, 1, 2, 10, 11, 12, 20, 21, 22]
        );
        assert_eq!(values(&view, Range::all(2).reversed()), [22, 21]);
        assert_eq!(
            values(&view, Range::all(100).within(&prefix_of(&1_u32))),
            [10, 11, 12]
        );
        let after = (1, 1);
        assert_eq!(
            values(&view, Range::all(100).starting(Bound::Excluded(&after))),
            [12, 20, 21, 22]
        );
        assert_eq!(
            values(
                &view,
                Range::all(9)
                    .within(&prefix_of(&1_u32))
                    .ending(Bound::Included(&(2, 0)))
            ),
            [10, 11, 12]
        );
        assert_eq!(
            values(
                &view,
                Range::all(9)
                    .starting(Bound::Included(&(2, 0)))
                    .ending(Bound::Excluded(&(1, 0)))
            ),
            [0; 0]
        );
        assert_eq!(values(&view, Range::all(0)), [0; 0]);
    }

    #[test]
    fn a_batch_in_the_making_reads_its_own_writes() {
        let (_folder, view) = view();
        let mut writes = Writes::new();
        let mut rows = Rows {
            view: &view,
            writes: &mut writes,
        };
        rows.put(&NUMBERS, &(0, 0), &7);
        rows.delete(&NUMBERS, &(0, 1));
        assert_eq!(rows.get(&NUMBERS, &(0, 0)).expect("readable"), Some(7));
        assert_eq!(rows.get(&NUMBERS, &(0, 1)).expect("readable"), None);
        assert_eq!(rows.get(&NUMBERS, &(0, 2)).expect("readable"), Some(2));
        assert_eq!(view.get(&NUMBERS, &(0, 0)).expect("readable"), Some(0));
    }
}
