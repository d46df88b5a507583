//! Whether somebody may apply, as callers see it.

use super::day;
use crate::domain::instruments::REMEDIES_ZH;
use crate::domain::party::PartyRef;
use crate::domain::standing::{ApplicantStanding, Bar};
use chassis::domain::Revision;
use traffic_proto::registration::v1 as proto;

pub fn applicant(
    who: &PartyRef,
    own: &ApplicantStanding,
    revision: &Revision,
) -> proto::ApplicantStanding {
    let until = |bar: Option<Bar>| bar.and_then(|bar| day(bar.until));
    let is_barred = own.false_papers.is_some() || own.fraud.is_some();
    proto::ApplicantStanding {
        name: format!("applicants/{}", who.as_str()),
        false_papers_until: until(own.false_papers),
        fraud_until: until(own.fraud),
        etag: revision.etag(),
        remedies_zh: if is_barred { REMEDIES_ZH } else { "" }.to_owned(),
    }
}
