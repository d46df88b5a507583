//! A city of a test's own: a bus, replicas of one service on it, a clock that stands still, accounts with tokens.

use super::Bus;
use crate::clock::{Clock, ManualClock};
use crate::config::Config;
use crate::domain;
use crate::server::{Audience, Claims, TokenIssuer};
use crate::service::{Service, Started};
use crate::telemetry::Telemetry;
use std::sync::Arc;
use tempfile::TempDir;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status};
use tonic_types::StatusExt;

/// Claims of tokens that are good for as long as any test.
const EXPIRY: i64 = 32_503_680_000;

/// A city with one service.
#[derive(Debug)]
pub struct City {
    pub bus: Bus,
    pub clock: ManualClock,
    service: &'static str,
    issuer: TokenIssuer,
    /// Where the key set is.
    folder: TempDir,
}

/// A replica of the service, with a projection of its own.
#[derive(Debug)]
pub struct Replica {
    pub service: Service,
    /// Of its projection.
    pub folder: TempDir,
}

/// Who acts, and what he may.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// `officer:A1`
    pub id: String,
    /// Separated by blanks.
    pub scope: &'static str,
    /// Empty: not bound to any.
    pub districts: Vec<u32>,
    pub channel: Option<domain::Channel>,
}

/// A connection to a replica that puts an account's token on each request.
pub type Line = InterceptedService<Channel, Bearer>;

/// Puts a token on each request.
#[derive(Clone, Debug)]
pub struct Bearer(MetadataValue<Ascii>);

impl Bearer {
    pub fn put_on<M>(&self, request: &mut Request<M>) {
        let metadata = request.metadata_mut();
        metadata.insert("authorization", self.0.clone());
    }
}

impl tonic::service::Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        self.put_on(&mut request);
        Ok(request)
    }
}

impl City {
    /// On Monday, 2 March 2026, at nine in the morning.
    ///
    /// # Panics
    /// As [`Bus::start`].
    pub async fn start(service: &'static str) -> Self {
        Self::start_at(service, "2026-03-02T09:00:00+08:00").await
    }

    /// # Panics
    /// As [`Bus::start`], and if `now` is no time.
    pub async fn start_at(service: &'static str, now: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let issuer = TokenIssuer::generate("test").expect("a key");
        let keys = issuer.key_set().to_string();
        std::fs::write(folder.path().join("keys.json"), keys).expect("written");
        Self {
            bus: Bus::start().await,
            clock: ManualClock::starting_at(now.parse().expect("a time")),
            service,
            issuer,
            folder,
        }
    }

    /// A replica on an empty projection; returns once it serves.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn replica<S>(&self, start: S) -> Replica
    where
        S: AsyncFn(&Config, &Telemetry, Arc<dyn Clock>) -> Started,
    {
        let folder = tempfile::tempdir().expect("a folder");
        self.replica_in(folder, start).await
    }

    /// A replica on a projection that is there already; returns once it serves.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn replica_in<S>(&self, folder: TempDir, start: S) -> Replica
    where
        S: AsyncFn(&Config, &Telemetry, Arc<dyn Clock>) -> Started,
    {
        let mut config = self.bus.config(folder.path());
        config.auth.key_set_file = Some(self.folder.path().join("keys.json"));
        let telemetry = Telemetry::start(&config.telemetry, self.service).expect("telemetry");
        let clock = Arc::new(self.clock.clone());
        let started = start(&config, &telemetry, clock).await;
        let service = started.expect("the service starts");
        service.core.projection.ready().await;
        Replica { service, folder }
    }

    /// What an account says of itself with each request.
    ///
    /// # Panics
    /// Never: a token is printable.
    pub fn bearer(&self, account: &Account) -> Bearer {
        let claims = Claims {
            sub: account.id.clone(),
            iss: "traffic".into(),
            aud: Audience::One("traffic".into()),
            exp: EXPIRY,
            nbf: None,
            scope: account.scope.into(),
            districts: account.districts.clone(),
            channel: account.channel,
        };
        let token = self.issuer.sign(&claims).expect("signed");
        Bearer(format!("Bearer {token}").parse().expect("printable"))
    }

    /// A connection to a replica for an account.
    ///
    /// # Panics
    /// If the replica has gone.
    pub async fn line(&self, replica: &Replica, account: &Account) -> Line {
        InterceptedService::new(replica.connect().await, self.bearer(account))
    }
}

impl Replica {
    /// Returns once reads on this replica see everything written so far, through whatever replica.
    ///
    /// # Panics
    /// If the journal is away.
    pub async fn caught_up(&self) {
        let seen = self.service.core.caught_up().await;
        seen.expect("the journal is there");
    }

    /// A connection without any token.
    ///
    /// # Panics
    /// If the replica has gone.
    pub async fn connect(&self) -> Channel {
        let address = format!("http://{}", self.service.running.grpc);
        let endpoint = Channel::from_shared(address).expect("an address");
        endpoint.connect().await.expect("the replica is there")
    }

    /// Ends it without a word to anyone, as a power cut does; answers the folder of its projection.
    pub async fn stop(self) -> TempDir {
        self.service.stop().await;
        self.folder
    }
}

/// `reason` and `legal_basis` of a refusal.
///
/// # Panics
/// If it has none: every error says why.
pub fn reason(status: &Status) -> (String, Option<String>) {
    let details = status.get_error_details();
    let info = details.error_info().expect("every error says why");
    let basis = info.metadata.get("legal_basis").cloned();
    (info.reason.clone(), basis)
}

/// The fields that a refused request names.
pub fn fields(status: &Status) -> Vec<String> {
    let details = status.get_error_details();
    let violations = details.bad_request().into_iter();
    violations
        .flat_map(|bad| &bad.field_violations)
        .map(|violation| violation.field.clone())
        .collect()
}
