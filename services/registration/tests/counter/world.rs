//! A city of a test's own: a bus, replicas of the service on it, accounts with tokens, a clock; synthetic samples.

use chassis::clock::ManualClock;
use chassis::domain::Channel as Through;
use chassis::domain::values::ResidentId;
use chassis::published::{EVENTS, ReceivedEvent};
use chassis::server::{Audience, Claims, TokenIssuer};
use chassis::service::Service;
use chassis::telemetry::Telemetry;
use chassis::testing::Bus;
use futures::StreamExt;
use std::sync::Arc;
use tempfile::TempDir;
use tonic::metadata::MetadataValue;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status};
use tonic_types::StatusExt;
use traffic_proto::registration::v1 as proto;
use traffic_proto::registration::v1::ebike_service_client::EbikeServiceClient;
use traffic_proto::registration::v1::kiosk_service_client::KioskServiceClient;
use traffic_proto::registration::v1::order_service_client::OrderServiceClient;
use traffic_proto::registration::v1::station_service_client::StationServiceClient;
use traffic_proto::registration::v1::vehicle_service_client::VehicleServiceClient;

pub(crate) struct City {
    pub(crate) bus: Bus,
    pub(crate) clock: ManualClock,
    issuer: TokenIssuer,
    folder: TempDir,
}

/// A replica of the service.
pub(crate) struct Replica {
    pub(crate) service: Service,
    folder: TempDir,
}

impl Replica {
    /// Returns once reads on this replica see everything written so far, through whatever replica.
    pub(crate) async fn caught_up(&self) {
        self.service.core.caught_up().await.unwrap();
    }

    /// Ends it without a word to anyone, as a power cut does; answers its folder.
    pub(crate) async fn stop(self) -> TempDir {
        self.service.stop().await;
        self.folder
    }
}

/// A channel that puts an account's token on each request.
pub(crate) type Line = InterceptedService<Channel, Bearer>;

#[derive(Clone)]
pub(crate) struct Bearer(MetadataValue<tonic::metadata::Ascii>);

impl tonic::service::Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request
            .metadata_mut()
            .insert("authorization", self.0.clone());
        Ok(request)
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
        // Monday.
        Self::start_at("2026-03-02T09:00:00+08:00").await
    }

    pub(crate) async fn start_at(now: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let issuer = TokenIssuer::generate("test").unwrap();
        let keys = issuer.key_set().to_string();
        std::fs::write(folder.path().join("keys.json"), keys).unwrap();
        Self {
            bus: Bus::start().await,
            clock: ManualClock::starting_at(now.parse().unwrap()),
            issuer,
            folder,
        }
    }

    pub(crate) async fn replica(&self) -> Replica {
        self.replica_in(tempfile::tempdir().unwrap()).await
    }

    /// A replica on a projection that is there already.
    pub(crate) async fn replica_in(&self, folder: TempDir) -> Replica {
        let mut config = self.bus.config(folder.path());
        config.auth.key_set_file = Some(self.folder.path().join("keys.json"));
        let telemetry = Telemetry::start(&config.telemetry, "registration").unwrap();
        let clock = Arc::new(self.clock.clone());
        let service = registration::start(&config, &telemetry, clock)
            .await
            .unwrap();
        service.core.projection.ready().await;
        Replica { service, folder }
    }

    async fn line(&self, replica: &Replica, account: Account) -> (Channel, Bearer) {
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
        let claims = Claims {
            sub: id.into(),
            iss: "traffic".into(),
            aud: Audience::One("traffic".into()),
            exp: 32_503_680_000,
            nbf: None,
            scope: scope.into(),
            districts,
            channel,
        };
        let token = format!("Bearer {}", self.issuer.sign(&claims).unwrap());
        let address = format!("http://{}", replica.service.running.grpc);
        let endpoint = Channel::from_shared(address).unwrap();
        let channel = endpoint.connect().await.unwrap();
        (channel, Bearer(token.parse().unwrap()))
    }

    pub(crate) async fn ebikes(&self, replica: &Replica) -> EbikeServiceClient<Line> {
        let (channel, bearer) = self.line(replica, Account::Station).await;
        EbikeServiceClient::with_interceptor(channel, bearer)
    }

    pub(crate) async fn stations(
        &self,
        replica: &Replica,
        account: Account,
    ) -> StationServiceClient<Line> {
        let (channel, bearer) = self.line(replica, account).await;
        StationServiceClient::with_interceptor(channel, bearer)
    }

    pub(crate) async fn vehicles(
        &self,
        replica: &Replica,
        account: Account,
    ) -> VehicleServiceClient<Line> {
        let (channel, bearer) = self.line(replica, account).await;
        VehicleServiceClient::with_interceptor(channel, bearer)
    }

    pub(crate) async fn orders(&self, replica: &Replica) -> OrderServiceClient<Line> {
        let (channel, bearer) = self.line(replica, Account::Provider).await;
        OrderServiceClient::with_interceptor(channel, bearer)
    }

    pub(crate) async fn kiosk(&self, replica: &Replica) -> KioskServiceClient<Line> {
        let (channel, bearer) = self.line(replica, Account::Kiosk).await;
        KioskServiceClient::with_interceptor(channel, bearer)
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

/// `reason` and `legal_basis` of a refusal.
pub(crate) fn reason(status: &Status) -> (String, Option<String>) {
    let details = status.get_error_details();
    let info = details.error_info().expect("every error says why");
    let basis = info.metadata.get("legal_basis").cloned();
    (info.reason.clone(), basis)
}

/// The fields that a refused request names.
pub(crate) fn fields(status: &Status) -> Vec<String> {
    let details = status.get_error_details();
    let violations = details
        .bad_request()
        .map(|bad| bad.field_violations.clone());
    violations
        .unwrap_or_default()
        .into_iter()
        .map(|violation| violation.field)
        .collect()
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
