//! A city with enforcement: who acts in the stories, and replicas with clients; synthetic samples.

pub(crate) use chassis::testing::{Line, Replica, fields, reason};

use chassis::testing;
use std::ops::Deref;
use traffic_proto::enforcement::v1 as proto;

pub(crate) struct City(testing::City);

impl Deref for City {
    type Target = testing::City;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// The accounts of the stories.
#[derive(Clone, Copy)]
pub(crate) enum Account {
    Camera,
    Officer,
    /// Reviews decisions before they are made.
    LegalReviewer,
    /// The driver of the samples.
    Citizen,
    /// Somebody else.
    Stranger,
}

impl City {
    pub(crate) async fn start() -> Self {
        Self(testing::City::start("enforcement").await)
    }

    pub(crate) async fn replica(&self) -> Replica {
        self.0.replica(enforcement::start).await
    }

    pub(crate) async fn line(&self, replica: &Replica, account: Account) -> Line {
        self.0.line(replica, &account.at(replica)).await
    }
}

impl Account {
    /// The service knows citizens by seals of its own.
    pub(crate) fn at(self, replica: &Replica) -> testing::Account {
        let person = |number| {
            let sealer = &replica.service.core.sealer;
            format!("person:{}", sealer.person("resident-id", number))
        };
        let (id, scope, districts) = match self {
            Account::Camera => ("device:CAM1".to_owned(), "enforcement.record", vec![]),
            Account::Officer => (
                "officer:A1".to_owned(),
                "enforcement.read enforcement.record enforcement.review enforcement.handle enforcement.decide \
                 enforcement.pay enforcement.education enforcement.hazard enforcement.persuade",
                vec![371_702],
            ),
            Account::LegalReviewer => (
                "officer:L2".to_owned(),
                "enforcement.read enforcement.legal",
                vec![371_702],
            ),
            Account::Citizen => (person(DRIVER), CITIZEN_SCOPES, vec![]),
            Account::Stranger => (person("44011320141005001X"), CITIZEN_SCOPES, vec![]),
        };
        testing::Account {
            id,
            scope,
            districts,
            channel: None,
        }
    }
}

pub(crate) fn time(text: &str) -> Option<pbjson_types::Timestamp> {
    let at: jiff::Timestamp = format!("{text}+08:00").parse().unwrap();
    Some(chassis::server::to_timestamp(at))
}

pub(crate) fn day(text: &str) -> Option<proto::Day> {
    Some(proto::Day { value: text.into() })
}

const DRIVER: &str = "360426199101010071";
const CITIZEN_SCOPES: &str = "enforcement.read enforcement.party";

/// A driver who does not exist.
pub(crate) fn driver() -> Option<proto::Party> {
    Some(proto::Party {
        name: "样本甲".into(),
        identity_number: DRIVER.into(),
        licence: Some(proto::LicenceFacts {
            first_issued: day("2015-06-01"),
            large_vehicles: false,
        }),
        ..proto::Party::default()
    })
}

/// A camera's record of a red light run on Sunday.
pub(crate) fn red_light() -> proto::Violation {
    use proto::source::Kind;
    proto::Violation {
        source: Some(proto::Source {
            kind: Some(Kind::Device(proto::Device {
                number: "CAM-0001".into(),
                verified_until: day("2026-12-31"),
                published: true,
                ..proto::Device::default()
            })),
        }),
        place: place(),
        act: Some(proto::Act {
            conduct: proto::Conduct::RedLight.into(),
            road: proto::Road::Other.into(),
            ..proto::Act::default()
        }),
        act_time: time("2026-03-01T10:00:00"),
        plate: "鲁R12345".into(),
        evidence: vec!["a".repeat(64)],
        ..proto::Violation::default()
    }
}

pub(crate) fn place() -> Option<proto::Place> {
    Some(proto::Place {
        district: "371702".into(),
        road: "Sample Road, km 3".into(),
        point: None,
    })
}
