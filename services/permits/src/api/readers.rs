//! Who reads which permits: an account those that it has filed, officers and oversight all of them.

use crate::domain::permit::Permit;
use crate::read_model::Facet;
use chassis::server::{Caller, Failure};
use tonic::Request;

/// Who holds it reads what others have filed.
const READ_ALL: &str = "permits.read_all";

/// What a caller may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    All,
    /// Only what this account has filed.
    FiledBy(String),
}

impl Reader {
    /// # Errors
    /// As [`Caller::of`].
    pub(super) fn of<M>(request: &Request<M>) -> Result<Self, Failure> {
        let caller = Caller::of(request)?;
        if caller.has_scope(READ_ALL) {
            return Ok(Self::All);
        }
        Ok(Self::FiledBy(caller.actor.id.clone()))
    }

    /// Who filed a permit never changes.
    pub(super) fn may_read(&self, permit: &Permit) -> bool {
        match self {
            Self::All => true,
            Self::FiledBy(account) => permit.filed_by == *account,
        }
    }

    /// Under which facet everything is that may be read; `None`: there is no bound.
    pub(super) fn facet(&self) -> Option<Facet> {
        self.account()
            .map(|account| Facet::FiledBy(account.to_owned()))
    }

    /// Whose permits alone may be read.
    pub(super) fn account(&self) -> Option<&str> {
        match self {
            Self::All => None,
            Self::FiledBy(account) => Some(account),
        }
    }
}
