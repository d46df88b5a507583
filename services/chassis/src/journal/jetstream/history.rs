//! Reading one aggregate's commits: in pages from any replica of the stream, and what that one lacks from its leader.

use super::{REQUEST_LIMIT, Shared, wire};
use crate::domain::AggregateKey;
use crate::journal::{Position, Stored, Unavailable};
use async_nats::{HeaderMap, HeaderName, Message};
use futures::StreamExt;
use jiff::Timestamp;

/// Commits asked for at once; also the bound on what waits in memory for us.
const PAGE: usize = 256;
/// The server's status after the last message of a page.
const END_OF_PAGE: u16 = 204;
const PENDING: HeaderName = HeaderName::from_static("Nats-Num-Pending");
const NOT_FOUND: u16 = 404;

pub(super) async fn read(
    shared: &Shared,
    key: &AggregateKey,
    after: Position,
    limit: usize,
) -> Result<Vec<Stored>, Unavailable> {
    let subject = shared.subject(key);
    let mut commits: Vec<Stored> = Vec::new();
    while commits.len() < limit {
        let last = commits.last().map_or(after, |commit| commit.position);
        let wanted = PAGE.min(limit - commits.len());
        let page = read_page(shared, &subject, last, wanted).await?;
        let is_last = page.commits.is_empty() || !page.more;
        commits.extend(page.commits);
        if is_last {
            break;
        }
    }
    // A replica that was cut off answers at once when it is back, before it has what it missed.
    while commits.len() < limit {
        let last = commits.last().map_or(after, |commit| commit.position);
        match shared.successor(&subject, last).await? {
            Some(commit) => commits.push(commit),
            None => break,
        }
    }
    Ok(commits)
}

struct Page {
    commits: Vec<Stored>,
    /// A server may cut a page short by its size, so its length does not tell whether it is the last.
    more: bool,
}

async fn read_page(
    shared: &Shared,
    subject: &str,
    after: Position,
    wanted: usize,
) -> Result<Page, Unavailable> {
    let away = |error: &dyn std::fmt::Display| Unavailable(error.to_string());
    let inbox = shared.client.new_inbox();
    let mut answers = shared
        .client
        .subscribe(inbox.clone())
        .await
        .map_err(|error| away(&error))?;
    let epoch = shared.link.epoch();
    let request = format!(
        r#"{{"seq":{},"next_by_subj":"{subject}","batch":{wanted}}}"#,
        after + 1
    );
    let direct = format!("$JS.API.DIRECT.GET.{}", shared.stream);
    shared
        .client
        .publish_with_reply(direct, inbox, request.into())
        .await
        .map_err(|error| away(&error))?;

    let mut commits = Vec::with_capacity(wanted);
    let mut more = false;
    loop {
        let message = tokio::select! {
            biased;
            message = answers.next() => message,
            () = shared.link.lost(epoch) => None,
            () = tokio::time::sleep(REQUEST_LIMIT) => None,
        };
        let message = message.ok_or_else(|| Unavailable("no answer to a read".into()))?;
        match message.status.map(|status| status.as_u16()) {
            None | Some(200) => commits.push(commit(message)?),
            Some(NOT_FOUND) => break,
            Some(END_OF_PAGE) => {
                let headers = message.headers.unwrap_or_default();
                let pending = text(&headers, PENDING).and_then(|text| text.parse().ok());
                more = pending.unwrap_or(0_u64) > 0;
                break;
            }
            Some(_) => {
                let text = message.description.unwrap_or_default();
                return Err(Unavailable(format!("read refused: {text}")));
            }
        }
    }
    Ok(Page { commits, more })
}

fn commit(message: Message) -> Result<Stored, Unavailable> {
    let headers = message.headers.unwrap_or_default();
    let subject = text(&headers, async_nats::header::NATS_SUBJECT);
    let position = text(&headers, async_nats::header::NATS_SEQUENCE);
    let stored_at = text(&headers, async_nats::header::NATS_TIME_STAMP);
    let unreadable = || Unavailable("unreadable message".into());
    Ok(wire::stored(
        subject.ok_or_else(unreadable)?,
        Some(&headers),
        message.payload,
        position
            .and_then(|text| text.parse().ok())
            .ok_or_else(unreadable)?,
        stored_at
            .and_then(|text| text.parse::<Timestamp>().ok())
            .ok_or_else(unreadable)?,
    ))
}

fn text(headers: &HeaderMap, name: async_nats::HeaderName) -> Option<&str> {
    headers.get(name).map(|value| value.as_str())
}
