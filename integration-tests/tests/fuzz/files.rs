//! Files that people bring: feeds of road works, lists of bays, tariffs.

use crate::recipe::{damaged, damaged_text, recipe};
use jiff::Timestamp;
use parking::bays::{Columns, PositionColumns};
use parking::domain::rates::RateTable;
use parking::domain::tariff::{SAMPLE_TARIFF, parse_sample};
use parking::domain::vehicle::VehicleClass;
use permits::wzdx;
use proptest::prelude::*;
use traffic_proto::permits::v1 as proto;

const FEED: &str = include_str!("../../../services/trafficctl/tests/data/two-work-zones.geojson");
const BAYS: &[u8] = include_bytes!("../../../services/trafficctl/tests/data/bays.csv");

fn import() -> wzdx::Import {
    wzdx::Import {
        district: "371702".into(),
        applicant: proto::Organisation::default(),
        contact: proto::Person::default(),
        road_authority_consent: "样本-1".into(),
        public_notice_on: None,
        starting_on: Some("2026-03-02".parse().unwrap()),
    }
}

/// The request ids of a feed's applications; `None` where a feature is no application.
fn request_ids(feed: &str) -> Option<Vec<Option<uuid::Uuid>>> {
    let features = wzdx::parse(feed, &import()).ok()?;
    let id = |imported: &wzdx::Imported| imported.outcome.as_ref().ok().map(|(_, id)| *id);
    Some(features.iter().map(id).collect())
}

/// Latitude and longitude in columns of their own, which here are the same one.
fn two_columns() -> Columns {
    Columns {
        position: PositionColumns::Two {
            latitude: "Location".into(),
            longitude: "Location".into(),
        },
        ..Columns::default()
    }
}

/// The first second of 1950, and the seconds until the end of 2099.
const FIRST: i64 = -631_152_000;
const SPAN: i64 = 4_733_510_400;

#[test]
fn the_samples_are_whole() {
    assert!(request_ids(FEED).unwrap().iter().all(Option::is_some));
    let bays = parking::bays::parse(BAYS, &Columns::default(), None).unwrap();
    assert!(!bays.rows.is_empty());
    assert!(parse_sample(SAMPLE_TARIFF).is_ok());
}

proptest! {
    #[test]
    fn a_feature_read_twice_is_the_same_request(recipe in recipe()) {
        let feed = damaged_text(FEED, &recipe);
        prop_assert_eq!(request_ids(&feed), request_ids(&feed));
    }

    #[test]
    fn every_bay_that_is_read_has_an_id_and_a_zone_that_is_told(recipe in recipe()) {
        let file = damaged(BAYS, &recipe);
        for columns in [Columns::default(), two_columns()] {
            let Ok(bays) = parking::bays::parse(file.as_slice(), &columns, Some("rest")) else {
                continue;
            };
            for row in &bays.rows {
                let zone = row.bay.as_ref().map_or("", |bay| bay.zone.as_str());
                let id = zone.strip_prefix("zones/").unwrap_or_default();
                prop_assert!(bays.zones.contains(id), "{}", zone);
                prop_assert!(!row.bay_id.is_empty());
            }
        }
    }

    #[test]
    fn whatever_tariff_is_read_prices_every_stay_in_order(
        recipe in recipe(), arrived in 0..SPAN, stay in any::<u32>()
    ) {
        if let Ok((_, version)) = parse_sample(&damaged_text(SAMPLE_TARIFF, &recipe)) {
            let at = |second| Timestamp::from_second(FIRST + second).unwrap();
            let (from, until) = (at(arrived), at(arrived + i64::from(stay)));
            for class in [VehicleClass::Small, VehicleClass::Large] {
                let lines = version.rates.charge(from, until, class).lines;
                prop_assert!(lines.len() <= RateTable::MAX_LINES);
                prop_assert!(lines.iter().all(|line| line.from < line.until));
                prop_assert!(lines.windows(2).all(|pair| pair[0].until <= pair[1].from));
            }
        }
    }
}
