//! A city with registration: who acts in the stories of counters, e-bikes and kiosks, and replicas with clients; synthetic
//! samples.

pub(crate) use chassis::testing::{Line, Replica, fields, reason};

use chassis::domain::Channel as Through;
use chassis::domain::values::ResidentId;
use chassis::published::{EVENTS, ReceivedEvent};
use chassis::testing::{self, Bus};
use futures::StreamExt;
use std::ops::{Deref, DerefMut};
use tempfile::TempDir;
use traffic_proto::registration::v1 as proto;
use traffic_proto::registration::v1::ebike_service_client::EbikeServiceClient;
use traffic_proto::registration::v1::kiosk_service_client::KioskServiceClient;
use traffic_proto::registration::v1::order_service_client::OrderServiceClient;
use traffic_proto::registration::v1::station_service_client::StationServiceClient;
use traffic_proto::registration::v1::vehicle_service_client::VehicleServiceClient;

pub(crate) struct City(testing::City);

impl Deref for City {
    type Target = testing::City;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for City {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

/// The accounts of the stories.
#[derive(Clone, Copy)]
pub(crate) enum Account {
    /// A station's counter.
    Station,
    /// An officer of the district who commissions stations.
    Officer,
    Kiosk,
    Provider,
}

impl City {
    pub(crate) async fn start() -> Self {
        Self(testing::City::start("registration").await)
    }

    pub(crate) async fn start_at(now: &str) -> Self {
        Self(testing::City::start_at("registration", now).await)
    }

    pub(crate) async fn replica(&self) -> Replica {
        self.0.replica(registration::start).await
    }

    /// A replica on a projection that is there already.
    pub(crate) async fn replica_in(&self, folder: TempDir) -> Replica {
        self.0.replica_in(folder, registration::start).await
    }

    async fn line(&self, replica: &Replica, account: Account) -> Line {
        let (id, scope, districts, channel) = match account {
            Account::Station => (
                "station:mudan-01",
                "registration.read registration.file registration.appoint",
                vec![],
                Some(Through::Station),
            ),
            Account::Officer => (
                "officer:A1",
                "registration.read registration.station registration.decide",
                vec![371_702],
                None,
            ),
            Account::Kiosk => (
                "kiosk:k1",
                "registration.read registration.kiosk",
                vec![],
                Some(Through::Kiosk),
            ),
            Account::Provider => (
                "provider:bank",
                "registration.read registration.pay registration.file",
                vec![],
                None,
            ),
        };
        let account = testing::Account {
            id: id.into(),
            scope,
            districts,
            channel,
        };
        self.0.line(replica, &account).await
    }

    pub(crate) async fn ebikes(&self, replica: &Replica) -> EbikeServiceClient<Line> {
        EbikeServiceClient::new(self.line(replica, Account::Station).await)
    }

    pub(crate) async fn stations(
        &self,
        replica: &Replica,
        account: Account,
    ) -> StationServiceClient<Line> {
        StationServiceClient::new(self.line(replica, account).await)
    }

    pub(crate) async fn vehicles(
        &self,
        replica: &Replica,
        account: Account,
    ) -> VehicleServiceClient<Line> {
        VehicleServiceClient::new(self.line(replica, account).await)
    }

    pub(crate) async fn orders(&self, replica: &Replica) -> OrderServiceClient<Line> {
        OrderServiceClient::new(self.line(replica, Account::Provider).await)
    }

    pub(crate) async fn kiosk(&self, replica: &Replica) -> KioskServiceClient<Line> {
        KioskServiceClient::new(self.line(replica, Account::Kiosk).await)
    }
}

/// What another agency reads: the first `count` published events whose subject matches, with their subjects on the bus.
pub(crate) async fn heard(bus: &Bus, filter: &str, count: usize) -> Vec<(String, ReceivedEvent)> {
    let jetstream = bus.jetstream().await;
    let events = jetstream.get_stream(EVENTS).await.unwrap();
    let config = async_nats::jetstream::consumer::pull::OrderedConfig {
        filter_subject: filter.into(),
        ..Default::default()
    };
    let consumer = events.create_consumer(config).await.unwrap();
    let messages = consumer.messages().await.unwrap().take(count);
    messages
        .map(|message| {
            let message = message.unwrap();
            let event = ReceivedEvent::parse(message.headers.as_ref(), message.payload.clone());
            (message.subject.to_string(), event.unwrap())
        })
        .collect()
        .await
}

pub(crate) fn time(text: &str) -> Option<pbjson_types::Timestamp> {
    let at: jiff::Timestamp = format!("{text}+08:00").parse().unwrap();
    Some(chassis::server::to_timestamp(at))
}

pub(crate) fn day(text: &str) -> Option<proto::Day> {
    Some(proto::Day { value: text.into() })
}

/// A resident identity number with a valid check character. Nobody has it: its district does not exist.
pub(crate) fn identity(number: u32) -> String {
    let digits = format!(
        "379999{}{:03}",
        19_500_101 + number / 1_000 * 10_000,
        number % 1_000
    );
    let check = ResidentId::check_character(digits.as_bytes()).unwrap();
    format!("{digits}{check}")
}

/// Somebody who does not exist.
pub(crate) fn owner(number: u32) -> Option<proto::Party> {
    let person = proto::Person {
        name: format!("样本{number}"),
        identity_number: identity(number),
        phone: "00000000000".into(),
        ..proto::Person::default()
    };
    Some(proto::Party {
        kind: Some(proto::party::Kind::Person(person)),
    })
}

/// A conforming e-bike of this frame and owner.
pub(crate) fn ebike(frame: u32, of: u32) -> proto::Ebike {
    proto::Ebike {
        frame_number: format!("1199018{frame:08}"),
        owner: owner(of),
        certificate: Some(proto::EbikeCertificate {
            standard: "GB 17761-2024".into(),
            number: format!("HGZ-{frame}"),
            make_day: day("2026-01-10"),
        }),
        origin: Some(proto::EbikeOrigin {
            kind: proto::EbikeOriginKind::Invoice.into(),
            number: format!("FP-{frame}"),
            day: day("2026-02-20"),
        }),
        district: "371702".into(),
        ..proto::Ebike::default()
    }
}

pub(crate) fn request_id(number: u128) -> String {
    uuid::Uuid::from_u128(0xE1_0000_0000_0000_7000_8000_0000_0000 + number).to_string()
}
