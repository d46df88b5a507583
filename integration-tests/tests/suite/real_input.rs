//! Real work zones and real parking bays, if they are there: `../shared/data` beside the repository.

use integration_tests::replica::{eventually, http_get};
use integration_tests::workloads::parking;
use integration_tests::workloads::permits::{self, Stretch};
use integration_tests::{Service, Suite};
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use traffic_proto::parking::v1::{Availability, Bay, ListBaysRequest};
use traffic_proto::permits::v1::permit::Application;
use traffic_proto::permits::v1::{Line, Permit, Point, RoadSide};

/// The folder of real data, or `None` with a clear word.
fn data(part: &str) -> Option<PathBuf> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().skip(1);
    let found = above
        .map(|folder| folder.join("shared/data").join(part))
        .find(|path| path.is_dir());
    if found.is_none() {
        println!("skipped: there is no shared/data/{part} beside the repository");
    }
    found
}

/// Sends references to the schemas of geojson.org to the copies beside the others.
struct Local(PathBuf);

impl jsonschema::Retrieve for Local {
    fn retrieve(
        &self,
        uri: &jsonschema::Uri<String>,
    ) -> Result<serde_json::Value, Box<dyn std::error::Error + Send + Sync>> {
        let name = uri.path().as_str().rsplit('/').next().unwrap_or_default();
        let folder = match uri.as_str().contains("geojson.org") {
            true => self.0.join("geojson.org"),
            false => self.0.clone(),
        };
        Ok(serde_json::from_str(&fs::read_to_string(
            folder.join(name),
        )?)?)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn imported_work_zones_once_granted_are_served_as_a_valid_feed() {
    let Some(folder) = data("wzdx") else { return };
    let suite = Suite::start().await;
    let replica = suite.replica(Service::Permits).await;
    let mut granted = 0;
    for entry in fs::read_dir(folder.join("examples")).unwrap() {
        let path = entry.unwrap().path();
        let feed = fs::read_to_string(&path).unwrap();
        for (number, mut permit) in imported(&feed).into_iter().enumerate() {
            // Several examples stand on one road: each gets a road of its own.
            if let Some(Application::RoadOccupation(works)) = &mut permit.application
                && let Some(stretch) = &mut works.stretch
            {
                let file = path.file_stem().unwrap().to_string_lossy();
                stretch.roads.truncate(3);
                stretch.roads.push(format!("{file} {number}"));
            }
            permits::grant(&replica, permit)
                .await
                .unwrap_or_else(|refused| {
                    panic!(
                        "{}: {}",
                        path.display(),
                        integration_tests::status::describe(&refused)
                    )
                });
            granted += 1;
        }
    }
    assert!(granted >= 5, "every example has a work zone");

    let schemas = folder.join("schemas");
    let schema = fs::read_to_string(schemas.join("WorkZoneFeed.json")).unwrap();
    let validator = jsonschema::options()
        .with_retriever(Local(schemas))
        .build(&serde_json::from_str(&schema).unwrap())
        .unwrap();
    let feed = eventually("the feed holds them all", || async {
        let (status, body) = http_get(replica.http_address(), ::permits::wzdx::PATH)
            .await
            .unwrap();
        assert_eq!(status, 200);
        let feed: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let count = feed["features"].as_array().map_or(0, Vec::len);
        (count >= granted).then_some(feed)
    })
    .await;
    let problems: Vec<String> = validator
        .iter_errors(&feed)
        .map(|problem| format!("{}: {problem}", problem.instance_path()))
        .collect();
    assert!(problems.is_empty(), "{problems:#?}");
}

/// A feed's work zones as applications for works that begin in ten days, of which the public is told today.
#[expect(
    clippy::disallowed_methods,
    reason = "the services run on the machine's clock"
)]
fn imported(feed: &str) -> Vec<Permit> {
    let sample = permits::repair("Sample", Stretch::default());
    let today = jiff::tz::Offset::constant(8)
        .to_datetime(jiff::Timestamp::now())
        .date();
    let import = ::permits::wzdx::Import {
        district: sample.district.clone(),
        applicant: sample.applicant.clone().unwrap(),
        contact: sample.contact.clone().unwrap(),
        road_authority_consent: "RA-1".to_owned(),
        public_notice_on: Some(today),
        starting_on: Some(today.checked_add(jiff::Span::new().days(10)).unwrap()),
    };
    let parsed = ::permits::wzdx::parse(feed, &import).unwrap();
    let outcomes = parsed.into_iter().map(|one| one.outcome);
    outcomes
        // A detour occupies no road.
        .filter(|outcome| !matches!(outcome, Err(why) if why.contains("detour")))
        .map(|outcome| *outcome.unwrap().0)
        .collect()
}

/// Metres east and north of a first point to a second, on a plane: good to a centimetre within a few hundred metres.
fn metres(from: (f64, f64), to: (f64, f64)) -> (f64, f64) {
    const METRES_A_DEGREE: f64 = 111_195.0;
    let east = (to.0 - from.0) * METRES_A_DEGREE * from.1.to_radians().cos();
    let north = (to.1 - from.1) * METRES_A_DEGREE;
    (east, north)
}

/// How far a bay is from the line between two points, and whether it lies to its right. `None` beyond its ends.
fn beside(from: (f64, f64), to: (f64, f64), bay: (f64, f64)) -> Option<(f64, bool)> {
    let line = metres(from, to);
    let way = metres(from, bay);
    let length = line.0.hypot(line.1);
    let along = (line.0 * way.0 + line.1 * way.1) / length;
    let across = (line.0 * way.1 - line.1 * way.0) / length;
    (0.0..=length)
        .contains(&along)
        .then_some((across.abs(), across < 0.0))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_occupation_across_real_bays_closes_exactly_those_it_touches() {
    let Some(folder) = data("melbourne") else {
        return;
    };
    let file = fs::File::open(folder.join("parking_bays.csv")).unwrap();
    let bays = ::parking::bays::parse(file, &Default::default(), Some("suite")).unwrap();
    let mut rows: HashMap<String, Bay> = HashMap::new();
    for row in bays.rows {
        rows.insert(row.bay_id, row.bay.unwrap());
    }
    assert!(
        rows.len() > 3_000,
        "the file holds some three thousand bays"
    );
    let suite = Suite::start().await;
    let parking = suite.replica(Service::Parking).await;
    let permit = suite.replica(Service::Permits).await;
    let zones: BTreeSet<String> = rows.values().map(|bay| bay.zone.clone()).collect();
    let zones: Vec<&str> = zones.iter().map(String::as_str).collect();
    parking::city(&parking, &zones).await;
    let places: HashMap<String, (f64, f64)> = rows
        .iter()
        .map(|(id, bay)| {
            (
                id.clone(),
                bay.position.map(|p| (p.longitude, p.latitude)).unwrap(),
            )
        })
        .collect();
    parking::mark(&parking, rows.into_iter().collect()).await;

    // From one bay to the one that is about 80 m further: along whatever street they stand at.
    let mut ids: Vec<&String> = places.keys().collect();
    ids.sort();
    let from = places[ids[0]];
    let to = ids
        .iter()
        .map(|id| places[*id])
        .min_by_key(|place| {
            let (east, north) = metres(from, *place);
            #[expect(clippy::cast_possible_truncation, reason = "millimetres in a city")]
            let off = ((east.hypot(north) - 80.0).abs() * 1_000.0) as i64;
            off
        })
        .unwrap();
    // Both sides, wide enough for bays not quite on the line; none may lie so near the edge that rounding decides.
    let width = 4.0;
    let reach = width + 1.25;
    let distance = |place: &(f64, f64)| beside(from, to, *place).map(|(distance, _)| distance);
    let touched: BTreeSet<String> = places
        .iter()
        .filter(|(_, place)| distance(place).is_some_and(|distance| distance <= reach))
        .map(|(id, _)| id.clone())
        .collect();
    assert!(touched.len() >= 2, "there are bays along the line");

    let mut works = permits::repair("Swanston Street", Stretch::default());
    if let Some(Application::RoadOccupation(works)) = &mut works.application
        && let Some(stretch) = &mut works.stretch
    {
        let point = |(longitude, latitude)| Point {
            longitude,
            latitude,
        };
        stretch.line = Some(Line {
            points: vec![point(from), point(to)],
        });
        stretch.side = RoadSide::Both.into();
        stretch.width_cm = 400;
    }
    let works = permits::grant(&permit, works).await.unwrap();
    let closed = async || {
        let request = ListBaysRequest {
            page_size: 1_000,
            availability: Availability::Closed.into(),
            ..ListBaysRequest::default()
        };
        let listed = parking::management(&parking)
            .list_bays(request)
            .await
            .unwrap();
        let names = listed.into_inner().bays.into_iter().map(|bay| bay.name);
        names
            .map(|name| name.replacen("bays/", "", 1))
            .collect::<BTreeSet<_>>()
    };
    let first = eventually("bays closed", || async {
        let closed = closed().await;
        (closed.len() >= touched.len()).then_some(closed)
    })
    .await;
    assert_eq!(first, touched);
    permits::reopen(&permit, &works.name).await.unwrap();
    eventually("bays free again", || async {
        closed().await.is_empty().then_some(())
    })
    .await;
}
