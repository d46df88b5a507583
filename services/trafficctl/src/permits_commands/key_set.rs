//! The published key set, from a file or over plain HTTP.

use crate::failure::Failure;
use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::rt::TokioIo;
use jsonwebtoken::jwk::JwkSet;
use std::path::Path;
use std::time::Duration;
use tokio::net::TcpStream;

/// No key set is larger.
const MOST_BYTES: usize = 64 * 1024;
const PATIENCE: Duration = Duration::from_secs(10);

/// # Errors
/// It cannot be read, or is no key set.
pub(super) async fn load(source: &str) -> Result<JwkSet, Failure> {
    let text = if source.starts_with("http://") {
        tokio::time::timeout(PATIENCE, fetch(source))
            .await
            .map_err(|_| Failure::failed(format!("{source} did not answer in time")))??
    } else if source.starts_with("https://") {
        return Err(Failure::usage(
            "a key set over https: fetch it (curl -o keys.json) and give the file",
        ));
    } else {
        std::fs::read(Path::new(source))
            .map(Bytes::from)
            .map_err(|error| Failure::usage(format!("cannot read the key set {source}: {error}")))?
    };
    serde_json::from_slice(&text)
        .map_err(|error| Failure::failed(format!("{source} is no key set: {error}")))
}

async fn fetch(url: &str) -> Result<Bytes, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::failed(format!("{url}: {error}"));
    let uri: http::Uri = url.parse().map_err(Failure::usage)?;
    let host = uri
        .host()
        .ok_or_else(|| Failure::usage(format!("{url} names no host")))?;
    let stream = TcpStream::connect((host, uri.port_u16().unwrap_or(80)))
        .await
        .map_err(|error| failed(&error))?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| failed(&error))?;
    let connection = tokio::spawn(connection);
    let request = http::Request::get(uri.path_and_query().map_or("/", |path| path.as_str()))
        .header(http::header::HOST, host)
        .body(Empty::<Bytes>::new())
        .map_err(|error| failed(&error))?;
    let response = sender
        .send_request(request)
        .await
        .map_err(|error| failed(&error))?;
    let status = response.status();
    let body = Limited::new(response.into_body(), MOST_BYTES).collect().await;
    connection.abort();
    if !status.is_success() {
        return Err(failed(&status));
    }
    Ok(body.map_err(|error| failed(&error))?.to_bytes())
}
