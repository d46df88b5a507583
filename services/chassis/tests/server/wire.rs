//! Clients that do not speak as they should.

use crate::sample::{PATIENCE, Suite};
use http::uri::PathAndQuery;
use pbjson_types::{BytesValue, StringValue};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

/// Whether the server closes the connection while the client only listens.
async fn is_closed(socket: &mut TcpStream) -> bool {
    let mut buffer = [0; 1024];
    let closing = async {
        loop {
            match socket.read(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
    };
    tokio::time::timeout(PATIENCE, closing).await.is_ok()
}

#[tokio::test]
async fn a_client_that_connects_and_says_nothing_is_dropped() {
    let suite = Suite::with("grpc.handshake_timeout_ms = 50\nhttp.timeout_ms = 50\n").await;
    let mut silent = TcpStream::connect(suite.running.grpc).await.unwrap();
    assert!(is_closed(&mut silent).await);
    let mut half = TcpStream::connect(suite.running.grpc).await.unwrap();
    half.write_all(b"PRI * HTTP/2.0\r\n").await.unwrap();
    assert!(
        is_closed(&mut half).await,
        "half a preface is as silent as none"
    );
    let mut slow = TcpStream::connect(suite.running.http).await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nhost:").await.unwrap();
    assert!(is_closed(&mut slow).await);
    // One that did speak in time stays.
    let client = suite.client().await;
    client.open("x").await.unwrap();
}

#[tokio::test]
async fn connections_beyond_the_bound_are_closed_and_a_closed_one_makes_room() {
    let suite = Suite::with("grpc.max_connections = 2\ngrpc.handshake_timeout_ms = 60000\n").await;
    let first = TcpStream::connect(suite.running.grpc).await.unwrap();
    let client = suite.client().await;
    client.open("x").await.unwrap();
    let mut third = TcpStream::connect(suite.running.grpc).await.unwrap();
    assert!(is_closed(&mut third).await);
    drop(first);
    // The server sees the close on its own time; until then it still closes newcomers.
    let served = async {
        loop {
            let channel =
                tonic::transport::Channel::from_shared(format!("http://{}", suite.running.grpc))
                    .unwrap();
            if let Ok(channel) = channel.connect().await
                && crate::sample::Client(channel).open("x").await.is_ok()
            {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, served).await.unwrap();
}

async fn send_raw(suite: &Suite, value: Vec<u8>) -> Status {
    // `BytesValue` has the wire form of `StringValue`, but takes any bytes.
    let mut grpc = tonic::client::Grpc::new(suite.client().await.0);
    grpc.ready().await.unwrap();
    let path = PathAndQuery::from_static("/traffic.test.v1.Sample/Open");
    let codec = tonic_prost::ProstCodec::<BytesValue, StringValue>::default();
    let message = BytesValue {
        value: value.into(),
    };
    grpc.unary(Request::new(message), path, codec)
        .await
        .unwrap_err()
}

#[tokio::test]
async fn a_message_that_cannot_be_read_is_the_callers_fault() {
    let suite = Suite::start().await;
    for (case, bytes) in [
        ("not UTF-8", vec![0xff, 0xfe]),
        ("above 4 MiB", vec![b'x'; 5 << 20]),
    ] {
        let status = send_raw(&suite, bytes).await;
        assert_eq!(status.code(), Code::InvalidArgument, "{case}: {status:?}");
        let info = status.get_details_error_info().unwrap();
        assert_eq!(info.reason, "MALFORMED_REQUEST", "{case}");
    }
}

#[tokio::test]
async fn headers_beyond_the_bound_do_not_reach_a_handler() {
    let suite = Suite::with("grpc.max_header_bytes = 2048\n").await;
    let client = suite.client().await;
    let long = "x".repeat(4096);
    let refused = client
        .unary("Open", crate::sample::request("x", &[("x-long", &long)]))
        .await;
    assert!(refused.is_err());
    assert_eq!(
        suite
            .world
            .handled
            .load(std::sync::atomic::Ordering::SeqCst),
        0
    );
    client.open("x").await.unwrap();
}
