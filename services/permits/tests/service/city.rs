//! A city with permits: who acts in the stories, and replicas with clients.

pub(crate) use chassis::testing::{Replica, fields, reason};

use chassis::clock::Clock;
use chassis::config::Config;
use chassis::service::Started;
use chassis::telemetry::Telemetry;
use chassis::testing::{self, Line};
use std::ops::Deref;
use std::sync::Arc;
use traffic_proto::permits::v1::permit_service_client::PermitServiceClient;

pub(crate) struct City(testing::City);

impl Deref for City {
    type Target = testing::City;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

pub(crate) type Client = PermitServiceClient<Line>;

/// The accounts of the stories: what they may do, and where.
#[derive(Clone, Copy)]
pub(crate) enum Account {
    Applicant,
    OtherApplicant,
    Reviewer,
    ReviewerElsewhere,
    RoadAuthority,
    Agency,
}

impl City {
    pub(crate) async fn start() -> Self {
        Self(testing::City::start("permits").await)
    }

    pub(crate) async fn replica(&self) -> Replica {
        self.0.replica(permits::start).await
    }

    /// A replica that is told to whom decisions of Mudan district can be taken.
    pub(crate) async fn replica_with_remedies(&self) -> Replica {
        self.0.replica(start_with_remedies).await
    }

    /// A client of one replica, acting for an account.
    pub(crate) async fn client(&self, replica: &Replica, account: Account) -> Client {
        let (id, scope, districts) = match account {
            Account::Applicant => (
                "partner:works",
                "permits.read permits.write permits.use",
                vec![],
            ),
            Account::OtherApplicant => (
                "partner:pipes",
                "permits.read permits.write permits.use",
                vec![],
            ),
            Account::Reviewer => (
                "officer:A1",
                "permits.read permits.read_all permits.decide permits.accept permits.escort",
                vec![371_702],
            ),
            Account::ReviewerElsewhere => (
                "officer:B1",
                "permits.read permits.read_all permits.decide",
                vec![371_721],
            ),
            Account::RoadAuthority => (
                "authority:R1",
                "permits.read permits.read_all permits.accept",
                vec![371_702],
            ),
            Account::Agency => ("agency:E1", "permits.read permits.read_all", vec![]),
        };
        let account = testing::Account {
            id: id.into(),
            scope,
            districts,
            channel: None,
        };
        PermitServiceClient::new(self.line(replica, &account).await)
    }
}

async fn start_with_remedies(
    config: &Config,
    telemetry: &Telemetry,
    clock: Arc<dyn Clock>,
) -> Started {
    let mut config = config.clone();
    let remedies = "remedies = [{ district = 371702, government = \"示例区人民政府\", court = \"示例区人民法院\" }]";
    config.service = toml::from_str(remedies).unwrap();
    permits::start(&config, telemetry, clock).await
}
