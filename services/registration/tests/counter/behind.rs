//! A kiosk that asks now one replica, now another, of which one is behind: on the models of journal and bus, where that is certain.

use crate::world::{ebike, identity};
use chassis::bus::model::Model as BusModel;
use chassis::clock::ManualClock;
use chassis::domain::{Actor, Channel};
use chassis::journal::Journal;
use chassis::journal::model::Model as JournalModel;
use chassis::projection::{MemoryDisk, Options};
use chassis::sealing::MemoryKeyStore;
use chassis::server::{Caller, Scopes};
use chassis::service::{Core, Foundation};
use chassis::testing;
use registration::api::kiosks::KioskApi;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tonic::Request;
use traffic_proto::registration::v1 as proto;
use traffic_proto::registration::v1::kiosk_business::Kind;
use traffic_proto::registration::v1::kiosk_service_server::KioskService;

/// A replica with a disk of its own on what all share.
async fn replica(
    journal: &JournalModel,
    keys: &Arc<MemoryKeyStore>,
    clock: &ManualClock,
) -> (Core, KioskApi) {
    let foundation = Foundation {
        journal: Arc::new(journal.clone()),
        bus: Arc::new(BusModel::new()),
        person_keys: Arc::<MemoryKeyStore>::clone(keys),
        projection: Options::in_memory(&MemoryDisk::new()),
        clock: Arc::new(clock.clone()),
    };
    // Nobody connects to this address and nothing is kept in this folder.
    let config = testing::config("nats://localhost:4222", Path::new("unused"));
    let core = Core::on(foundation, registration::blueprint(), &config).unwrap();
    core.projection.ready().await;
    let kiosks = registration::assemble(&core).kiosks;
    (core, kiosks)
}

fn by_kiosk<M>(message: M) -> Request<M> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(Arc::new(Caller {
        actor: Actor {
            id: "kiosk:k1".into(),
            districts: Vec::new(),
        },
        channel: Channel::Kiosk,
        scopes: Scopes::All,
    }));
    request
}

#[tokio::test(start_paused = true)]
async fn what_was_filed_through_another_replica_is_confirmed_with_a_plate() {
    let clock = ManualClock::starting_at("2026-03-02T09:00:00+08:00".parse().unwrap());
    let journal = JournalModel::new(Arc::new(clock.clone()));
    let keys = Arc::new(MemoryKeyStore::default());
    let (_, one) = replica(&journal, &keys, &clock).await;
    let (core, two) = replica(&journal, &keys, &clock).await;
    let open = proto::OpenKioskSessionRequest {
        kiosk: "k1".into(),
        district: "371702".into(),
        identity_number: identity(1),
        ..Default::default()
    };
    let opened = one.open_kiosk_session(by_kiosk(open)).await.unwrap();
    let name = opened.into_inner().name;
    let seen = journal.extent().await.unwrap().last;
    core.projection.reached(seen).await;
    // From here on the other knows of a session in which nothing is filed.
    journal.hold_delivery_after(seen);
    let file = proto::FileKioskBusinessRequest {
        name: name.clone(),
        business: Some(proto::KioskBusiness {
            kind: Some(Kind::EbikeRegistration(ebike(1, 1))),
        }),
        ..Default::default()
    };
    let filed = async { one.file_kiosk_business(by_kiosk(file)).await };
    let confirm = proto::ConfirmKioskReviewRequest {
        name,
        request_id: crate::world::request_id(1),
        ..Default::default()
    };
    let confirmed = async {
        // It is stored by now, though its answer waits for what is held.
        tokio::time::sleep(Duration::from_millis(100)).await;
        two.confirm_kiosk_review(by_kiosk(confirm)).await
    };
    let delivered = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        journal.deliver();
    };
    let (filed, confirmed, ()) = tokio::join!(filed, confirmed, delivered);
    filed.unwrap();
    let session = confirmed.unwrap().into_inner();
    assert_eq!(session.state(), proto::KioskSessionState::Confirmed);
}
