//! A command's identity: who gives it, through which channel, and which request or event it answers.

use crate::domain::{Actor, Channel, Invalid};
use crate::published::ReceivedEvent;
use crate::random;
use crate::server::{Caller, Failure};
use crate::telemetry;
use prost::{Message, Name};
use sha2::{Digest, Sha256};
use tonic::Request;
use uuid::Uuid;

/// Everything about a command but what it does.
#[derive(Clone, Debug)]
pub struct Call {
    pub actor: Actor,
    pub channel: Channel,
    /// The same for every repetition of a request, on whatever replica.
    pub command_id: Uuid,
    /// Of method and body. `None` if nothing repeats it, or nobody needs to know that it was repeated.
    pub(super) fingerprint: Option<[u8; 16]>,
    pub(super) correlation_id: Uuid,
    pub(super) causation_id: Option<String>,
    pub(super) traceparent: Option<String>,
}

impl Call {
    /// The command that a gRPC request asks for. `request_id` (AIP-155) is a UUID, best of version 7, or empty.
    ///
    /// # Errors
    /// [`Failure::Invalid`] naming `request_id` if it is something else.
    pub fn of<M: Message + Name>(request: &Request<M>, request_id: &str) -> Result<Self, Failure> {
        let caller = Caller::of(request)?;
        let mut call = Self::by(&caller, request_id, "request_id")?;
        if call.fingerprint.is_some() {
            call.fingerprint = Some(fingerprint(request.get_ref()));
        }
        Ok(call)
    }

    /// One of several commands in a request stream, each with a request id and a body of its own.
    ///
    /// # Errors
    /// As [`Call::of`], naming `field`.
    pub fn of_item<M: Message + Name>(
        caller: &Caller,
        item: &M,
        request_id: &str,
        field: &str,
    ) -> Result<Self, Failure> {
        let mut call = Self::by(caller, request_id, field)?;
        if call.fingerprint.is_some() {
            call.fingerprint = Some(fingerprint(item));
        }
        Ok(call)
    }

    fn by(caller: &Caller, request_id: &str, field: &str) -> Result<Self, Failure> {
        let actor = caller.actor.clone();
        let (command_id, fingerprint) = if request_id.is_empty() {
            (random::time_ordered_id(), None)
        } else {
            let id = Uuid::try_parse(request_id)
                .ok()
                .filter(|id| !id.is_nil() && request_id.len() == 36)
                .ok_or_else(|| {
                    Failure::field(
                        field,
                        Invalid::new(
                            "must be a UUID, such as 01890a5d-ac96-774b-bcce-b302099a8057",
                            "必须是UUID格式",
                        ),
                    )
                })?;
            (command_id(&actor.id, id), Some([0; 16]))
        };
        Ok(Self {
            actor,
            channel: caller.channel,
            command_id,
            fingerprint,
            correlation_id: command_id,
            causation_id: None,
            traceparent: telemetry::current_traceparent(),
        })
    }

    /// A command that the system gives itself. `cause` names what asks for it (an event's id, a timer's key and due
    /// time): the same cause is the same command, however often and wherever it is noticed.
    pub fn because(actor: &str, channel: Channel, cause: &str) -> Self {
        let actor = Actor::system(actor);
        let command_id = named_uuid(&[actor.id.as_bytes(), cause.as_bytes()]);
        Self {
            actor,
            channel,
            command_id,
            fingerprint: Some(half_sha256(&[cause.as_bytes()])),
            correlation_id: command_id,
            causation_id: Some(cause.to_owned()),
            traceparent: telemetry::current_traceparent(),
        }
    }

    /// What a policy does because of an event. After a restore another event may bear the id of one that is lost; it comes
    /// from another commit.
    pub fn reaction(policy: &str, event: &ReceivedEvent) -> Self {
        let call = Self::because(policy, Channel::Policy, &event.id);
        match &event.commit_id {
            Some(commit_id) => call.part(commit_id),
            None => call,
        }
    }

    /// For what its handler does only while it is still to be done: the guard of what it then changes keeps it from being
    /// done twice. No repetition is looked for, so none is kept.
    #[must_use]
    pub(crate) fn while_due(mut self) -> Self {
        self.fingerprint = None;
        self
    }

    /// One of several commands with the same cause.
    #[must_use]
    pub fn part(mut self, part: &str) -> Self {
        self.command_id = named_uuid(&[self.command_id.as_bytes(), part.as_bytes()]);
        self
    }
}

/// Keeps the time prefix of a request id that is a UUIDv7: rows that arrive in key order are cheap.
fn command_id(actor: &str, request_id: Uuid) -> Uuid {
    let mut bytes = half_sha256(&[actor.as_bytes(), request_id.as_bytes()]);
    if request_id.get_version_num() == 7 {
        bytes[..6].copy_from_slice(&request_id.as_bytes()[..6]);
        return uuid_of(bytes, uuid::Version::SortRand);
    }
    uuid_of(bytes, uuid::Version::Custom)
}

fn named_uuid(parts: &[&[u8]]) -> Uuid {
    uuid_of(half_sha256(parts), uuid::Version::Custom)
}

fn uuid_of(bytes: [u8; 16], version: uuid::Version) -> Uuid {
    uuid::Builder::from_bytes(bytes)
        .with_version(version)
        .with_variant(uuid::Variant::RFC4122)
        .into_uuid()
}

fn fingerprint<M: Message + Name>(body: &M) -> [u8; 16] {
    half_sha256(&[M::full_name().as_bytes(), &body.encode_to_vec()])
}

/// Each part is hashed with its length, so that no two lists of parts run together.
fn half_sha256(parts: &[&[u8]]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let mut half = [0; 16];
    half.copy_from_slice(&hash.finalize()[..16]);
    half
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    #[test]
    fn an_event_under_the_id_of_one_that_a_restore_lost_asks_for_another_command() {
        let event = |commit_id: Option<&str>| ReceivedEvent {
            id: "permits-101-1".into(),
            commit_id: commit_id.map(str::to_owned),
            type_name: "traffic.permits.v1.PermitRevoked".into(),
            subject: "permits/a".into(),
            time: jiff::Timestamp::UNIX_EPOCH,
            traceparent: None,
            data: Bytes::new(),
        };
        let command = |commit_id| Call::reaction("policy", &event(commit_id)).command_id;
        assert_eq!(command(Some("a")), command(Some("a")));
        assert_ne!(command(Some("a")), command(Some("b")));
        // As older versions derived it.
        let because = Call::because("policy", Channel::Policy, "permits-101-1");
        assert_eq!(command(None), because.command_id);
    }
}
