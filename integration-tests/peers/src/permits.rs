//! The permits as a team would write them on cqrs-es: filed once, then accepted.

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent, EventEnvelope, View};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What is applied for: as large as what the suite records of the same application.
pub fn application() -> Value {
    json!({
        "district": "371702",
        "applicant": {"name": "Sample Water Works", "credit_code": "91110000600037341L"},
        "contact": {"person_ref": "1f0c6d2b5f0a4c7e9a3b8d7c6e5f4a3b", "sealed": "k1.".to_owned() + &"c".repeat(160)},
        "road_occupation": {
            "stretch": {
                "roads": ["Sample Road"], "directions": ["EASTBOUND"],
                "line": [[115.470_000, 35.240_000], [115.471_101, 35.240_000]],
                "side": "RIGHT", "width_cm": 350,
                "lanes": [{"order": 1, "type": "GENERAL", "status": "CLOSED"}],
                "impact": "SOME_LANES_CLOSED"
            },
            "time": {"start": "2026-03-01T08:00:00Z", "end": "2026-03-15T08:00:00Z"},
            "work_type": "UTILITIES",
            "description": "burst water main",
            "traffic_plan": "one lane closed, flagmen at both ends",
            "signs": {"upstream_m": 60, "upstream_night_m": 120},
            "road_authority_consent": "RA-1"
        },
        "meta": {
            "command_id": "018f3a52-7b51-7cc2-9c1f-3d1a2b3c4d5e", "fingerprint": "a".repeat(32), "actor": "partner:bench",
            "channel": "api", "correlation_id": "018f3a52-7b51-7cc2-9c1f-3d1a2b3c4d5e", "previous": "0".repeat(32)
        }
    })
}

#[derive(Debug)]
pub enum Command {
    File(Value),
    Accept,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    Filed(Value),
    Accepted { by: String },
}

impl DomainEvent for Event {
    fn event_type(&self) -> String {
        match self {
            Self::Filed(_) => "Filed",
            Self::Accepted { .. } => "Accepted",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

/// Why an application is refused.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("it has been filed")]
    Filed,
    #[error("it cannot be accepted now")]
    NotNow,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Permit {
    application: Option<Value>,
    accepted: bool,
}

impl Aggregate for Permit {
    const TYPE: &'static str = "permit";
    type Command = Command;
    type Event = Event;
    type Error = Refused;
    type Services = ();

    async fn handle(
        &mut self,
        command: Command,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), Refused> {
        let event = match command {
            Command::File(_) if self.application.is_some() => return Err(Refused::Filed),
            Command::File(application) => Event::Filed(application),
            Command::Accept if self.accepted || self.application.is_none() => {
                return Err(Refused::NotNow);
            }
            Command::Accept => Event::Accepted {
                by: "officer:bench".to_owned(),
            },
        };
        sink.write(event, self).await;
        Ok(())
    }

    fn apply(&mut self, event: Event) {
        match event {
            Event::Filed(application) => self.application = Some(application),
            Event::Accepted { .. } => self.accepted = true,
        }
    }
}

impl View<Permit> for Permit {
    fn update(&mut self, event: &EventEnvelope<Permit>) {
        self.apply(event.payload.clone());
    }
}
