//! Steps of a resource's life: requests that name what they change, may be bound to its etag, and may be a rehearsal.

use super::{Call, Commands, Done};
use crate::domain::{Aggregate, Halt, LegalBasis, Refusal, RefusalKind, Transaction};
use crate::server::{Caller, Failure};
use std::fmt;
use tonic::Request;
use traffic_proto::Step;

impl Commands {
    /// Carries out one step on one aggregate, or only checks it.
    ///
    /// # Errors
    /// As [`Commands::run`]; `STALE_ETAG` if the aggregate has changed since the caller read it.
    pub async fn step<A: Aggregate, M: Step>(
        &self,
        request: &Request<M>,
        id: String,
        handler: impl Fn(&mut Transaction) -> Result<(), Halt> + Send + Sync + 'static,
    ) -> Result<Done<A>, Failure> {
        let caller = Caller::of(request)?;
        self.step_by(&caller, request.get_ref(), id, handler).await
    }

    /// As [`Commands::step`], of a message that is not a request by itself, such as a row's.
    ///
    /// # Errors
    /// As [`Commands::step`].
    pub async fn step_by<A: Aggregate, M: Step>(
        &self,
        caller: &Caller,
        message: &M,
        id: String,
        handler: impl Fn(&mut Transaction) -> Result<(), Halt> + Send + Sync + 'static,
    ) -> Result<Done<A>, Failure> {
        let call = Call::of_item(caller, message, message.request_id(), "request_id")?;
        let etag = message.etag().to_owned();
        self.run(message.validate_only(), call, move |tx| {
            check_etag::<A>(tx, &id, &etag)?;
            handler(tx)?;
            Ok(id.clone())
        })
        .await
    }
}

/// Refuses a command on something that has changed since its caller read it. An empty etag asks for nothing, and what
/// is unknown is the handler's to refuse.
///
/// # Errors
/// `STALE_ETAG`, or as [`Transaction::revision`].
pub fn check_etag<A: Aggregate>(tx: &mut Transaction, id: &str, etag: &str) -> Result<(), Halt> {
    if etag.is_empty() {
        return Ok(());
    }
    let revision = tx.revision::<A>(id)?;
    if revision.position > 0 && revision.etag() != etag {
        return Err(StaleEtag.into());
    }
    Ok(())
}

#[derive(Debug)]
struct StaleEtag;

impl fmt::Display for StaleEtag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it has changed since it was read; read it again")
    }
}

impl Refusal for StaleEtag {
    fn reason(&self) -> &'static str {
        "STALE_ETAG"
    }
    fn kind(&self) -> RefusalKind {
        RefusalKind::Stale
    }
    fn basis(&self) -> Option<LegalBasis> {
        None
    }
    fn zh(&self) -> String {
        "该资源已被更改，请重新读取".into()
    }
}
