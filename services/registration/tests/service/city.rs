//! A city with registration: who acts in the stories of vehicles, and replicas with clients.

pub(crate) use chassis::testing::{Replica, fields, reason};

use chassis::testing::{self, Line};
use std::ops::Deref;
use traffic_proto::registration::v1::order_service_client::OrderServiceClient;
use traffic_proto::registration::v1::vehicle_service_client::VehicleServiceClient;

pub(crate) struct City(testing::City);

impl Deref for City {
    type Target = testing::City;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

pub(crate) type Client = VehicleServiceClient<Line>;

pub(crate) type Orders = OrderServiceClient<Line>;

/// The accounts of the stories: what they may do, and where.
#[derive(Clone, Copy)]
pub(crate) enum Account {
    Dealer,
    Owner,
    Officer,
    PlateMaker,
    Court,
    Agency,
    Provider,
}

impl City {
    pub(crate) async fn start() -> Self {
        Self(testing::City::start("registration").await)
    }

    pub(crate) async fn replica(&self) -> Replica {
        self.0.replica(registration::start).await
    }

    /// A client of one replica, acting for an account.
    pub(crate) async fn client(&self, replica: &Replica, account: Account) -> Client {
        VehicleServiceClient::new(self.line(replica, account).await)
    }

    /// The payment provider's client.
    pub(crate) async fn orders(&self, replica: &Replica) -> Orders {
        OrderServiceClient::new(self.line(replica, Account::Provider).await)
    }

    async fn line(&self, replica: &Replica, account: Account) -> Line {
        let (id, scope, districts) = match account {
            Account::Dealer => (
                "partner:dealer",
                "registration.read registration.file",
                vec![],
            ),
            Account::Owner => ("citizen:1", "registration.read registration.file", vec![]),
            Account::Officer => (
                "officer:V1",
                "registration.read registration.decide",
                vec![371_702],
            ),
            Account::PlateMaker => (
                "maker:P1",
                "registration.read registration.plates",
                vec![371_700],
            ),
            Account::Court => (
                "court:J1",
                "registration.read registration.hold",
                vec![371_700],
            ),
            Account::Provider => (
                "provider:bank",
                "registration.read registration.pay",
                vec![],
            ),
            Account::Agency => ("agency:E1", "registration.read", vec![]),
        };
        let account = testing::Account {
            id: id.into(),
            scope,
            districts,
            channel: None,
        };
        self.0.line(replica, &account).await
    }
}
