//! Two replicas of parking on the models of journal, bus and disk, of which neither sees what the other does.

use chassis::bus::model::Model as BusModel;
use chassis::clock::ManualClock;
use chassis::commands::Call;
use chassis::domain::{Actor, Channel, District, Transaction};
use chassis::journal::model::Model as JournalModel;
use chassis::projection::{MemoryDisk, Options};
use chassis::sealing::MemoryKeyStore;
use chassis::server::{Caller, Scopes};
use chassis::service::{Core, Foundation};
use chassis::testing::{self, reason};
use parking::api::Api;
use parking::domain::bay::{Bay, BayKind, ClosureSchedule};
use parking::domain::geometry::{ClosedSegment, Position, Side};
use parking::domain::ids::{BayId, OccupationId, TariffId, ZoneId};
use parking::domain::marking::{self, Marking};
use parking::domain::tariff::{self, SAMPLE_TARIFF};
use parking::domain::works::{self, Notice, Works};
use parking::domain::zone::{self, Zone, ZoneDetails, ZoneGrade};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tonic::{Request, Status};
use traffic_proto::parking::v1 as proto;
use traffic_proto::parking::v1::parking_management_service_server::ParkingManagementService;

/// Two replicas on one journal, which know of the zones `centre` and `north` and of a bay `b1` in `centre`.
struct Stage {
    journal: JournalModel,
    cores: [Core; 2],
    apis: [Api; 2],
}

/// What officers do at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    /// A bay `b2` is marked in `north`.
    Mark,
    /// The bay `b1` is moved to `north`.
    Move,
    /// The zone `north` is given up.
    GiveUp,
}

impl Stage {
    async fn new() -> Self {
        let clock = ManualClock::starting_at("2026-03-02T08:00:00+08:00".parse().expect("a time"));
        let journal = JournalModel::new(Arc::new(clock.clone()));
        let bus = BusModel::new();
        let cores = [(); 2].map(|()| replica(&journal, &bus, &clock));
        for core in &cores {
            core.projection.ready().await;
        }
        let call = Call::because("test", Channel::Api, "set up");
        let done = cores[0].commands.perform(call, set_up).await;
        let position = done.expect("set up").expect("something was to be done");
        for core in &cores {
            core.projection.reached(position).await;
        }
        let apis = [0, 1].map(|at| parking::assemble(&cores[at]));
        Self {
            journal,
            cores,
            apis,
        }
    }

    /// One deed at the first replica, then one at the second, which sees the first only when its own has failed.
    async fn race(&self, first: Deed, second: Deed) -> [Result<(), Status>; 2] {
        self.journal.hold_delivery();
        // The paused clock moves only when all that can run has run.
        let (first, second, ()) = tokio::join!(
            first.be_done(&self.apis[0]),
            async {
                tokio::time::sleep(Duration::from_millis(100)).await;
                second.be_done(&self.apis[1]).await
            },
            async {
                tokio::time::sleep(Duration::from_millis(200)).await;
                self.journal.deliver();
            }
        );
        [first, second]
    }

    /// The first replica hears of the permit `p1` and writes it down; answers where. It knows no bay yet that this concerns.
    async fn hear(&self, revision: u64, notice: Notice) -> u64 {
        let cause = format!("p1 at {revision}");
        let call = Call::because("test", Channel::Policy, &cause);
        let id = OccupationId::parse("p1").expect("a name");
        let noted = self.cores[0].commands.perform(call, move |tx| {
            works::take_note(tx, &id, revision, notice.clone())
        });
        noted.await.expect("noted").expect("it is news")
    }

    /// Waits until each replica shows a bay to be closed.
    async fn until_closed(&self, bay: &str) {
        for core in &self.cores {
            let closed = async {
                let mut applied = core.projection.watch_applied();
                loop {
                    applied.mark_unchanged();
                    let found = core.projection.get::<Bay>(bay).await.expect("ready");
                    if found.is_some_and(|found| found.state.is_closed()) {
                        return;
                    }
                    applied.changed().await.expect("the projection lives");
                }
            };
            let patience = Duration::from_secs(60);
            let closed = tokio::time::timeout(patience, closed).await;
            closed.expect("it is closed in time");
        }
    }

    /// How many bays `north` counts on each replica, if it is still there; which bays stand in it.
    async fn north(&self) -> (Option<u64>, Vec<&'static str>) {
        let [one, two] = &self.cores;
        let position = one.projection.applied().max(two.projection.applied());
        let mut told = Vec::new();
        for core in [one, two] {
            core.projection.reached(position).await;
            let zone = core.projection.get::<Zone>("north").await.expect("ready");
            let zone = zone.expect("opened").state;
            let mut standing = Vec::new();
            for id in ["b1", "b2"] {
                let bay = core.projection.get::<Bay>(id).await.expect("ready");
                if bay.is_some_and(|bay| bay.state.details.zone.as_str() == "north") {
                    standing.push(id);
                }
            }
            told.push(((!zone.retired).then_some(zone.bays), standing));
        }
        assert_eq!(told[0], told[1], "the replicas agree");
        told.remove(0)
    }
}

fn replica(journal: &JournalModel, bus: &BusModel, clock: &ManualClock) -> Core {
    let foundation = Foundation {
        journal: Arc::new(journal.clone()),
        bus: Arc::new(bus.clone()),
        person_keys: Arc::new(MemoryKeyStore::default()),
        projection: Options::in_memory(&MemoryDisk::new()),
        clock: Arc::new(clock.clone()),
    };
    // Nobody connects to this address and nothing is kept in this folder.
    let config = testing::config("nats://localhost:4222", Path::new("unused"));
    Core::on(foundation, parking::blueprint(), &config).expect("starts")
}

fn set_up(tx: &mut Transaction) -> Result<(), chassis::domain::Halt> {
    let (name, version) = tariff::parse_sample(SAMPLE_TARIFF).expect("the shipped sample is valid");
    let tariff = TariffId::parse("class-1").expect("a name");
    tariff::create(tx, &tariff, name, version)?;
    for zone in ["centre", "north"] {
        let details = ZoneDetails {
            display_name: zone.into(),
            grade: ZoneGrade::I,
            district: District::new(371_702).expect("six digits"),
            tariff: tariff.clone(),
        };
        zone::open(tx, &ZoneId::parse(zone).expect("a name"), details)?;
    }
    let marking = Marking {
        zone: ZoneId::parse("centre").expect("a name"),
        position: Position::new(35.24, 115.47).expect("a position"),
        kind: BayKind::Standard,
        label: "1".into(),
    };
    marking::mark(tx, &BayId::parse("b1").expect("a name"), marking, &[])
}

/// Works that take the street on which `b2` is marked, all day.
fn works_at_b2() -> Works {
    let at = |text: &str| text.parse::<jiff::Timestamp>().expect("a time");
    let end = |longitude| Position::new(35.24, longitude).expect("a position");
    let street = ClosedSegment::new(vec![end(115.479), end(115.481)], Side::Both, 10.0);
    let (from, until) = (
        at("2026-03-02T08:00:00+08:00"),
        at("2026-03-02T20:00:00+08:00"),
    );
    Works {
        segments: vec![street.expect("a line")],
        schedule: ClosureSchedule::new(from, until, None).expect("a time"),
    }
}

/// `b2`, marked by a replica that knows of no works there.
fn mark_b2(tx: &mut Transaction) -> Result<(), chassis::domain::Halt> {
    let marking = Marking {
        zone: ZoneId::parse("north").expect("a name"),
        position: Position::new(35.24, 115.48).expect("a position"),
        kind: BayKind::Standard,
        label: "2".into(),
    };
    marking::mark(tx, &BayId::parse("b2").expect("a name"), marking, &[])
}

impl Deed {
    async fn be_done(self, api: &Api) -> Result<(), Status> {
        let north = "zones/north".to_owned();
        match self {
            Self::Mark => {
                let request = proto::CreateBayRequest {
                    bay_id: "b2".into(),
                    bay: Some(proto::Bay {
                        zone: north,
                        position: Some(proto::GeoPoint {
                            latitude: 35.24,
                            longitude: 115.48,
                        }),
                        kind: proto::BayKind::Standard.into(),
                        ..Default::default()
                    }),
                    ..Default::default()
                };
                ParkingManagementService::create_bay(api, by_an_officer(request))
                    .await
                    .map(drop)
            }
            Self::Move => {
                let request = proto::UpdateBayRequest {
                    bay: Some(proto::Bay {
                        name: "bays/b1".into(),
                        zone: north,
                        ..Default::default()
                    }),
                    ..Default::default()
                };
                ParkingManagementService::update_bay(api, by_an_officer(request))
                    .await
                    .map(drop)
            }
            Self::GiveUp => {
                let request = proto::DeleteZoneRequest {
                    name: north,
                    ..Default::default()
                };
                ParkingManagementService::delete_zone(api, by_an_officer(request))
                    .await
                    .map(drop)
            }
        }
    }
}

/// A request that has passed the server's guard.
fn by_an_officer<M>(message: M) -> Request<M> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(Arc::new(Caller {
        actor: Actor {
            id: "officer:H1024".into(),
            districts: District::new(371_702).into_iter().collect(),
        },
        channel: Channel::Api,
        scopes: Scopes::All,
    }));
    request
}

#[tokio::test(start_paused = true)]
async fn a_zone_is_not_given_up_while_a_bay_is_brought_there() {
    for (bring, bay) in [(Deed::Mark, "b2"), (Deed::Move, "b1")] {
        let stage = Stage::new().await;
        let [brought, given_up] = stage.race(bring, Deed::GiveUp).await;
        brought.expect("it came first");
        let refused = given_up.expect_err("a bay stands there");
        let basis = "Beijing Motor Vehicle Parking Regulations art. 36(1)".to_owned();
        assert_eq!(reason(&refused), ("ZONE_HAS_BAYS".into(), Some(basis)));
        assert_eq!(stage.north().await, (Some(1), vec![bay]), "{bring:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_bay_is_brought_to_a_zone_while_it_is_given_up() {
    for bring in [Deed::Mark, Deed::Move] {
        let stage = Stage::new().await;
        let [given_up, brought] = stage.race(Deed::GiveUp, bring).await;
        given_up.expect("it came first");
        let refused = brought.expect_err("the zone is gone");
        assert_eq!(reason(&refused), ("ZONE_NOT_FOUND".into(), None));
        assert_eq!(stage.north().await, (None, vec![]), "{bring:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn bays_that_come_to_a_zone_at_the_same_time_all_count() {
    let stage = Stage::new().await;
    for done in stage.race(Deed::Mark, Deed::Move).await {
        done.expect("neither stands in the other's way");
    }
    assert_eq!(stage.north().await, (Some(2), vec!["b1", "b2"]));
}

#[tokio::test(start_paused = true)]
async fn a_bay_marked_while_its_road_is_given_back_is_not_closed_for_works_that_have_ended() {
    let stage = Stage::new().await;
    let granted = stage.hear(1, Notice::Granted(works_at_b2())).await;
    for core in &stage.cores {
        core.projection.reached(granted).await;
    }
    stage.journal.hold_delivery();
    stage.hear(2, Notice::Ended).await;
    // To the second replica the works go on.
    let (marked, ()) = tokio::join!(Deed::Mark.be_done(&stage.apis[1]), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        stage.journal.deliver();
    });
    marked.expect("nothing stands in the way");
    let commits = stage.cores[1].history::<Bay>("b2", 0, 100).await;
    let commits = commits.expect("the journal is there");
    assert!(!commits.is_empty());
    for stored in commits {
        let commit = String::from_utf8_lossy(&stored.payload).into_owned();
        assert!(!commit.contains("suspension_scheduled"), "{commit}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_bay_meets_works_unknown_where_it_was_marked_though_that_replica_does_no_more_about_it() {
    let stage = Stage::new().await;
    stage.journal.hold_delivery();
    stage.hear(1, Notice::Granted(works_at_b2())).await;
    let call = Call::because("test", Channel::Api, "b2");
    let marked = stage.cores[1].commands.perform(call, mark_b2).await;
    marked.expect("marked").expect("it is new");
    stage.journal.deliver();
    stage.until_closed("b2").await;
}
