//! A city of a test's own: a bus, replicas of the service on it, accounts with tokens, a clock.

use chassis::clock::ManualClock;
use chassis::server::{Audience, Claims, TokenIssuer};
use chassis::service::Service;
use chassis::telemetry::Telemetry;
use chassis::testing::Bus;
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;
use tonic::metadata::MetadataValue;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status};
use tonic_types::StatusExt;
use traffic_proto::registration::v1::order_service_client::OrderServiceClient;
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
    _folder: TempDir,
}

impl Replica {
    /// Returns once reads on this replica see everything written so far, through whatever replica.
    pub(crate) async fn caught_up(&self) {
        self.service.core.caught_up().await.unwrap();
    }
}

pub(crate) type Client = VehicleServiceClient<InterceptedService<Channel, Bearer>>;

pub(crate) type Orders = OrderServiceClient<InterceptedService<Channel, Bearer>>;

/// Puts an account's token on each request.
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
        let folder = tempfile::tempdir().unwrap();
        let issuer = TokenIssuer::generate("test").unwrap();
        std::fs::write(
            folder.path().join("keys.json"),
            issuer.key_set().to_string(),
        )
        .unwrap();
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
        config.auth.key_set_file = Some(self.key_set_file());
        let telemetry = Telemetry::start(&config.telemetry, "registration").unwrap();
        let service = registration::start(&config, &telemetry, Arc::new(self.clock.clone()))
            .await
            .unwrap();
        service.core.projection.ready().await;
        Replica {
            service,
            _folder: folder,
        }
    }

    fn key_set_file(&self) -> PathBuf {
        self.folder.path().join("keys.json")
    }

    /// A client of one replica, acting for an account.
    pub(crate) async fn client(&self, replica: &Replica, account: Account) -> Client {
        let (channel, bearer) = self.line(replica, account).await;
        VehicleServiceClient::with_interceptor(channel, bearer)
    }

    /// The payment provider's client.
    pub(crate) async fn orders(&self, replica: &Replica) -> Orders {
        let (channel, bearer) = self.line(replica, Account::Provider).await;
        OrderServiceClient::with_interceptor(channel, bearer)
    }

    async fn line(&self, replica: &Replica, account: Account) -> (Channel, Bearer) {
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
        let claims = Claims {
            sub: id.into(),
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
        let channel = Channel::from_shared(address)
            .unwrap()
            .connect()
            .await
            .unwrap();
        (channel, Bearer(token.parse().unwrap()))
    }
}

/// `reason` and `legal_basis` of a refusal.
pub(crate) fn reason(status: &Status) -> (String, Option<String>) {
    let details = status.get_error_details();
    let info = details.error_info().expect("every error says why");
    (
        info.reason.clone(),
        info.metadata.get("legal_basis").cloned(),
    )
}

/// The fields that a refused request names.
pub(crate) fn fields(status: &Status) -> Vec<String> {
    let details = status.get_error_details();
    details
        .bad_request()
        .map(|bad| {
            bad.field_violations
                .iter()
                .map(|v| v.field.clone())
                .collect()
        })
        .unwrap_or_default()
}
