//! A small service behind the real server, and a client for it.

use chassis::clock::{Clock, ManualClock, SystemClock};
use chassis::config::Config;
use chassis::domain::{Invalid, LegalBasis, RefusalKind, Rejection};
use chassis::server::{
    Audience, Caller, Claims, Failure, Positions, Readiness, Running, Server, StartError,
    TokenIssuer,
};
use chassis::telemetry::Telemetry;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt};
use http::uri::PathAndQuery;
use pbjson_types::StringValue;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tonic::body::Body;
use tonic::transport::Channel;
use tonic::{Request, Response, Status};
use tower::service_fn;

const CONTRACT: &str = r#"
syntax = "proto3";
package traffic.test.v1;
import "google/protobuf/wrappers.proto";
import "traffic/options/v1/options.proto";
service Sample {
  rpc Say(google.protobuf.StringValue) returns (google.protobuf.StringValue) {
    option (traffic.options.v1.required_scopes) = "sample.read";
    option (traffic.options.v1.required_scopes) = "sample.write";
  }
  rpc Open(google.protobuf.StringValue) returns (google.protobuf.StringValue) {
    option (traffic.options.v1.public) = true;
  }
  rpc Watch(google.protobuf.StringValue) returns (stream google.protobuf.StringValue) {
    option (traffic.options.v1.public) = true;
  }
  rpc Gather(stream google.protobuf.StringValue) returns (google.protobuf.StringValue) {
    option (traffic.options.v1.public) = true;
  }
  rpc Echo(stream google.protobuf.StringValue) returns (stream google.protobuf.StringValue) {
    option (traffic.options.v1.public) = true;
  }
  UNDECLARED
}
"#;

/// The contract as a descriptor set; `undeclared` adds a method.
pub(crate) fn contract(undeclared: &str) -> &'static [u8] {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sample.proto");
    std::fs::write(&path, CONTRACT.replace("UNDECLARED", undeclared)).unwrap();
    let contracts = concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto");
    let mut compiler = protox::Compiler::new([folder.path(), contracts.as_ref()]).unwrap();
    compiler.include_imports(true).open_file(&path).unwrap();
    compiler.encode_file_descriptor_set().leak()
}

/// What tests and handlers share.
#[derive(Debug)]
pub(crate) struct World {
    /// Handlers of `wait` pass this gate.
    pub(crate) gate: Semaphore,
    /// How many handlers have begun to wait, and how many messages they have gathered.
    pub(crate) waiting: watch::Sender<usize>,
    pub(crate) position: watch::Sender<u64>,
    pub(crate) ready: AtomicBool,
    pub(crate) handled: AtomicUsize,
}

impl World {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            gate: Semaphore::new(0),
            waiting: watch::Sender::new(0),
            position: watch::Sender::new(7),
            ready: AtomicBool::new(true),
            handled: AtomicUsize::new(0),
        })
    }

    pub(crate) async fn until_waiting(&self, handlers: usize) {
        self.waiting
            .subscribe()
            .wait_for(|now| *now >= handlers)
            .await
            .unwrap();
    }
}

#[async_trait::async_trait]
impl Positions for World {
    fn current(&self) -> u64 {
        *self.position.borrow()
    }

    async fn reached(&self, at_least: u64) {
        let _ = self
            .position
            .subscribe()
            .wait_for(|now| *now >= at_least)
            .await;
    }
}

impl Readiness for World {
    fn ready(&self) -> Result<(), String> {
        if self.ready.load(Ordering::SeqCst) {
            Ok(())
        } else {
            Err("projection at 1 of 2".to_owned())
        }
    }
}

#[derive(Clone)]
struct Sample(Arc<World>);

impl tonic::server::NamedService for Sample {
    const NAME: &'static str = "traffic.test.v1.Sample";
}

impl tower::Service<http::Request<Body>> for Sample {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = futures::future::BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let world = Arc::clone(&self.0);
        Box::pin(async move {
            let codec = tonic_prost::ProstCodec::<StringValue, StringValue>::default();
            let mut grpc = tonic::server::Grpc::new(codec);
            let method = request.uri().path().rsplit('/').next().unwrap().to_owned();
            Ok(match method.as_str() {
                "Watch" => {
                    let watch = service_fn(move |request: Request<StringValue>| {
                        let world = Arc::clone(&world);
                        async move {
                            Ok::<_, Status>(Response::new(stream(world, &request.get_ref().value)))
                        }
                    });
                    grpc.server_streaming(watch, request).await
                }
                "Gather" => {
                    let gather = service_fn(move |request| gather(Arc::clone(&world), request));
                    grpc.client_streaming(gather, request).await
                }
                "Echo" => grpc.streaming(service_fn(echo), request).await,
                _ => {
                    let say = service_fn(move |request: Request<StringValue>| {
                        let world = Arc::clone(&world);
                        async move { say(&world, &request).await }
                    });
                    grpc.unary(say, request).await
                }
            })
        })
    }
}

async fn say(
    world: &World,
    request: &Request<StringValue>,
) -> Result<Response<StringValue>, Status> {
    world.handled.fetch_add(1, Ordering::SeqCst);
    let said = request.get_ref().value.as_str();
    let value = match said {
        "who" => {
            let caller = Caller::of(request)?;
            format!("{} {:?}", caller.actor.id, caller.channel)
        }
        "panic" => panic!("a handler that fails"),
        "bare" => return Err(Status::unknown("no details")),
        "refuse" => {
            return Err(Failure::from(Rejection {
                kind: RefusalKind::Forbidden,
                reason: "OCCUPATION_OVERLAPS",
                message: "overlaps".to_owned(),
                zh: "时间重叠".to_owned(),
                basis: Some(LegalBasis::new("Road Traffic Safety Law", "art. 32")),
                facts: Vec::new(),
            })
            .into());
        }
        "field" => return Err(Failure::field("value", Invalid::new("is not said", "不当")).into()),
        "wait" => {
            world.waiting.send_modify(|now| *now += 1);
            world.gate.acquire().await.unwrap().forget();
            "waited".to_owned()
        }
        "write" => {
            let mut response = Response::new(StringValue::default());
            chassis::server::set_position(&mut response, 99);
            return Ok(response);
        }
        other => other.to_owned(),
    };
    Ok(Response::new(StringValue { value }))
}

async fn gather(
    world: Arc<World>,
    request: Request<tonic::Streaming<StringValue>>,
) -> Result<Response<StringValue>, Status> {
    let mut messages = request.into_inner();
    let mut count = 0;
    while let Some(message) = messages.next().await {
        message.map_err(Failure::from)?;
        count += 1;
        world.waiting.send_modify(|now| *now += 1);
    }
    Ok(Response::new(StringValue {
        value: count.to_string(),
    }))
}

async fn echo(
    request: Request<tonic::Streaming<StringValue>>,
) -> Result<Response<tonic::Streaming<StringValue>>, Status> {
    Ok(Response::new(request.into_inner()))
}

fn stream(world: Arc<World>, said: &str) -> BoxStream<'static, Result<StringValue, Status>> {
    let first = futures::stream::once(async {
        Ok(StringValue {
            value: "first".to_owned(),
        })
    });
    match said {
        "panic" => first
            .chain(futures::stream::poll_fn(|_| panic!("a stream that fails")))
            .boxed(),
        "refuse" => first
            .chain(futures::stream::once(async {
                Err(Failure::NotFound("things/t".to_owned()).into())
            }))
            .boxed(),
        "bare" => first
            .chain(futures::stream::once(async {
                Err(Status::unknown("no details"))
            }))
            .boxed(),
        "end" => first.boxed(),
        _ => {
            let endless = futures::stream::once(async move {
                world.waiting.send_modify(|now| *now += 1);
                std::future::pending().await
            });
            first.chain(endless).boxed()
        }
    }
}

/// A running server with its world.
pub(crate) struct Suite {
    pub(crate) world: Arc<World>,
    pub(crate) running: Running,
    pub(crate) issuer: TokenIssuer,
    _folder: tempfile::TempDir,
}

impl Suite {
    pub(crate) async fn start() -> Self {
        Self::with("").await
    }

    /// With further lines of configuration.
    pub(crate) async fn with(toml: &str) -> Self {
        Self::try_with(toml, contract("")).await.unwrap()
    }

    /// By this clock, for tokens that expire.
    pub(crate) async fn at(clock: ManualClock) -> Self {
        Self::begin("", contract(""), Arc::new(clock))
            .await
            .unwrap()
    }

    pub(crate) async fn try_with(toml: &str, contract: &'static [u8]) -> Result<Self, StartError> {
        Self::begin(toml, contract, Arc::new(SystemClock)).await
    }

    async fn begin(
        toml: &str,
        contract: &'static [u8],
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        let world = World::new();
        let folder = tempfile::tempdir().unwrap();
        let issuer = TokenIssuer::generate("k1").unwrap();
        let keys = folder.path().join("keys.json");
        std::fs::write(&keys, issuer.key_set().to_string()).unwrap();
        let toml = format!(
            "auth.key_set_file = {keys:?}\ngrpc.listen = \"127.0.0.1:0\"\nhttp.listen = \"127.0.0.1:0\"\n{toml}"
        );
        let config = Config::parse(&toml, []).unwrap();
        let telemetry = Telemetry::start(&config.telemetry, "sample").unwrap();
        let running = Server::new("sample", &config, &telemetry)
            .descriptors(contract)
            .clock(clock)
            .positions(Arc::clone(&world) as Arc<dyn Positions>)
            .readiness(Arc::clone(&world) as Arc<dyn Readiness>)
            .service(Sample(Arc::clone(&world)))
            .http(
                axum::Router::new()
                    .route("/hello", axum::routing::get(async || "hello"))
                    // More than there is room for between a server and a client that does not read.
                    .route("/long", axum::routing::get(async || vec![b'x'; 32 << 20]))
                    .route(
                        "/panic",
                        axum::routing::get(async || -> &'static str {
                            panic!("a page that fails")
                        }),
                    ),
            )
            .start()
            .await?;
        Ok(Self {
            world,
            running,
            issuer,
            _folder: folder,
        })
    }

    pub(crate) fn token(&self, scope: &str) -> String {
        self.token_of("partner:cityworks", scope)
    }

    /// Of this account.
    pub(crate) fn token_of(&self, sub: &str, scope: &str) -> String {
        self.sign(sub, scope, 32_503_680_000)
    }

    /// With this `exp`, in Unix seconds.
    pub(crate) fn token_until(&self, exp: i64) -> String {
        self.sign("partner:cityworks", "", exp)
    }

    fn sign(&self, sub: &str, scope: &str, exp: i64) -> String {
        let claims = Claims {
            sub: sub.to_owned(),
            iss: "traffic".to_owned(),
            aud: Audience::One("traffic".to_owned()),
            exp,
            nbf: None,
            scope: scope.to_owned(),
            districts: Vec::new(),
            channel: None,
        };
        format!("Bearer {}", self.issuer.sign(&claims).unwrap())
    }

    pub(crate) async fn client(&self) -> Client {
        let channel = Channel::from_shared(format!("http://{}", self.running.grpc)).unwrap();
        Client(channel.connect().await.unwrap())
    }

    /// A call by a client that leaves the deadline to the server: tonic's own client would end it by itself.
    pub(crate) async fn patient_unary(
        &self,
        method: &str,
        request: Request<StringValue>,
    ) -> Result<Response<StringValue>, Status> {
        let socket = tokio::net::TcpStream::connect(self.running.grpc)
            .await
            .unwrap();
        let executor = hyper_util::rt::TokioExecutor::new();
        let io = hyper_util::rt::TokioIo::new(socket);
        let (sender, connection) =
            hyper::client::conn::http2::handshake::<_, _, Body>(executor, io)
                .await
                .unwrap();
        tokio::spawn(connection);
        let send =
            service_fn(move |request: http::Request<Body>| sender.clone().send_request(request));
        let origin = http::Uri::from_static("http://sample");
        let mut grpc = tonic::client::Grpc::with_origin(send, origin);
        grpc.ready().await.unwrap();
        let path: PathAndQuery = format!("/traffic.test.v1.Sample/{method}").parse().unwrap();
        grpc.unary(
            request,
            path,
            tonic_prost::ProstCodec::<StringValue, StringValue>::default(),
        )
        .await
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        wire_get(self.running.http, path).await
    }
}

/// A plain HTTP/1.1 request.
pub(crate) async fn wire_get(address: std::net::SocketAddr, path: &str) -> (u16, String) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
}

#[derive(Clone)]
pub(crate) struct Client(pub(crate) Channel);

pub(crate) fn request(value: &str, metadata: &[(&'static str, &str)]) -> Request<StringValue> {
    let mut request = Request::new(StringValue {
        value: value.to_owned(),
    });
    for (name, value) in metadata {
        request.metadata_mut().insert(*name, value.parse().unwrap());
    }
    request
}

impl Client {
    pub(crate) async fn unary(
        &self,
        method: &str,
        request: Request<StringValue>,
    ) -> Result<Response<StringValue>, Status> {
        let mut grpc = tonic::client::Grpc::new(self.0.clone());
        grpc.ready().await.unwrap();
        let path: PathAndQuery = format!("/traffic.test.v1.Sample/{method}").parse().unwrap();
        grpc.unary(
            request,
            path,
            tonic_prost::ProstCodec::<StringValue, StringValue>::default(),
        )
        .await
    }

    pub(crate) async fn open(&self, value: &str) -> Result<Response<StringValue>, Status> {
        self.unary("Open", request(value, &[])).await
    }

    pub(crate) async fn watch(
        &self,
        request: Request<StringValue>,
    ) -> Result<tonic::Streaming<StringValue>, Status> {
        let mut grpc = tonic::client::Grpc::new(self.0.clone());
        grpc.ready().await.unwrap();
        let path = PathAndQuery::from_static("/traffic.test.v1.Sample/Watch");
        let codec = tonic_prost::ProstCodec::<StringValue, StringValue>::default();
        grpc.server_streaming(request, path, codec)
            .await
            .map(Response::into_inner)
    }

    pub(crate) async fn gather(
        &self,
        messages: Request<impl Stream<Item = StringValue> + Send + 'static>,
    ) -> Result<Response<StringValue>, Status> {
        let mut grpc = tonic::client::Grpc::new(self.0.clone());
        grpc.ready().await.unwrap();
        let path = PathAndQuery::from_static("/traffic.test.v1.Sample/Gather");
        let codec = tonic_prost::ProstCodec::<StringValue, StringValue>::default();
        grpc.client_streaming(messages, path, codec).await
    }

    pub(crate) async fn echo(
        &self,
        messages: Request<impl Stream<Item = StringValue> + Send + 'static>,
    ) -> Result<tonic::Streaming<StringValue>, Status> {
        let mut grpc = tonic::client::Grpc::new(self.0.clone());
        grpc.ready().await.unwrap();
        let path = PathAndQuery::from_static("/traffic.test.v1.Sample/Echo");
        let codec = tonic_prost::ProstCodec::<StringValue, StringValue>::default();
        grpc.streaming(messages, path, codec)
            .await
            .map(Response::into_inner)
    }
}

/// Longer than anything here takes; a test that hits it has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
