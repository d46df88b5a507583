//! Where bays and closed road segments lie, and which bays a closure reaches.

use geo::{Closest, ClosestPoint, Coord, Distance, Euclidean, Line, LineString, Point};
use serde::{Deserialize, Serialize};

/// A position in WGS 84, to 1e-7 degrees (about a centimetre), so that equal positions are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    latitude_e7: i32,
    longitude_e7: i32,
}

impl Position {
    /// `None` unless latitude is within 90 and longitude within 180 degrees and both are finite.
    pub fn new(latitude: f64, longitude: f64) -> Option<Self> {
        let valid = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        #[expect(clippy::cast_possible_truncation, reason = "180e7 fits into 31 bits")]
        valid.then(|| Self {
            latitude_e7: (latitude * 1e7).round() as i32,
            longitude_e7: (longitude * 1e7).round() as i32,
        })
    }

    /// Degrees north.
    pub fn latitude(self) -> f64 {
        f64::from(self.latitude_e7) / 1e7
    }

    /// Degrees east.
    pub fn longitude(self) -> f64 {
        f64::from(self.longitude_e7) / 1e7
    }

    /// Metres as the crow flies, for places in one city.
    pub fn metres_to(self, other: Self) -> f64 {
        let plane = Plane::around(self);
        Euclidean.distance(plane.metres(self), plane.metres(other))
    }

    /// South-west and north-east corner of a box that holds everything within so many metres.
    pub fn box_of(self, metres: f64) -> (Self, Self) {
        box_around(
            (self.latitude(), self.longitude()),
            (self.latitude(), self.longitude()),
            metres,
        )
    }
}

fn box_around(south_west: (f64, f64), north_east: (f64, f64), metres: f64) -> (Position, Position) {
    let northward = metres / METRES_PER_DEGREE;
    let narrowest = south_west
        .0
        .abs()
        .max(north_east.0.abs())
        .to_radians()
        .cos()
        .max(0.01);
    let eastward = northward / narrowest;
    let corner = |latitude: f64, longitude: f64| {
        Position::new(latitude.clamp(-90.0, 90.0), longitude.clamp(-180.0, 180.0)).expect("clamped")
    };
    (
        corner(south_west.0 - northward, south_west.1 - eastward),
        corner(north_east.0 + northward, north_east.1 + eastward),
    )
}

/// Which side of a closed segment is meant, seen in the direction in which its points run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Side {
    /// Both sides, or not known.
    #[default]
    Both,
    /// Traffic keeps right (Road Traffic Safety Law art. 35): the side of the lanes that run with the points.
    Right,
    /// The side of the lanes that run against the points.
    Left,
}

/// A segment of a road that is closed, and how far to its sides the closure reaches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedSegment {
    points: Vec<Position>,
    pub side: Side,
    reach_decimetres: u16,
}

impl ClosedSegment {
    /// Most points of a segment. Bounds the work a closure makes.
    pub const MAX_POINTS: usize = 2_000;
    /// How far a closure reaches to its sides unless it says otherwise, in metres: half a carriageway of six lanes and a bay.
    pub const DEFAULT_REACH_METRES: f64 = 15.0;
    /// The farthest reach that a closure can have, in metres.
    pub const MAX_REACH_METRES: f64 = 100.0;
    /// Bays this far beyond an end of the segment are still touched, in metres: half the length of a bay.
    pub const END_TOLERANCE_METRES: f64 = 3.0;
    /// Within this distance from the line, in metres, positions are too coarse to tell the sides apart.
    pub const SIDE_TOLERANCE_METRES: f64 = 1.0;

    /// `None` unless there are 2 to [`Self::MAX_POINTS`] points, not all the same, and a reach of 0.1 to [`Self::MAX_REACH_METRES`].
    pub fn new(points: Vec<Position>, side: Side, reach_metres: f64) -> Option<Self> {
        let enough = (2..=Self::MAX_POINTS).contains(&points.len());
        let extended = points.iter().any(|point| Some(point) != points.first());
        let reach_is_sane = (0.1..=Self::MAX_REACH_METRES).contains(&reach_metres);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "1 to 1000"
        )]
        (enough && extended && reach_is_sane).then(|| Self {
            points,
            side,
            reach_decimetres: (reach_metres * 10.0).round() as u16,
        })
    }

    pub fn points(&self) -> &[Position] {
        &self.points
    }

    pub fn reach_metres(&self) -> f64 {
        f64::from(self.reach_decimetres) / 10.0
    }

    /// Whether the closure touches a bay whose middle lies at `bay`: beside the segment (not beyond its ends by more than
    /// half a bay), within the closure's reach, and on its side of the road where that is known.
    pub fn touches(&self, bay: Position) -> bool {
        let plane = Plane::around(self.points[0]);
        let line = LineString::from_iter(self.points.iter().map(|point| plane.metres(*point)));
        let bay = Point::from(plane.metres(bay));

        let Some(nearest) = line
            .lines()
            .filter(|part| part.start != part.end)
            .min_by(|a, b| {
                Euclidean
                    .distance(&bay, a)
                    .total_cmp(&Euclidean.distance(&bay, b))
            })
        else {
            return false;
        };
        if Euclidean.distance(&bay, &nearest) > self.reach_metres() + Self::END_TOLERANCE_METRES {
            return false;
        }
        let beyond = self.metres_beyond_an_end(&line, &nearest, bay);
        let aside = signed_metres_left_of(&nearest, bay);
        let beside = beyond <= Self::END_TOLERANCE_METRES
            && aside_within(aside, beyond, &nearest, bay, self.reach_metres());
        let on_side = match self.side {
            Side::Both => true,
            Side::Left => aside >= -Self::SIDE_TOLERANCE_METRES,
            Side::Right => aside <= Self::SIDE_TOLERANCE_METRES,
        };
        beside && on_side
    }

    /// The box around the segment and its reach: south-west and north-east corner, for a coarse search.
    pub fn bounds(&self) -> (Position, Position) {
        let margin_metres = self.reach_metres() + Self::END_TOLERANCE_METRES;
        let (mut south, mut north) = (f64::MAX, f64::MIN);
        let (mut west, mut east) = (f64::MAX, f64::MIN);
        for point in &self.points {
            south = south.min(point.latitude());
            north = north.max(point.latitude());
            west = west.min(point.longitude());
            east = east.max(point.longitude());
        }
        box_around((south, west), (north, east), margin_metres)
    }

    /// How far `bay` lies beyond the first or the last point, measured along the segment; 0 if it lies beside it.
    fn metres_beyond_an_end(&self, line: &LineString, nearest: &Line, bay: Point) -> f64 {
        let along = metres_along(nearest, bay);
        let length = Euclidean.distance(nearest.start, nearest.end);
        let starts = line.0.first() == Some(&nearest.start);
        let ends = line.0.last() == Some(&nearest.end);
        if along < 0.0 && starts {
            -along
        } else if along > length && ends {
            along - length
        } else {
            0.0
        }
    }
}

/// Beyond an end the distance sideways counts; in a bend, where the nearest point is a corner, the distance to the corner.
fn aside_within(aside: f64, beyond: f64, nearest: &Line, bay: Point, reach: f64) -> bool {
    if beyond > 0.0 {
        return aside.abs() <= reach;
    }
    match nearest.closest_point(&bay) {
        Closest::Intersection(_) => true,
        Closest::SinglePoint(point) => Euclidean.distance(point, bay) <= reach,
        Closest::Indeterminate => false,
    }
}

fn metres_along(line: &Line, point: Point) -> f64 {
    let direction = line.delta();
    let to_point = point.0 - line.start;
    (direction.x * to_point.x + direction.y * to_point.y) / direction.x.hypot(direction.y)
}

fn signed_metres_left_of(line: &Line, point: Point) -> f64 {
    let direction = line.delta();
    let to_point = point.0 - line.start;
    (direction.x * to_point.y - direction.y * to_point.x) / direction.x.hypot(direction.y)
}

/// Metres of one degree of latitude on the mean sphere.
const METRES_PER_DEGREE: f64 = 111_195.0;

/// A flat map around a point: over the few kilometres of a closure its error is centimetres.
struct Plane {
    origin: Position,
    metres_per_degree_east: f64,
}

impl Plane {
    fn around(origin: Position) -> Self {
        Self {
            origin,
            metres_per_degree_east: METRES_PER_DEGREE * origin.latitude().to_radians().cos(),
        }
    }

    fn metres(&self, position: Position) -> Coord {
        Coord {
            x: (position.longitude() - self.origin.longitude()) * self.metres_per_degree_east,
            y: (position.latitude() - self.origin.latitude()) * METRES_PER_DEGREE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A point so many metres east and north of a junction in Heze.
    fn at(east: f64, north: f64) -> Position {
        let latitude: f64 = 35.24;
        Position::new(
            latitude + north / METRES_PER_DEGREE,
            115.47 + east / (METRES_PER_DEGREE * latitude.to_radians().cos()),
        )
        .unwrap()
    }

    /// Closed: 100 m eastwards, then 100 m northwards.
    fn closed(side: Side) -> ClosedSegment {
        ClosedSegment::new(
            vec![at(0.0, 0.0), at(100.0, 0.0), at(100.0, 100.0)],
            side,
            12.0,
        )
        .unwrap()
    }

    #[test]
    fn bays_within_reach_beside_the_segment_are_touched_to_the_metre() {
        let closed = closed(Side::Both);
        for (east, north, touched) in [
            (50.0, 11.9, true),
            (50.0, 12.1, false),
            (50.0, -11.9, true),
            (50.0, -12.1, false),
            (111.9, 60.0, true),
            (112.1, 60.0, false),
        ] {
            assert_eq!(closed.touches(at(east, north)), touched, "{east} {north}");
        }
    }

    #[test]
    fn bays_beyond_an_end_are_touched_only_by_half_their_length() {
        let closed = closed(Side::Both);
        assert!(closed.touches(at(-2.9, 5.0)));
        assert!(!closed.touches(at(-3.1, 5.0)));
        assert!(closed.touches(at(105.0, 102.9)));
        assert!(!closed.touches(at(105.0, 103.1)));
    }

    #[test]
    fn in_a_bend_the_distance_to_the_corner_counts() {
        let closed = closed(Side::Both);
        assert!(closed.touches(at(108.0, -8.0)), "11.3 m from the corner");
        assert!(!closed.touches(at(109.0, -9.0)), "12.7 m from the corner");
    }

    #[test]
    fn where_the_side_is_known_the_other_side_stays_open() {
        // Eastbound lanes are south of the line: traffic keeps right.
        assert!(closed(Side::Right).touches(at(50.0, -5.0)));
        assert!(!closed(Side::Right).touches(at(50.0, 5.0)));
        assert!(closed(Side::Left).touches(at(50.0, 5.0)));
        assert!(!closed(Side::Left).touches(at(50.0, -5.0)));
        // On the line itself nothing can tell the sides apart.
        assert!(closed(Side::Left).touches(at(50.0, -0.9)));
        assert!(closed(Side::Right).touches(at(50.0, 0.9)));
    }

    #[test]
    fn the_box_holds_whatever_is_touched() {
        let closed = closed(Side::Both);
        let (south_west, north_east) = closed.bounds();
        for step in 0..2_000_i32 {
            let bay = at(
                f64::from(step % 50) * 3.0 - 20.0,
                f64::from(step / 50) * 3.5 - 20.0,
            );
            if closed.touches(bay) {
                assert!(
                    bay.latitude() >= south_west.latitude()
                        && bay.latitude() <= north_east.latitude()
                );
                assert!(
                    bay.longitude() >= south_west.longitude()
                        && bay.longitude() <= north_east.longitude()
                );
            }
        }
    }

    #[test]
    fn a_repeated_point_does_no_harm() {
        let closed = ClosedSegment::new(
            vec![at(0.0, 0.0), at(0.0, 0.0), at(50.0, 0.0)],
            Side::Both,
            10.0,
        )
        .unwrap();
        assert!(closed.touches(at(20.0, 5.0)));
        assert!(closed.touches(at(-2.0, 5.0)));
        assert!(
            !closed.touches(at(-8.0, 0.0)),
            "beyond the end, though within reach"
        );
    }

    #[test]
    fn impossible_geometry_does_not_exist() {
        assert!(Position::new(90.1, 0.0).is_none());
        assert!(Position::new(f64::NAN, 0.0).is_none());
        assert!(Position::new(0.0, f64::INFINITY).is_none());
        assert!(ClosedSegment::new(vec![at(0.0, 0.0)], Side::Both, 10.0).is_none());
        assert!(ClosedSegment::new(vec![at(0.0, 0.0); 3], Side::Both, 10.0).is_none());
        assert!(ClosedSegment::new(vec![at(0.0, 0.0), at(9.0, 0.0)], Side::Both, 100.1).is_none());
        assert!(
            ClosedSegment::new(vec![at(0.0, 0.0), at(9.0, 0.0)], Side::Both, f64::NAN).is_none()
        );
    }
}
