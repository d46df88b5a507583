//! Files that people bring: feeds of road works, lists of bays and of e-bikes, tariffs.

use jiff::Timestamp;
use parking::bays::{Columns, PositionColumns};
use parking::domain::rates::RateTable;
use parking::domain::tariff::parse_sample;
use parking::domain::vehicle::VehicleClass;
use permits::wzdx;
use registration::ebike_file::Lines;
use traffic_proto::permits::v1 as proto;
use uuid::Uuid;

fn import() -> wzdx::Import {
    wzdx::Import {
        district: "371702".into(),
        applicant: proto::Organisation::default(),
        contact: proto::Person::default(),
        road_authority_consent: "样本-1".into(),
        public_notice_on: None,
        starting_on: Some("2026-03-02".parse().expect("a day")),
    }
}

/// The request ids of a feed's applications; `None` where a feature is no application.
fn request_ids(feed: &str) -> Option<Vec<Option<Uuid>>> {
    let features = wzdx::parse(feed, &import()).ok()?;
    let id = |imported: &wzdx::Imported| imported.outcome.as_ref().ok().map(|(_, id)| *id);
    Some(features.iter().map(id).collect())
}

/// A feed of road works (WZDx). A feature that is read twice is the same request.
pub fn work_zones(bytes: &[u8]) -> bool {
    let feed = String::from_utf8_lossy(bytes);
    let ids = request_ids(&feed);
    assert_eq!(ids, request_ids(&feed));
    ids.is_some_and(|ids| ids.iter().any(Option::is_some))
}

/// Latitude and longitude in columns of their own, which here are the same one, and all columns that a file may have.
fn all_columns() -> Columns {
    Columns {
        position: PositionColumns::Two {
            latitude: "Location".into(),
            longitude: "Location".into(),
        },
        kind: Some("Status_Description".into()),
        label: Some("KerbsideID".into()),
        ..Columns::default()
    }
}

/// A list of bays (CSV). Every bay that is read has an id, and a zone that is told.
pub fn bays(bytes: &[u8]) -> bool {
    let mut understood = false;
    for columns in [Columns::default(), all_columns()] {
        let Ok(bays) = parking::bays::parse(bytes, &columns, Some("rest")) else {
            continue;
        };
        for row in &bays.rows {
            let zone = row.bay.as_ref().map_or("", |bay| bay.zone.as_str());
            let id = zone.strip_prefix("zones/").unwrap_or_default();
            assert!(bays.zones.contains(id), "{zone}");
            assert!(!row.bay_id.is_empty());
        }
        understood |= !bays.rows.is_empty();
    }
    understood
}

/// A list of e-bikes (CSV). The rows of a file are numbered upwards, no more than it has lines, and read twice are the
/// same requests.
pub fn ebikes(bytes: &[u8]) -> bool {
    let Ok(lines) = Lines::read(bytes) else {
        return false;
    };
    let lines: Vec<_> = lines.collect();
    assert!(lines.len() <= bytes.len());
    assert!(lines.is_sorted_by(|one, next| one.number < next.number));
    let again = Lines::read(bytes).expect("what was read can be read");
    assert!(again.eq(lines.iter().cloned()));
    let mut understood = false;
    for line in &lines {
        let Ok(row) = &line.row else { continue };
        assert_eq!(u64::try_from(row.row), Ok(line.number));
        assert!(row.ebike.is_some());
        assert!(Uuid::try_parse(&row.request_id).is_ok());
        understood = true;
    }
    understood
}

/// The first second of 1950, and the seconds until the end of 2099.
const FIRST: i64 = -631_152_000;
const SPAN: u64 = 4_733_510_400;

/// When somebody came, and until when he stayed: a comment in the first line says it, `# 1767225600 5400`.
fn stay(text: &str) -> (Timestamp, Timestamp) {
    let line = text.lines().next().unwrap_or_default();
    let words = line.split_ascii_whitespace();
    let mut numbers = words.filter_map(|word| word.parse::<u64>().ok());
    let arrived = FIRST + (numbers.next().unwrap_or(0) % SPAN).cast_signed();
    let stayed = i64::from(u32::try_from(numbers.next().unwrap_or(0)).unwrap_or(u32::MAX));
    let at = |second| Timestamp::from_second(second).expect("within what a timestamp can tell");
    (at(arrived), at(arrived + stayed))
}

/// A tariff (TOML). Whatever is read prices every stay, in order and in a bounded number of lines.
pub fn tariffs(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Ok((_, version)) = parse_sample(&text) else {
        return false;
    };
    let (from, until) = stay(&text);
    for class in [VehicleClass::Small, VehicleClass::Large] {
        let lines = version.rates.charge(from, until, class).lines;
        assert!(lines.len() <= RateTable::MAX_LINES);
        assert!(lines.iter().all(|line| line.from < line.until));
        assert!(lines.windows(2).all(|pair| pair[0].until <= pair[1].from));
    }
    true
}
