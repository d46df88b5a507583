//! Calls whose messages are plain bytes: what no generated client could send.

use crate::replica::Client;
use bytes::{Buf, BufMut, Bytes};
use http::uri::PathAndQuery;
use std::time::Duration;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Request, Status};

/// How long a stream is watched for its first message or its end.
const GLIMPSE: Duration = Duration::from_millis(500);

/// Passes messages through as they are.
#[derive(Clone, Copy, Debug, Default)]
struct Plain;

impl Codec for Plain {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Plain {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.put(message);
        Ok(())
    }
}

impl Decoder for Plain {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}

/// Whether either side sends many messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    pub client_streams: bool,
    pub server_streams: bool,
}

/// Calls `path` with one message. Of an answering stream the first message counts; one that stays silent is well.
///
/// # Errors
/// What the service answers.
///
/// # Panics
/// If `path` is none.
pub async fn call(
    client: Client,
    path: &str,
    shape: Shape,
    message: Bytes,
) -> Result<Option<Bytes>, Status> {
    let mut grpc = Grpc::new(client);
    grpc.ready()
        .await
        .map_err(|error| Status::from_error(error.into()))?;
    let path: PathAndQuery = path.parse().expect("a path");
    if !shape.server_streams {
        let answer = if shape.client_streams {
            let messages = Request::new(tokio_stream::once(message));
            grpc.client_streaming(messages, path, Plain).await?
        } else {
            grpc.unary(Request::new(message), path, Plain).await?
        };
        return Ok(Some(answer.into_inner()));
    }
    let answer = if shape.client_streams {
        let messages = Request::new(tokio_stream::once(message));
        grpc.streaming(messages, path, Plain).await?
    } else {
        grpc.server_streaming(Request::new(message), path, Plain)
            .await?
    };
    let mut messages = answer.into_inner();
    match tokio::time::timeout(GLIMPSE, messages.message()).await {
        Ok(first) => first,
        Err(_) => Ok(None),
    }
}
