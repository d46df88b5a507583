//! A bare tonic server that answers every `GetPermit` with the same permit: what gRPC itself costs here.

use crate::failure::Failure;
use futures::future::{self, BoxFuture, Ready};
use prost::Message;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::net::TcpListener;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::body::Body;
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::transport::Server;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;
use tower::Service;
use traffic_proto::permits::v1::{GetPermitRequest, Permit};

const FILE: &str = "echo.bin";

/// Writes down what the server is to answer.
pub(super) fn keep(folder: &Path, answer: &Permit) -> Result<(), Failure> {
    Ok(std::fs::write(folder.join(FILE), answer.encode_to_vec())?)
}

/// Serves until the runtime ends.
pub(super) async fn serve(folder: &Path) -> Result<SocketAddr, Failure> {
    let bytes = std::fs::read(folder.join(FILE))?;
    let answer = Arc::new(Permit::decode(bytes.as_slice()).map_err(Failure::failed)?);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let incoming = TcpListenerStream::new(listener).map(|connection| {
        connection.inspect(|connection| {
            // As the services' own listener: small answers must not wait for more.
            let _ = connection.set_nodelay(true);
        })
    });
    let serving = Server::builder()
        .add_service(Echo(answer))
        .serve_with_incoming(incoming);
    tokio::spawn(serving);
    Ok(address)
}

#[derive(Clone)]
struct Echo(Arc<Permit>);

impl NamedService for Echo {
    const NAME: &'static str = "traffic.permits.v1.PermitService";
}

impl Service<http::Request<Body>> for Echo {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let answer = Answer(Arc::clone(&self.0));
        Box::pin(async move {
            let mut grpc = Grpc::new(ProstCodec::<Permit, GetPermitRequest>::default());
            Ok(grpc.unary(answer, request).await)
        })
    }
}

struct Answer(Arc<Permit>);

impl UnaryService<GetPermitRequest> for Answer {
    type Response = Permit;
    type Future = Ready<Result<Response<Permit>, Status>>;

    fn call(&mut self, _: Request<GetPermitRequest>) -> Self::Future {
        future::ready(Ok(Response::new(Permit::clone(&self.0))))
    }
}
