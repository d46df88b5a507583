//! A projection that is not what the journal says is found out.

use crate::harness::{Up, json_lines};
use chassis::clock::SystemClock;
use chassis::domain::Aggregate;
use chassis::projection::{Broken, Change, Definition, Rows};
use chassis::service::{Blueprint, Core};
use chassis::telemetry::Telemetry;
use permits::domain::permit::Permit;
use permits::domain::registers::{ApplicantStanding, DriverStanding, VehicleRecord};
use permits::domain::road_calendar::RoadCalendar;
use std::sync::Arc;

fn nothing<A: Aggregate>(_: &Change<'_, A>, _: &mut Rows<'_>) -> Result<(), Broken> {
    Ok(())
}

/// Permits with a projection that has lost its index.
fn without_index() -> Blueprint {
    Blueprint {
        projection: Definition::new(1)
            .aggregate::<Permit>(nothing)
            .aggregate::<RoadCalendar>(nothing)
            .aggregate::<DriverStanding>(nothing)
            .aggregate::<VehicleRecord>(nothing)
            .aggregate::<ApplicantStanding>(nothing),
        timer: None,
        ..permits::blueprint()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_altered_projection_differs_from_a_fresh_rebuild_and_from_a_sound_replica() {
    let up = Up::start(&["--ephemeral"]);
    let folder = tempfile::tempdir().unwrap();
    let config = chassis::testing::config(&up.text("/nats"), folder.path());
    let telemetry = Telemetry::start(&config.telemetry, "permits").unwrap();
    let core = Core::start(without_index(), &config, Arc::new(SystemClock))
        .await
        .unwrap();
    core.projection.ready().await;
    let altered = core.server(&config, &telemetry).start().await.unwrap();
    let address = altered.grpc.to_string();
    let sound = up.text("/services/permits/grpc");

    let verify = ["projection", "verify", "permits", "--replica"];
    for replicas in [
        &[address.as_str()][..],
        &[sound.as_str(), "--replica", &address],
    ] {
        let arguments = [&verify, replicas].concat();
        // Tokens of the one are no tokens of the other.
        let output = tokio::task::block_in_place(|| up.run_anonymous(&arguments));
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(
            stderr.contains(&address) && stderr.contains("differs"),
            "{stderr}"
        );
        assert_eq!(json_lines(&output)[0]["equal"], false);
    }
    altered.shutdown().await;
    core.stop().await;
}
