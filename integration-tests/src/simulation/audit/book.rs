//! One service's journal, and the events on the stream that must follow from it.

use super::named;
use crate::simulation::host::Service;
use bytes::Bytes;
use chassis::bus::Message;
use chassis::commit::{self, Commit};
use chassis::domain::Revision;
use chassis::journal::{Position, Stored};
use chassis::published::Publications;
use jiff::Timestamp;
use std::collections::BTreeMap;
use uuid::Uuid;

/// An event as it must be published.
#[derive(Debug)]
pub(super) struct Expected {
    pub(super) id: String,
    subject: String,
    pub(super) type_name: String,
    pub(super) data: Bytes,
    /// When it was decided, by the clock of whoever decided it.
    pub(super) decided_at: Timestamp,
    /// The glance that saw it first.
    pub(super) glance: u64,
}

/// What the journal of one service must agree with, up to where it has been looked at.
#[derive(Debug)]
pub(super) struct Book {
    pub(super) service: Service,
    pub(super) looked_at: Position,
    heads: BTreeMap<(String, String), Revision>,
    /// Where each command that can be repeated was carried out.
    pub(super) commands: BTreeMap<Uuid, Position>,
    publications: Publications,
    pub(super) expected: Vec<Expected>,
    /// How many of them have been published.
    pub(super) published: usize,
}

impl Book {
    pub(super) fn new(service: Service) -> Self {
        Self {
            service,
            looked_at: 0,
            heads: BTreeMap::new(),
            commands: BTreeMap::new(),
            publications: service.blueprint().publications,
            expected: Vec::new(),
            published: 0,
        }
    }

    /// Takes in the next commit, which a glance sees.
    pub(super) fn enter(
        &mut self,
        stored: &Stored,
        commit: &Commit,
        glance: u64,
    ) -> Result<(), String> {
        let (name, position) = (self.service.name(), stored.position);
        if position != self.looked_at + 1 {
            return Err(format!(
                "positions have no gaps: {name} has {position} after {}",
                self.looked_at
            ));
        }
        self.looked_at = position;
        let head = self
            .heads
            .entry((stored.kind.clone(), stored.id.clone()))
            .or_default();
        let continued = commit.metadata.continues(head);
        let continued = continued.map_err(|why| format!("{name} at {position}: {why}"));
        named("every chain is whole", continued)?;
        *head = Revision {
            position,
            hash: commit::hash(&stored.payload),
        };
        if commit.metadata.request.is_some() {
            let command = commit.metadata.command_id;
            if let Some(before) = self.commands.insert(command, position) {
                return Err(format!(
                    "each command is done once: {name} did {command} at {before} and {position}"
                ));
            }
        }
        let events = self.publications.expected(name, stored);
        for (id, event) in named("every commit can be read", events)? {
            let subject = event.nats_subject(name);
            self.expected.push(Expected {
                id,
                subject,
                type_name: event.type_name,
                data: event.data,
                decided_at: commit.metadata.time,
                glance,
            });
        }
        Ok(())
    }

    /// Takes the next message of the service on the stream of events in.
    pub(super) fn published(&mut self, id: &str, message: &Message) -> Result<(), String> {
        let expected = self.expected.get(self.published);
        let is_expected = expected.is_some_and(|expected| {
            expected.id == id
                && expected.subject == message.subject
                && expected.data == message.payload
        });
        if !is_expected {
            let expected = expected.map(|expected| &expected.id);
            return Err(format!(
                "events are published once and in order: published {id}, expected {expected:?}"
            ));
        }
        self.published += 1;
        Ok(())
    }
}
