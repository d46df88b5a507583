//! A bus and configurations of a test's own.

use crate::config::Config;
use crate::nats_server::{NatsServer, Options};
use std::path::Path;

/// A nats-server with a port and a folder of its own, which syncs always, as we ship it. Gone when dropped.
#[derive(Debug)]
pub struct Bus {
    pub server: NatsServer,
    folder: tempfile::TempDir,
}

impl Bus {
    /// # Panics
    /// If there is no nats-server and none can be installed.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let server = NatsServer::start(Options::new(folder.path()))
            .await
            .expect("a nats-server");
        Self { server, folder }
    }

    /// Where the server keeps its streams.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A connection of the test's own to JetStream.
    ///
    /// # Panics
    /// If the server does not answer.
    pub async fn jetstream(&self) -> async_nats::jetstream::Context {
        let client = async_nats::connect(self.server.url()).await;
        async_nats::jetstream::new(client.expect("the server is there"))
    }

    /// A replica's configuration: its projection in `folder`, free ports, development authentication, fixed keys.
    ///
    /// # Panics
    /// Never: the text is a valid configuration.
    pub fn config(&self, folder: &Path) -> Config {
        config(&self.server.url(), folder)
    }
}

/// As [`Bus::config`], on a bus elsewhere.
///
/// # Panics
/// If the URL or the folder cannot stand in a configuration.
pub fn config(url: &str, folder: &Path) -> Config {
    // 32 bytes each, in base64; good for nothing but tests.
    let text = format!(
        r#"
        data_dir = {folder:?}
        [nats]
        urls = ["{url}"]
        [grpc]
        listen = "127.0.0.1:0"
        [http]
        listen = "127.0.0.1:0"
        [auth]
        mode = "development"
        [limits]
        requests_per_second = 1000000
        burst = 1000000
        [projection]
        cache_mib = 32
        flush_interval_ms = 200
        [sealing]
        master_key = "dGVzdC1tYXN0ZXIta2V5LTAxMjM0NTY3ODlhYmNkZWY="
        person_key = "dGVzdC1wZXJzb24ta2V5LTAxMjM0NTY3ODlhYmNkZWY="
        "#,
    );
    Config::parse(&text, []).expect("a valid configuration")
}
