//! A cluster whose members reach each other through proxies, so that a test can part them.

use super::{Passage, Proxy};
use crate::nats_server::{Cluster, ServerError};
use std::net::Ipv4Addr;
use std::path::PathBuf;

/// The ways between the members of a cluster: one of each to each other.
#[derive(Debug)]
pub struct Network {
    /// `ways[from][to]`; a member needs none to itself.
    ways: Vec<Vec<Option<Proxy>>>,
}

impl Network {
    /// Starts a cluster on a network of its own. Every write is synced.
    ///
    /// # Errors
    /// As [`Cluster::start`].
    pub async fn start(
        size: usize,
        store: impl Into<PathBuf>,
    ) -> Result<(Cluster, Self), ServerError> {
        let ports = Cluster::ports(size)?;
        let mut ways = Vec::with_capacity(size);
        let mut routes = Vec::with_capacity(size);
        for from in 0..size {
            let mut own_ways = Vec::with_capacity(size);
            let mut own_routes = Vec::with_capacity(size);
            for (to, &port) in ports.iter().enumerate() {
                if from == to {
                    own_ways.push(None);
                    continue;
                }
                let way = Proxy::start((Ipv4Addr::LOCALHOST, port).into()).await?;
                own_routes.push(way.address().port());
                own_ways.push(Some(way));
            }
            ways.push(own_ways);
            routes.push(own_routes);
        }
        let cluster = Cluster::start_over(ports, routes, store, true).await?;
        Ok((cluster, Self { ways }))
    }

    /// Sets all ways to and from one member.
    pub fn set(&self, member: usize, passage: Passage) {
        for (from, ways) in self.ways.iter().enumerate() {
            for (to, way) in ways.iter().enumerate() {
                if let Some(way) = way
                    && (from == member || to == member)
                {
                    way.set(passage);
                }
            }
        }
    }

    /// Opens all ways again.
    pub fn heal(&self) {
        for way in self.ways.iter().flatten().flatten() {
            way.set(Passage::Open);
        }
    }
}
