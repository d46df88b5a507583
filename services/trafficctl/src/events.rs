//! `events tail`: what the suite publishes, as another agency receives it.

use crate::connect::Target;
use crate::failure::Failure;
use crate::output::Format;
use async_nats::HeaderMap;
use async_nats::jetstream::consumer::DeliverPolicy;
use async_nats::jetstream::consumer::pull::OrderedConfig;
use async_nats::jetstream::stream::State;
use async_nats::jetstream::{self, Message};
use chassis::published::{EVENTS, ReceivedEvent};
use clap::{Args, Subcommand};
use futures::StreamExt;
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::VecDeque;

/// The subject of all events.
const EVERYTHING: &str = "events.>";
/// How many events are shown unless asked otherwise.
const DEFAULT_LAST: usize = 10;
/// Most that `--last` holds in memory.
const MOST_LAST: usize = 100_000;

#[derive(Debug, Subcommand)]
pub(crate) enum EventsCommand {
    /// Show the last published events, and with --follow those to come
    Tail(TailOptions),
}

#[derive(Debug, Args)]
pub(crate) struct TailOptions {
    /// Only events on this NATS subject, e.g. 'events.permits.>' or 'events.*.*.371702'
    #[arg(long, default_value = EVERYTHING)]
    subject: String,

    /// All that there are, not only the last
    #[arg(long, conflicts_with = "last")]
    from_start: bool,

    /// The last N [default: 10, or none with --follow]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=i64::try_from(MOST_LAST).unwrap_or(0)))]
    last: Option<u32>,

    /// Go on with new ones as they are published
    #[arg(long, short)]
    follow: bool,
}

pub(crate) async fn run(
    target: &Target,
    format: Format,
    command: &EventsCommand,
) -> Result<(), Failure> {
    let EventsCommand::Tail(options) = command;
    let client = target.bus().await?;
    let stream = jetstream::new(client)
        .get_stream(EVENTS)
        .await
        .map_err(|error| Failure::failed(format!("no stream {EVENTS} on the bus: {error}")))?;
    let last = match options.last {
        Some(last) => usize::try_from(last).unwrap_or(MOST_LAST),
        None if options.follow => 0,
        None => DEFAULT_LAST,
    };
    let everything = options.from_start || last > 0;
    let consumer = stream
        .create_consumer(OrderedConfig {
            filter_subject: options.subject.clone(),
            deliver_policy: begin(options, last, &stream.cached_info().state),
            ..OrderedConfig::default()
        })
        .await
        .map_err(Failure::failed)?;
    let mut waiting = if everything {
        consumer.cached_info().num_pending
    } else {
        0
    };
    let mut messages = consumer.messages().await.map_err(Failure::failed)?;

    // What there is already.
    let mut newest = VecDeque::with_capacity(last.min(MOST_LAST));
    while waiting > 0 {
        let Some(message) = messages.next().await else {
            break;
        };
        let message = message.map_err(Failure::failed)?;
        waiting = message.info().map_or(0, |info| info.pending);
        if options.from_start {
            show(format, &message)?;
            continue;
        }
        if newest.len() == last {
            newest.pop_front();
        }
        newest.push_back(message);
    }
    for message in &newest {
        show(format, message)?;
    }
    if !options.follow {
        return Ok(());
    }
    while let Some(message) = messages.next().await {
        show(format, &message.map_err(Failure::failed)?)?;
    }
    Err(Failure::failed("the subscription ended"))
}

/// Where to begin so that the last `last` events pass by.
fn begin(options: &TailOptions, last: usize, held: &State) -> DeliverPolicy {
    if !options.from_start && last == 0 {
        return DeliverPolicy::New;
    }
    if options.from_start || options.subject != EVERYTHING {
        // The server cannot count back under a filter: all that match pass by.
        return DeliverPolicy::All;
    }
    DeliverPolicy::ByStartSequence {
        start_sequence: (held.last_sequence + 1).saturating_sub(last as u64).max(1),
    }
}

fn show(format: Format, message: &Message) -> Result<(), Failure> {
    match CloudEvent::of(message.headers.as_ref(), &message.payload) {
        Ok(event) => format.print(&event, CloudEvent::text),
        // Someone else's message on the stream: worth a word, not the end.
        Err(why) => {
            eprintln!("trafficctl: not an event on {}: {why}", message.subject);
            Ok(())
        }
    }
}

/// An event in the JSON form of CloudEvents 1.0.
#[derive(Debug, Serialize)]
struct CloudEvent {
    specversion: String,
    id: String,
    source: String,
    r#type: String,
    subject: String,
    time: String,
    datacontenttype: String,
    sequence: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<String>,
    data: Box<RawValue>,
}

impl CloudEvent {
    fn of(headers: Option<&HeaderMap>, data: &bytes::Bytes) -> Result<Self, String> {
        let event =
            ReceivedEvent::parse(headers, data.clone()).map_err(|error| error.to_string())?;
        // Those that the suite itself does not read stand as they are: none has characters to decode.
        let header = |name: &str| {
            headers
                .and_then(|headers| headers.get(name))
                .map_or_else(String::new, |value| value.as_str().to_owned())
        };
        let data = std::str::from_utf8(&event.data).map_err(|error| error.to_string())?;
        Ok(Self {
            specversion: header("ce-specversion"),
            id: event.id,
            source: header("ce-source"),
            r#type: event.type_name,
            subject: event.subject,
            time: event.time.to_string(),
            datacontenttype: header("ce-datacontenttype"),
            sequence: header("ce-sequence"),
            traceparent: event.traceparent,
            data: RawValue::from_string(data.to_owned()).map_err(|error| error.to_string())?,
        })
    }

    fn text(&self) -> String {
        let name = self.r#type.rsplit('.').next().unwrap_or_default();
        format!(
            "{}  {:<18} {:<28} {}\n    {}",
            self.time, self.id, name, self.subject, self.data
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers() -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("ce-specversion", "1.0"),
            ("ce-id", "permits-7-1"),
            ("ce-source", "/traffic/permits"),
            ("ce-type", "traffic.permits.v1.PermitSubmitted"),
            ("ce-subject", "permits/%E8%AE%B8"),
            ("ce-time", "2026-03-02T09:00:00Z"),
            ("ce-datacontenttype", "application/json"),
            ("ce-sequence", "0000000000000007-001"),
        ] {
            headers.insert(name, value);
        }
        headers
    }

    #[test]
    fn an_event_is_printed_in_the_json_form_of_cloudevents() {
        let data = bytes::Bytes::from_static(br#"{"ref":{"permit":"permits/7"}}"#);
        let event = CloudEvent::of(Some(&headers()), &data).unwrap();
        insta::assert_snapshot!(serde_json::to_string(&event).unwrap(), @r#"{"specversion":"1.0","id":"permits-7-1","source":"/traffic/permits","type":"traffic.permits.v1.PermitSubmitted","subject":"permits/许","time":"2026-03-02T09:00:00Z","datacontenttype":"application/json","sequence":"0000000000000007-001","data":{"ref":{"permit":"permits/7"}}}"#);
        insta::assert_snapshot!(event.text(), @r#"
        2026-03-02T09:00:00Z  permits-7-1        PermitSubmitted              permits/许
            {"ref":{"permit":"permits/7"}}
        "#);
    }

    #[test]
    fn what_is_no_event_is_said_to_be_none() {
        let data = bytes::Bytes::from_static(b"{}");
        assert!(CloudEvent::of(None, &data).is_err());
        let broken = bytes::Bytes::from_static(b"{");
        assert!(CloudEvent::of(Some(&headers()), &broken).is_err());
    }
}
