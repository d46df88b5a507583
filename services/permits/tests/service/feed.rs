//! The WZDx feed, out and in, against the official schema.

use crate::city::{Account, City, Replica};
use crate::samples::{company, create, person, works};
use crate::stories::{accepted, everything, reopen};
use permits::wzdx::{self, Import};
use serde_json::Value;
use std::path::{Path, PathBuf};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use traffic_proto::permits::v1 as proto;

/// Schemas and examples of the WZDx project, where they are present.
fn official() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/wzdx");
    let further = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data/wzdx");
    [beside, further].into_iter().find(|folder| folder.is_dir())
}

fn validator(folder: &Path) -> jsonschema::Validator {
    let read = |path: PathBuf| -> Value {
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    };
    let mut resources = Vec::new();
    for folder in [folder.join("schemas"), folder.join("schemas/geojson.org")] {
        for file in std::fs::read_dir(&folder).unwrap() {
            let path = file.unwrap().path();
            if path
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                let schema = read(path.clone());
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                let id = schema["$id"].as_str().map_or_else(
                    || format!("https://geojson.org/schema/{name}"),
                    str::to_owned,
                );
                resources.push((id, schema));
            }
        }
    }
    let mut registry = jsonschema::Registry::new();
    for (id, schema) in resources {
        registry = registry.add(id, schema).unwrap();
    }
    let registry = registry.prepare().unwrap();
    jsonschema::options()
        .with_registry(&registry)
        .build(&read(folder.join("schemas/WorkZoneFeed.json")))
        .unwrap()
}

#[track_caller]
fn is_valid(validator: &jsonschema::Validator, feed: &Value) {
    let errors: Vec<String> = validator
        .iter_errors(feed)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

async fn served(address: std::net::SocketAddr) -> Value {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET {} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n",
        wzdx::PATH
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(
        head.to_lowercase()
            .contains("content-type: application/geo+json"),
        "{head}"
    );
    serde_json::from_str(body).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_shows_what_is_granted_and_not_over() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut applicant = city.client(&replica, Account::Applicant).await;
    let mut reviewer = city.client(&replica, Account::Reviewer).await;
    applicant
        .create_permit(create(works("Road Not Granted")))
        .await
        .unwrap();
    let name = accepted(&mut applicant, &mut reviewer, works("Sample Road")).await;
    let approve = proto::ApprovePermitRequest {
        name: name.clone(),
        ..Default::default()
    };
    reviewer.approve_permit(approve).await.unwrap();
    replica.caught_up().await;
    let feed = served(replica.service.running.http).await;
    let features = feed["features"].as_array().unwrap();
    assert_eq!(features.len(), 1);
    let core = &features[0]["properties"]["core_details"];
    assert_eq!(core["road_names"], serde_json::json!(["Sample Road"]));
    assert_eq!(core["direction"], "eastbound");
    assert_eq!(features[0]["properties"]["event_status"], "planned");
    if let Some(folder) = official() {
        is_valid(&validator(&folder), &feed);
    } else {
        eprintln!("skipped: no WZDx schemas here");
    }

    let revoke = proto::RevokePermitRequest {
        name,
        ground: proto::RevocationGround::PublicInterest.into(),
        reason: "flood".into(),
        ..Default::default()
    };
    reviewer.revoke_permit(revoke).await.unwrap();
    replica.caught_up().await;
    let feed = served(replica.service.running.http).await;
    assert_eq!(feed["features"], serde_json::json!([]));
}

/// The status of each feature.
async fn statuses(replica: &Replica) -> Vec<Value> {
    replica.caught_up().await;
    let feed = served(replica.service.running.http).await;
    let features = feed["features"].as_array().unwrap().iter();
    features
        .map(|feature| feature["properties"]["event_status"].clone())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn works_that_have_begun_are_shown_until_the_road_reopens_permit_or_none_art_32() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut applicant = city.client(&replica, Account::Applicant).await;
    let mut reviewer = city.client(&replica, Account::Reviewer).await;
    let mut authority = city.client(&replica, Account::RoadAuthority).await;
    let name = accepted(&mut applicant, &mut reviewer, works("Sample Road")).await;
    let approve = proto::ApprovePermitRequest {
        name: name.clone(),
        ..Default::default()
    };
    reviewer.approve_permit(approve).await.unwrap();
    let suspend = || proto::SuspendPermitRequest {
        name: name.clone(),
        reason: "gas leak".into(),
        ..Default::default()
    };
    reviewer.suspend_permit(suspend()).await.unwrap();
    assert!(statuses(&replica).await.is_empty(), "nobody works");
    let resume = proto::ResumePermitRequest {
        name: name.clone(),
        reason: "all clear".into(),
        ..Default::default()
    };
    reviewer.resume_permit(resume).await.unwrap();

    city.clock.set("2026-03-10T08:00:00+08:00".parse().unwrap());
    let start = proto::StartWorkRequest {
        name: name.clone(),
        ..Default::default()
    };
    applicant.start_work(start).await.unwrap();
    reviewer.suspend_permit(suspend()).await.unwrap();
    assert_eq!(statuses(&replica).await, ["active"], "the road is closed");
    let revoke = proto::RevokePermitRequest {
        name: name.clone(),
        ground: proto::RevocationGround::PublicInterest.into(),
        reason: "flood".into(),
        ..Default::default()
    };
    reviewer.revoke_permit(revoke).await.unwrap();
    assert_eq!(statuses(&replica).await, ["active"], "it still is");
    let jetstream = city.bus.jetstream().await;
    let published = everything(&jetstream, "EVENTS", "events.permits.permit_revoked.>").await;
    let told_to_go_on = |event: &str| -> Vec<bool> {
        let subject = format!("events.permits.{event}.");
        let published = published.iter().filter(|text| text.starts_with(&subject));
        published
            .map(|text| text.contains(r#""useGoesOn":true"#))
            .collect()
    };
    assert_eq!(told_to_go_on("permit_suspended"), [false, true]);
    assert_eq!(told_to_go_on("permit_revoked"), [true]);

    let reopened = reopen(&name, &mut applicant, &mut authority, &mut reviewer).await;
    assert_eq!(reopened.state(), proto::PermitState::Revoked);
    assert!(statuses(&replica).await.is_empty(), "the road is open");
}

fn import() -> Import {
    Import {
        district: "371702".into(),
        applicant: company().unwrap(),
        contact: person().unwrap(),
        road_authority_consent: "SAMPLE-2026-1".into(),
        public_notice_on: Some("2026-03-02".parse().unwrap()),
        starting_on: Some("2026-03-10".parse().unwrap()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_examples_become_permits_and_their_feed_is_valid() {
    let Some(folder) = official() else {
        eprintln!("skipped: no WZDx examples here");
        return;
    };
    let city = City::start().await;
    let replica = city.replica().await;
    let mut applicant = city.client(&replica, Account::Applicant).await;
    let mut reviewer = city.client(&replica, Account::Reviewer).await;
    let mut granted = 0;
    let mut detours = 0;
    for file in std::fs::read_dir(folder.join("examples")).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for feature in wzdx::parse(&text, &import()).unwrap() {
            match feature.outcome {
                Ok((permit, request_id)) => {
                    let create = proto::CreatePermitRequest {
                        permit: Some(*permit),
                        request_id: request_id.to_string(),
                        validate_only: false,
                    };
                    let name = applicant
                        .create_permit(create.clone())
                        .await
                        .unwrap()
                        .into_inner()
                        .name;
                    // Imported again, it is the same permit.
                    assert_eq!(
                        applicant
                            .create_permit(create)
                            .await
                            .unwrap()
                            .into_inner()
                            .name,
                        name
                    );
                    let accept = proto::AcceptPermitRequest {
                        name: name.clone(),
                        ..Default::default()
                    };
                    reviewer.accept_permit(accept).await.unwrap();
                    let approve = proto::ApprovePermitRequest {
                        name,
                        ..Default::default()
                    };
                    reviewer.approve_permit(approve).await.unwrap();
                    granted += 1;
                }
                Err(why) => {
                    assert!(why.contains("detour"), "{why}");
                    detours += 1;
                }
            }
        }
    }
    assert_eq!((granted, detours), (13, 3));
    replica.caught_up().await;
    let feed = served(replica.service.running.http).await;
    assert_eq!(feed["features"].as_array().unwrap().len(), 13);
    is_valid(&validator(&folder), &feed);
}

#[test]
fn a_feature_that_cannot_be_read_says_why_and_the_others_are_read() {
    let feature = |id: &str, direction: &str| {
        serde_json::json!({
            "id": id, "type": "Feature",
            "properties": {
                "core_details": {
                    "data_source_id": "1", "event_type": "work-zone",
                    "road_names": ["Sample Road"], "direction": direction
                },
                "start_date": "2026-03-10T00:00:00Z", "end_date": "2026-03-11T00:00:00Z",
                "vehicle_impact": "some-lanes-closed", "location_method": "unknown"
            },
            "geometry": { "type": "LineString", "coordinates": [[115.48, 35.24], [115.49, 35.24]] }
        })
    };
    let mut broken = feature("c", "northbound");
    broken["properties"]["start_date"] = "yesterday".into();
    let feed = serde_json::json!({
        "type": "FeatureCollection",
        "features": [feature("a", "northbound"), feature("b", "unknown"), broken, 7]
    });
    let read = wzdx::parse(&feed.to_string(), &import()).unwrap();
    let good: Vec<bool> = read.iter().map(|feature| feature.outcome.is_ok()).collect();
    assert_eq!(good, [true, false, false, false]);
    assert_eq!(read[3].feature_id, "features[3]");
    for bad in ["", "[]", "{}", "{\"features\": 7}"] {
        assert!(wzdx::parse(bad, &import()).is_err(), "{bad}");
    }
}
