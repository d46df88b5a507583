//! Tokens for the people of a suite on one machine: who they are and what they may do.

use super::keys::Keys;
use crate::failure::Failure;
use crate::time::now;
use chassis::domain::Channel;
use chassis::server::{Audience, Claims};
use serde::Serialize;

/// How long a token is good: `up` issues new ones at each start.
const LIFETIME_S: i64 = 7 * 24 * 3600;

/// Mudan district.
const MUDAN: u32 = 371_702;
/// Division codes (GB/T 2260): the city of Heze and its districts.
const DISTRICTS: [u32; 10] = [
    371_700, 371_702, 371_703, 371_721, 371_722, 371_723, 371_724, 371_725, 371_726, 371_728,
];

/// One token for each part that somebody plays.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Tokens {
    /// A firm that applies for permits and uses them.
    pub(crate) applicant: String,
    /// An officer who decides for every district.
    pub(crate) reviewer: String,
    /// The road authority, which accepts roads before they reopen.
    pub(crate) road_authority: String,
    /// Who runs the suite, marks bays and sets prices.
    pub(crate) operator: String,
    /// A warden with a handheld.
    pub(crate) warden: String,
    /// A camera at a junction.
    pub(crate) camera: String,
    /// A traffic officer of Mudan district.
    pub(crate) officer: String,
    /// The chief of the city's traffic police, who decides in every district and alone revokes licences.
    pub(crate) chief: String,
    /// Who reviews decisions of the city's traffic police before they are made.
    pub(crate) legal_reviewer: String,
    /// A dealer, who registers cars for their buyers.
    pub(crate) dealer: String,
    /// Who makes plates and has them brought.
    pub(crate) plate_maker: String,
    /// The citizen of the sample data, who sees and contests own cases.
    pub(crate) citizen: String,
}

/// Identity number of the invented person in the sample data.
const CITIZEN: &str = "371702199001010013";

/// What officers do with cases, licences, vehicles, registrations, hazards and riders.
const OFFICER_SCOPES: &str = "enforcement.read enforcement.record enforcement.review enforcement.handle \
     enforcement.decide enforcement.education enforcement.hazard enforcement.persuade \
     registration.read registration.decide";

impl Tokens {
    pub(crate) fn issue(keys: &Keys) -> Result<Self, Failure> {
        let sign = |account: &str, scopes: &str, districts: &[u32], channel| {
            let claims = Claims {
                sub: account.to_owned(),
                iss: "traffic".to_owned(),
                aud: Audience::One("traffic".to_owned()),
                exp: now().as_second() + LIFETIME_S,
                nbf: None,
                scope: scopes.to_owned(),
                districts: districts.to_vec(),
                channel: Some(channel),
            };
            keys.issuer.sign(&claims).map_err(Failure::failed)
        };
        Ok(Self {
            applicant: sign(
                "sample-applicant",
                "permits.read permits.write permits.use",
                &[],
                Channel::Api,
            )?,
            reviewer: sign(
                "sample-reviewer",
                "permits.read permits.read_all permits.decide permits.accept permits.escort parking.read \
                 parking.officer",
                &DISTRICTS,
                Channel::Station,
            )?,
            road_authority: sign(
                "sample-road-authority",
                "permits.read permits.read_all permits.accept",
                &DISTRICTS,
                Channel::Api,
            )?,
            operator: sign(
                "sample-operator",
                "operations.read operations.write permits.read parking.read parking.manage parking.pay \
                 enforcement.read enforcement.pay registration.read registration.file registration.pay",
                &[],
                Channel::Api,
            )?,
            warden: sign(
                "sample-warden",
                "parking.read parking.device",
                &DISTRICTS,
                Channel::Device,
            )?,
            camera: sign("sample-camera", "enforcement.record", &[], Channel::Device)?,
            officer: sign("sample-officer", OFFICER_SCOPES, &[MUDAN], Channel::Station)?,
            chief: sign("sample-chief", OFFICER_SCOPES, &DISTRICTS, Channel::Station)?,
            legal_reviewer: sign(
                "sample-legal-reviewer",
                "enforcement.read enforcement.legal",
                &DISTRICTS,
                Channel::Station,
            )?,
            dealer: sign(
                "sample-dealer",
                "registration.read registration.file",
                &[],
                Channel::Dealer,
            )?,
            plate_maker: sign(
                "sample-plate-maker",
                "registration.read registration.plates",
                &DISTRICTS,
                Channel::Api,
            )?,
            citizen: sign(
                &format!("person:{}", keys.person(CITIZEN)?),
                "enforcement.read enforcement.party",
                &[],
                Channel::Online,
            )?,
        })
    }
}
