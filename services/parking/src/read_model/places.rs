//! Where bays are, as a tree in memory: made anew from the projection when bays were marked, moved or retired.

use super::{BAYS, PLACES_VERSION};
use crate::domain::bay::BayKind;
use crate::domain::geometry::Position;
use crate::domain::ids::BayId;
use crate::domain::works::Works;
use chassis::projection::{Broken, Range, View};
use parking_lot::Mutex;
use rstar::{AABB, RTree, RTreeObject};
use std::sync::Arc;

/// Most bays of one city. Bounds the tree: about 100 bytes a bay.
const MAX_BAYS: usize = 1_000_000;

/// The places of all bays. Clones share one tree.
#[derive(Clone, Debug, Default)]
pub struct Places(Arc<Mutex<Option<Built>>>);

#[derive(Clone, Debug)]
struct Built {
    version: u64,
    tree: Arc<RTree<Spot>>,
}

#[derive(Clone, Debug)]
struct Spot {
    bay: BayId,
    position: Position,
    kind: BayKind,
}

impl RTreeObject for Spot {
    type Envelope = AABB<[f64; 2]>;
    fn envelope(&self) -> Self::Envelope {
        AABB::from_point([self.position.longitude(), self.position.latitude()])
    }
}

impl Places {
    /// The bays that works touch, by id.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn touched_by(&self, works: &Works, view: &View) -> Result<Vec<BayId>, Broken> {
        let tree = self.tree(view)?;
        let mut touched = Vec::new();
        for segment in &works.segments {
            let near = tree.locate_in_envelope_intersecting(&envelope(segment.bounds()));
            touched.extend(
                near.filter(|spot| segment.touches(spot.position))
                    .map(|spot| spot.bay.clone()),
            );
        }
        touched.sort();
        touched.dedup();
        Ok(touched)
    }

    /// Bays within so many metres of a point, nearest first, with their distance in metres.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn near(
        &self,
        point: Position,
        metres: f64,
        kind: Option<BayKind>,
        view: &View,
    ) -> Result<Vec<(BayId, f64)>, Broken> {
        let tree = self.tree(view)?;
        let mut found: Vec<(BayId, f64)> = tree
            .locate_in_envelope_intersecting(&envelope(point.box_of(metres)))
            .filter(|spot| kind.is_none_or(|kind| kind == spot.kind))
            .map(|spot| (spot.bay.clone(), point.metres_to(spot.position)))
            .filter(|(_, distance)| *distance <= metres)
            .collect();
        found.sort_by(|a, b| a.1.total_cmp(&b.1).then_with(|| a.0.cmp(&b.0)));
        Ok(found)
    }

    fn tree(&self, view: &View) -> Result<Arc<RTree<Spot>>, Broken> {
        // Read before the bays: if they change meanwhile, the tree counts as old and is made again.
        let version = view.get(&PLACES_VERSION, &())?.unwrap_or(0);
        // Held while building, so that many readers make one tree; they are threads of their own.
        let mut built = self.0.lock();
        if let Some(built) = built.as_ref().filter(|built| built.version == version) {
            return Ok(Arc::clone(&built.tree));
        }
        let spots = view
            .scan(&BAYS, Range::all(MAX_BAYS))?
            .into_iter()
            .filter_map(|(id, row)| {
                Some(Spot {
                    bay: BayId::parse(&id).ok()?,
                    position: row.position,
                    kind: row.kind,
                })
            })
            .collect();
        let tree = Arc::new(RTree::bulk_load(spots));
        *built = Some(Built {
            version,
            tree: Arc::clone(&tree),
        });
        Ok(tree)
    }
}

fn envelope((south_west, north_east): (Position, Position)) -> AABB<[f64; 2]> {
    AABB::from_corners(
        [south_west.longitude(), south_west.latitude()],
        [north_east.longitude(), north_east.latitude()],
    )
}
