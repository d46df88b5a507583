//! The launcher leaves no server behind, whatever becomes of the process that started it.

use chassis::nats_server::{NatsServer, Options};
use std::net::{Ipv4Addr, TcpStream};
use tempfile::TempDir;

fn listens(port: u16) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[tokio::test]
async fn a_dropped_server_is_gone_at_once() {
    let folder = TempDir::new().unwrap();
    let server = NatsServer::start(Options::new(folder.path()))
        .await
        .unwrap();
    let port = server.port();
    assert!(listens(port));
    drop(server);
    assert!(!listens(port));
}

#[tokio::test]
async fn a_stopped_server_starts_again_on_its_port() {
    let folder = TempDir::new().unwrap();
    let mut server = NatsServer::start(Options::new(folder.path()))
        .await
        .unwrap();
    let port = server.port();
    server.stop().await;
    assert!(!server.is_running());
    assert!(!listens(port));
    server.restart().await.unwrap();
    assert!(server.is_running());
    assert_eq!(server.port(), port);
    assert!(listens(port));
}
