//! One service's journal, and the events on the stream that must follow from it.

use crate::simulation::host::Service;
use bytes::Bytes;
use chassis::bus::Message;
use chassis::commit::{self, Commit};
use chassis::domain::Revision;
use chassis::journal::{Position, Stored};
use chassis::published::Publications;
use std::collections::BTreeMap;
use uuid::Uuid;

/// An event as it must be published.
#[derive(Debug)]
pub(super) struct Expected {
    pub(super) id: String,
    subject: String,
    pub(super) type_name: String,
    pub(super) data: Bytes,
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

    /// Takes the next commit in.
    pub(super) fn enter(&mut self, stored: &Stored, commit: &Commit) -> Result<(), String> {
        let (name, position) = (self.service.name(), stored.position);
        if position != self.looked_at + 1 {
            return Err(format!("{name} has {position} after {}", self.looked_at));
        }
        self.looked_at = position;
        let head = self
            .heads
            .entry((stored.kind.clone(), stored.id.clone()))
            .or_default();
        commit
            .metadata
            .continues(head)
            .map_err(|why| format!("{name} at {position}: {why}"))?;
        *head = Revision {
            position,
            hash: commit::hash(&stored.payload),
        };
        if commit.metadata.request.is_some() {
            let command = commit.metadata.command_id;
            if let Some(before) = self.commands.insert(command, position) {
                return Err(format!("{name} did {command} at {before} and {position}"));
            }
        }
        let events = self.publications.expected(name, stored);
        for (id, event) in events.map_err(|why| why.to_string())? {
            let subject = event.nats_subject(name);
            self.expected.push(Expected {
                id,
                subject,
                type_name: event.type_name,
                data: event.data,
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
            return Err(format!("published {id}, expected {expected:?}"));
        }
        self.published += 1;
        Ok(())
    }
}
