//! A city of a test's own: a bus, replicas of the service on it, accounts with tokens, a clock; synthetic samples.

use chassis::clock::ManualClock;
use chassis::server::{Audience, Claims, TokenIssuer};
use chassis::service::Service;
use chassis::telemetry::Telemetry;
use chassis::testing::Bus;
use std::sync::Arc;
use tempfile::TempDir;
use tonic::metadata::MetadataValue;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status};
use tonic_types::StatusExt;
use traffic_proto::enforcement::v1 as proto;

pub(crate) struct City {
    pub(crate) bus: Bus,
    pub(crate) clock: ManualClock,
    issuer: TokenIssuer,
    folder: TempDir,
}

/// A replica of the service.
pub(crate) struct Replica {
    pub(crate) service: Service,
    _folder: TempDir,
}

impl Replica {
    /// Returns once reads on this replica see everything written so far, through whatever replica.
    pub(crate) async fn caught_up(&self) {
        self.service.core.caught_up().await.unwrap();
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
        let folder = tempfile::tempdir().unwrap();
        let issuer = TokenIssuer::generate("test").unwrap();
        let keys = issuer.key_set().to_string();
        std::fs::write(folder.path().join("keys.json"), keys).unwrap();
        Self {
            bus: Bus::start().await,
            // Monday.
            clock: ManualClock::starting_at("2026-03-02T09:00:00+08:00".parse().unwrap()),
            issuer,
            folder,
        }
    }

    pub(crate) async fn replica(&self) -> Replica {
        let folder = tempfile::tempdir().unwrap();
        let mut config = self.bus.config(folder.path());
        config.auth.key_set_file = Some(self.folder.path().join("keys.json"));
        let telemetry = Telemetry::start(&config.telemetry, "enforcement").unwrap();
        let clock = Arc::new(self.clock.clone());
        let service = enforcement::start(&config, &telemetry, clock)
            .await
            .unwrap();
        service.core.projection.ready().await;
        Replica {
            service,
            _folder: folder,
        }
    }

    pub(crate) async fn line(&self, replica: &Replica, account: Account) -> (Channel, Bearer) {
        let person = |number| {
            let sealer = &replica.service.core.sealer;
            format!("person:{}", sealer.person("resident-id", number))
        };
        let (id, scope, districts) = match account {
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
        let claims = Claims {
            sub: id,
            iss: "traffic".into(),
            aud: Audience::One("traffic".into()),
            exp: 32_503_680_000,
            nbf: None,
            scope: scope.into(),
            districts,
            channel: None,
        };
        let token = format!("Bearer {}", self.issuer.sign(&claims).unwrap());
        let address = format!("http://{}", replica.service.running.grpc);
        let endpoint = Channel::from_shared(address).unwrap();
        let channel = endpoint.connect().await.unwrap();
        (channel, Bearer(token.parse().unwrap()))
    }
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
