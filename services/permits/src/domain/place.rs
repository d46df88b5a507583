//! Where on the earth: points, lines along a road, and how much of a road two lines share.

use chassis::domain::Invalid;
use serde::{Deserialize, Serialize};

/// A point in WGS 84, kept to 1e-7 degrees (about 1 cm), so that stored values compare exactly.
/// Stored as the pair of both in 1e-7 degrees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(i32, i32)", into = "(i32, i32)")]
pub struct Point {
    lon_e7: i32,
    lat_e7: i32,
}

impl From<(i32, i32)> for Point {
    fn from((lon_e7, lat_e7): (i32, i32)) -> Self {
        Self { lon_e7, lat_e7 }
    }
}

impl From<Point> for (i32, i32) {
    fn from(point: Point) -> Self {
        (point.lon_e7, point.lat_e7)
    }
}

impl Point {
    /// # Errors
    /// If a coordinate is not finite or not on the earth.
    pub fn new(longitude: f64, latitude: f64) -> Result<Self, Invalid> {
        let on_earth = (-180.0..=180.0).contains(&longitude) && (-90.0..=90.0).contains(&latitude);
        if !on_earth {
            return Err(Invalid::new(
                "must be a longitude of -180 to 180 and a latitude of -90 to 90 degrees",
                "经度应在 -180 至 180 度之间，纬度应在 -90 至 90 度之间",
            ));
        }
        // In range: 180e7 fits an i32.
        #[expect(clippy::cast_possible_truncation, reason = "bounded above")]
        let e7 = |degrees: f64| (degrees * 1e7).round() as i32;
        Ok(Self {
            lon_e7: e7(longitude),
            lat_e7: e7(latitude),
        })
    }

    pub fn longitude(self) -> f64 {
        f64::from(self.lon_e7) / 1e7
    }

    pub fn latitude(self) -> f64 {
        f64::from(self.lat_e7) / 1e7
    }
}

/// A line along a road, in the direction of traffic: 2 to [`Line::MOST_POINTS`] points, 1 m to 100 km long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line(Vec<Point>);

/// Metres east and north of a reference point: flat enough for the few kilometres around a road work.
type Metres = [f64; 2];

const METRES_A_DEGREE: f64 = 111_195.0;

impl Line {
    pub const MOST_POINTS: usize = 1000;
    pub const LONGEST_M: f64 = 100_000.0;

    /// Two lines run side by side on one road if they are at most this far apart: the width of a carriageway, and the
    /// difference between two surveys of it.
    const SIDE_BY_SIDE_M: f64 = 15.0;

    /// A shared stretch shorter than this is two works that touch end to end.
    pub const SHORTEST_SHARED_M: f64 = 5.0;

    /// # Errors
    /// If it has too few or too many points, or is too short or too long.
    pub fn new(points: Vec<Point>) -> Result<Self, Invalid> {
        let line = Self(points);
        let counted = (2..=Self::MOST_POINTS).contains(&line.0.len());
        if !counted || !(1.0..=Self::LONGEST_M).contains(&line.length_m()) {
            return Err(Invalid::new(
                "must have 2 to 1000 points and be 1 m to 100 km long",
                "应有 2 至 1000 个点，长度为 1 米至 100 千米",
            ));
        }
        Ok(line)
    }

    pub fn points(&self) -> &[Point] {
        &self.0
    }

    pub fn first(&self) -> Point {
        self.0[0]
    }

    pub fn last(&self) -> Point {
        self.0[self.0.len() - 1]
    }

    pub fn length_m(&self) -> f64 {
        let Some(first) = self.0.first() else {
            return 0.0;
        };
        let flat = self.flat(*first);
        flat.windows(2).map(|pair| distance(pair[0], pair[1])).sum()
    }

    /// How many metres of this line run along `other`: within a carriageway's width and in the same or opposite heading.
    /// Lines that only touch, cross or follow each other share next to nothing.
    pub fn shared_m(&self, other: &Self) -> f64 {
        let origin = self.first();
        let own = self.flat(origin);
        let other = other.flat(origin);
        let mut shared = 0.0;
        for own in own.windows(2) {
            let mut parts: Vec<(f64, f64)> = other
                .windows(2)
                .filter_map(|other| alongside([own[0], own[1]], [other[0], other[1]]))
                .collect();
            parts.sort_by(|a, b| a.0.total_cmp(&b.0));
            let mut reached = 0.0_f64;
            let mut covered = 0.0;
            for (from, until) in parts {
                covered += (until - from.max(reached)).max(0.0);
                reached = reached.max(until);
            }
            shared += covered * distance(own[0], own[1]);
        }
        shared
    }

    fn flat(&self, origin: Point) -> Vec<Metres> {
        let east = METRES_A_DEGREE * origin.latitude().to_radians().cos();
        self.0
            .iter()
            .map(|point| {
                [
                    (point.longitude() - origin.longitude()) * east,
                    (point.latitude() - origin.latitude()) * METRES_A_DEGREE,
                ]
            })
            .collect()
    }
}

/// Distance between two points in metres; exact enough up to some hundred kilometres.
pub fn distance_m(a: Point, b: Point) -> f64 {
    let east = METRES_A_DEGREE * a.latitude().to_radians().cos();
    let dx = (b.longitude() - a.longitude()) * east;
    let dy = (b.latitude() - a.latitude()) * METRES_A_DEGREE;
    dx.hypot(dy)
}

fn distance(a: Metres, b: Metres) -> f64 {
    (b[0] - a[0]).hypot(b[1] - a[1])
}

/// The part of the segment `a`, as fractions of it, whose feet on `b` lie within `b` and not too far away.
fn alongside(a: [Metres; 2], b: [Metres; 2]) -> Option<(f64, f64)> {
    let (a_length, b_length) = (distance(a[0], a[1]), distance(b[0], b[1]));
    if a_length < 1e-6 || b_length < 1e-6 {
        return None;
    }
    let along = [
        (b[1][0] - b[0][0]) / b_length,
        (b[1][1] - b[0][1]) / b_length,
    ];
    let position = |p: Metres| (p[0] - b[0][0]) * along[0] + (p[1] - b[0][1]) * along[1];
    let offset = |p: Metres| (p[1] - b[0][1]) * along[0] - (p[0] - b[0][0]) * along[1];
    let (from, until) = (position(a[0]), position(a[1]));
    // Less than 60 degrees between their headings, else one crosses the other.
    if ((until - from) / a_length).abs() < 0.5 {
        return None;
    }
    let on_b = clip(from, until, 0.0, b_length)?;
    let near = clip(
        offset(a[0]),
        offset(a[1]),
        -Line::SIDE_BY_SIDE_M,
        Line::SIDE_BY_SIDE_M,
    )?;
    let (start, end) = (on_b.0.max(near.0), on_b.1.min(near.1));
    (start < end).then_some((start, end))
}

/// For which fractions of the way from `from` to `until` a value lies within `[low, high]`.
fn clip(from: f64, until: f64, low: f64, high: f64) -> Option<(f64, f64)> {
    let step = until - from;
    if step.abs() < 1e-9 {
        return (low..=high).contains(&from).then_some((0.0, 1.0));
    }
    let (a, b) = ((low - from) / step, (high - from) / step);
    let (start, end) = (a.min(b).max(0.0), a.max(b).min(1.0));
    (start < end).then_some((start, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line given in metres east and north of a point in Heze.
    fn line(metres: &[(f64, f64)]) -> Line {
        let east = METRES_A_DEGREE * 35.24_f64.to_radians().cos();
        Line::new(
            metres
                .iter()
                .map(|(x, y)| Point::new(115.48 + x / east, 35.24 + y / METRES_A_DEGREE).unwrap())
                .collect(),
        )
        .unwrap()
    }

    #[track_caller]
    fn shares(a: &Line, b: &Line, metres: f64) {
        for (a, b) in [(a, b), (b, a)] {
            let shared = a.shared_m(b);
            assert!((shared - metres).abs() < 0.5, "{shared} m, not {metres} m");
        }
    }

    #[test]
    fn a_line_shares_itself_with_itself_whatever_way_it_is_drawn() {
        let there = line(&[(0.0, 0.0), (100.0, 0.0), (200.0, 50.0)]);
        let back = line(&[(200.0, 50.0), (100.0, 0.0), (0.0, 0.0)]);
        assert!((there.shared_m(&back) - there.length_m()).abs() < 0.5);
    }

    #[test]
    fn a_short_work_inside_a_long_one_shares_its_whole_length() {
        let long = line(&[(0.0, 0.0), (1000.0, 0.0)]);
        shares(&long, &line(&[(500.0, 3.0), (510.0, 3.0)]), 10.0);
    }

    #[test]
    fn works_that_follow_each_other_share_nothing() {
        let first = line(&[(0.0, 0.0), (300.0, 0.0)]);
        shares(&first, &line(&[(300.0, 0.0), (600.0, 0.0)]), 0.0);
        shares(&first, &line(&[(300.0, 0.0), (300.0, 200.0)]), 0.0);
    }

    #[test]
    fn a_crossing_road_shares_nothing() {
        let road = line(&[(0.0, 0.0), (300.0, 0.0)]);
        shares(&road, &line(&[(150.0, -100.0), (150.0, 100.0)]), 0.0);
    }

    #[test]
    fn lines_side_by_side_share_up_to_the_width_of_a_carriageway() {
        let road = line(&[(0.0, 0.0), (300.0, 0.0)]);
        shares(&road, &line(&[(0.0, 14.9), (300.0, 14.9)]), 300.0);
        shares(&road, &line(&[(0.0, 15.1), (300.0, 15.1)]), 0.0);
    }

    #[test]
    fn a_survey_with_more_points_shares_the_same_road() {
        let road = line(&[(0.0, 0.0), (300.0, 0.0)]);
        let fine: Vec<(f64, f64)> = (0..=30).map(|i| (f64::from(i) * 10.0, 1.0)).collect();
        shares(&road, &line(&fine), 300.0);
    }

    #[test]
    fn a_line_off_the_earth_too_short_or_too_long_does_not_exist() {
        for (longitude, latitude) in [
            (180.1, 0.0),
            (0.0, -90.1),
            (f64::NAN, 0.0),
            (0.0, f64::INFINITY),
        ] {
            assert!(Point::new(longitude, latitude).is_err());
        }
        let at = |x: f64| Point::new(x, 0.0).unwrap();
        assert!(Line::new(vec![]).is_err());
        assert!(Line::new(vec![at(0.0)]).is_err());
        assert!(Line::new(vec![at(0.0), at(0.0)]).is_err());
        assert!(Line::new(vec![at(0.0), at(0.89)]).is_ok());
        assert!(Line::new(vec![at(0.0), at(0.91)]).is_err());
        assert!(Line::new((0..1001).map(|i| at(f64::from(i) * 1e-4)).collect()).is_err());
    }
}
