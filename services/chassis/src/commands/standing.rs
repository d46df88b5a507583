//! Whether the journal still holds what is known here: a restored stream may lack it, and until the projection has noticed
//! that, what is lost would be answered as done, or be a reason to refuse.

use crate::journal::{Extent, Journal, Position, Unavailable};
use crate::projection::Projection;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Mutex;

/// Asks the journal one question at a time, for all who came before it was put.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// Questions put so far.
    put: AtomicU64,
    /// The last one that was answered, by its number, and the answer.
    last: Mutex<Option<(u64, Standings)>>,
}

/// What the journal says of what is known here.
#[derive(Clone, Debug)]
pub(super) enum Standings {
    /// It holds all that the projection had applied, and ends here.
    UpTo(Position),
    /// It lacks some of it.
    Lost,
    /// Nothing: one of the two is away.
    Unknown(String),
}

impl Standing {
    /// What the journal says when asked after the call.
    pub(super) async fn ask(&self, journal: &dyn Journal, projection: &Projection) -> Standings {
        let put = self.put.load(Ordering::Acquire);
        let mut last = self.last.lock().await;
        if let Some((number, found)) = &*last
            && *number > put
        {
            return found.clone();
        }
        let number = self.put.fetch_add(1, Ordering::AcqRel) + 1;
        let found = look(journal, projection).await;
        *last = Some((number, found.clone()));
        found
    }
}

async fn look(journal: &dyn Journal, projection: &Projection) -> Standings {
    let (position, commit) = match projection.checkpoint().await {
        Ok(checkpoint) => checkpoint,
        Err(not_ready) => return Standings::Unknown(not_ready.to_string()),
    };
    let held = async {
        let Extent { first, last, .. } = journal.extent().await?;
        // What was purged cannot be compared, as nothing can before the first commit.
        let holds = position < first
            || position <= last && journal.commit_at(position).await? == Some(commit);
        Ok::<_, Unavailable>((holds, last))
    };
    match held.await {
        Ok((true, last)) => Standings::UpTo(last),
        Ok((false, _)) => Standings::Lost,
        Err(away) => Standings::Unknown(away.to_string()),
    }
}
