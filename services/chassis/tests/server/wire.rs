//! Clients that do not speak as they should.

use crate::sample::{PATIENCE, Suite, request};
use futures::StreamExt;
use http::uri::PathAndQuery;
use pbjson_types::{BytesValue, StringValue};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tonic::transport::Channel;
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
    let suite = Suite::with(
        "grpc.max_connections = 2\ngrpc.max_connections_per_address = 2\ngrpc.handshake_timeout_ms = 60000\n",
    )
    .await;
    let first = TcpStream::connect(suite.running.grpc).await.unwrap();
    let client = suite.client().await;
    client.open("x").await.unwrap();
    let mut third = TcpStream::connect(suite.running.grpc).await.unwrap();
    assert!(is_closed(&mut third).await);
    drop(first);
    // The server sees the close on its own time; until then it still closes newcomers.
    let served = async {
        loop {
            let channel = Channel::from_shared(format!("http://{}", suite.running.grpc)).unwrap();
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

#[tokio::test]
async fn one_address_holds_half_of_the_connections_for_grpc_and_a_quarter_of_those_for_http() {
    let suite = Suite::with(
        "grpc.max_connections = 4\ngrpc.handshake_timeout_ms = 60000\nhttp.max_connections = 8\nhttp.timeout_ms = 60000\n",
    )
    .await;
    for address in [suite.running.grpc, suite.running.http] {
        let _first = TcpStream::connect(address).await.unwrap();
        let _second = TcpStream::connect(address).await.unwrap();
        let mut third = TcpStream::connect(address).await.unwrap();
        assert!(is_closed(&mut third).await, "{address}");
    }
}

#[tokio::test]
async fn a_client_that_does_not_take_its_answers_loses_its_connection() {
    let suite = Suite::with("http.timeout_ms = 50\n").await;
    let mut deaf = TcpStream::connect(suite.running.http).await.unwrap();
    let asking = b"GET /long HTTP/1.1\r\nhost: x\r\n\r\n".repeat(1_000);
    // It asks and asks: while its answer waits to be taken nobody reads that either, until there is nobody.
    let cut_off = async { while deaf.write_all(&asking).await.is_ok() {} };
    assert!(tokio::time::timeout(PATIENCE, cut_off).await.is_ok());
}

#[tokio::test]
async fn a_client_whose_connection_breaks_in_mid_stream_is_no_incident() {
    let suite = Suite::start().await;
    let through = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let way = through.local_addr().unwrap();
    let server = suite.running.grpc;
    let connection = tokio::spawn(async move {
        let (mut client, _) = through.accept().await.unwrap();
        let mut server = TcpStream::connect(server).await.unwrap();
        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
    });
    let channel = Channel::from_shared(format!("http://{way}")).unwrap();
    let client = crate::sample::Client(channel.connect().await.unwrap());
    let messages = request("one of many", &[]).map(|first| {
        let rest = futures::stream::pending();
        futures::stream::once(std::future::ready(first)).chain(rest)
    });
    let call = tokio::spawn(async move { client.gather(messages).await });
    suite.world.until_waiting(1).await;
    // Both sockets are closed, without a word of HTTP/2.
    connection.abort();
    call.await.unwrap().unwrap_err();

    let ended = async {
        loop {
            let (_, text) = suite.get("/metrics").await;
            let counted = text.lines().find(|line| {
                line.starts_with("rpc_server_call_duration_seconds_count")
                    && line.contains("/traffic.test.v1.Sample/Gather")
            });
            if let Some(counted) = counted {
                return counted.to_owned();
            }
        }
    };
    let counted = tokio::time::timeout(PATIENCE, ended).await.unwrap();
    assert!(
        counted.contains("rpc_response_status_code=\"CANCELLED\""),
        "{counted}"
    );
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
