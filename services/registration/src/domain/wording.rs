//! What a ground of refusal says, in one place for its name, its provision and its words in two languages.

use chassis::domain::{LegalBasis, RefusalKind};

#[derive(Debug)]
pub(super) struct Wording {
    pub(super) reason: &'static str,
    pub(super) kind: RefusalKind,
    pub(super) basis: Option<LegalBasis>,
    pub(super) en: String,
    pub(super) zh: String,
}

/// A ground that a provision gives.
pub(super) fn says(
    reason: &'static str,
    basis: LegalBasis,
    en: impl Into<String>,
    zh: impl Into<String>,
) -> Wording {
    Wording {
        reason,
        kind: RefusalKind::Forbidden,
        basis: Some(basis),
        en: en.into(),
        zh: zh.into(),
    }
}

/// A ground with which the law has nothing to do: an unknown id, a value that is taken.
pub(super) fn says_plainly(
    reason: &'static str,
    kind: RefusalKind,
    en: impl Into<String>,
    zh: impl Into<String>,
) -> Wording {
    Wording {
        reason,
        kind,
        basis: None,
        en: en.into(),
        zh: zh.into(),
    }
}

impl Wording {
    pub(super) fn of_kind(mut self, kind: RefusalKind) -> Self {
        self.kind = kind;
        self
    }
}

/// Makes a [`chassis::domain::Refusal`] of an enumeration that has `wording(&self) -> Wording` and
/// `facts_of(&self) -> Vec<(&'static str, String)>`.
macro_rules! refusal_in_words {
    ($ground:ty) => {
        impl std::fmt::Display for $ground {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.wording().en)
            }
        }

        impl chassis::domain::Refusal for $ground {
            fn reason(&self) -> &'static str {
                self.wording().reason
            }
            fn kind(&self) -> chassis::domain::RefusalKind {
                self.wording().kind
            }
            fn basis(&self) -> Option<chassis::domain::LegalBasis> {
                self.wording().basis
            }
            fn zh(&self) -> String {
                self.wording().zh
            }
            fn facts(&self) -> Vec<(&'static str, String)> {
                self.facts_of()
            }
        }
    };
}

pub(super) use refusal_in_words;
