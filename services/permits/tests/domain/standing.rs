//! Suspended, resumed, revoked: Administrative Licence Law arts. 8, 61, 69, 70.

use crate::fixtures::*;
use chassis::domain::Revision;
use chassis::testing::Scenario;
use permits::domain::event::{Fact, RevocationGround, SuspensionCause};
use permits::domain::permit::Stage;
use permits::domain::registers::DriverStanding;
use permits::domain::remedies::Remedies;
use permits::domain::road_calendar::RoadCalendar;
use permits::domain::road_occupation::Direction;
use permits::domain::standing::{Revoke, resume, revoke, suspend};
use permits::domain::values::PermitId;
use traffic_proto::permits::v1::Permit;

const SUPERVISION: Option<&str> = Some("Administrative Licence Law art. 61(2)");

#[test]
fn a_permit_is_suspended_and_resumed_by_order_art_61() {
    let (scenario, id) = approved(app(occupation()));
    let outcome = scenario
        .when(|tx| resume(tx, &id, text("all clear")))
        .then_refused("NOT_SUSPENDED", SUPERVISION)
        .when(|tx| suspend(tx, &id, text("gas leak")));
    assert_eq!(
        facts(&outcome, &id),
        [Fact::PermitSuspended {
            cause: SuspensionCause::Order,
            reason: text("gas leak"),
            use_goes_on: false
        }]
    );
    let scenario = outcome.and();
    assert!(permit(&scenario, &id).is_suspended());
    let outcome = scenario
        .when(|tx| suspend(tx, &id, text("gas leak")))
        .then_refused("ALREADY_SUSPENDED", SUPERVISION)
        .when(|tx| resume(tx, &id, text("all clear")));
    assert_eq!(
        facts(&outcome, &id),
        [Fact::SuspensionLifted {
            cause: SuspensionCause::Order,
            reason: text("all clear"),
            usable: true
        }]
    );
    assert!(!permit(&outcome.and(), &id).is_suspended());
}

#[test]
fn only_a_granted_permit_is_suspended_resumed_or_revoked() {
    let basis = Some("Administrative Licence Law art. 4");
    let (scenario, id) = accepted(app(occupation()));
    scenario
        .when(|tx| suspend(tx, &id, text("no")))
        .then_refused("WRONG_STATE", basis)
        .when(|tx| resume(tx, &id, text("no")))
        .then_refused("WRONG_STATE", basis)
        .when(|tx| {
            revoke(
                tx,
                &id,
                Revoke {
                    ground: RevocationGround::Fraud,
                    reason: text("no"),
                },
            )
        })
        .then_refused("WRONG_STATE", basis);
}

#[test]
fn every_ground_of_revocation_names_its_provision_and_frees_what_the_permit_held() {
    for (ground, basis) in [
        (RevocationGround::AbuseOfDuty, "art. 69(1)(1)"),
        (RevocationGround::BeyondPowers, "art. 69(1)(2)"),
        (RevocationGround::Procedure, "art. 69(1)(3)"),
        (RevocationGround::NotQualified, "art. 69(1)(4)"),
        (RevocationGround::Fraud, "art. 69(2)"),
        (RevocationGround::PublicInterest, "art. 8(2)"),
        (RevocationGround::ForceMajeure, "art. 70(5)"),
        (RevocationGround::VehicleCancelled, "art. 70(6)"),
        (RevocationGround::HolderDissolved, "art. 70(3)"),
    ] {
        let (scenario, id) = approved(app(occupation()));
        let outcome = scenario.when(|tx| {
            revoke(
                tx,
                &id,
                Revoke {
                    ground,
                    reason: text("found out"),
                },
            )
        });
        match &facts(&outcome, &id)[..] {
            [Fact::PermitRevoked { basis: named, .. }] => {
                assert_eq!(
                    named.to_string(),
                    format!("Administrative Licence Law {basis}")
                );
            }
            other => panic!("{other:?}"),
        }
        let scenario = outcome.and();
        assert_eq!(stage(&scenario, &id), Stage::Revoked);
        let calendar: RoadCalendar =
            scenario.state(&RoadCalendar::id("Sample Road", Direction::Eastbound));
        assert!(calendar.bookings.is_empty());
    }
    let (scenario, id) = approved(toxic_app(toxic()));
    let revoked = Revoke {
        ground: RevocationGround::PublicInterest,
        reason: text("road destroyed"),
    };
    let scenario = scenario.when(|tx| revoke(tx, &id, revoked)).and();
    assert!(
        scenario
            .state::<DriverStanding>(person('a').person.as_str())
            .permits
            .is_empty()
    );
}

#[test]
fn a_revocation_in_an_older_journal_is_read() {
    let older = r#"{"permit_revoked": {
        "ground": "fraud", "reason": "found out",
        "basis": {"instrument": "Administrative Licence Law", "article": "art. 69(2)"}
    }}"#;
    let fact: Fact = serde_json::from_str(older).unwrap();
    assert!(matches!(
        fact,
        Fact::PermitRevoked {
            use_goes_on: false,
            ..
        }
    ));
}

#[test]
fn a_suspension_in_an_older_journal_is_read() {
    let older = r#"{"permit_suspended": {"cause": "order", "reason": "gas leak"}}"#;
    let fact: Fact = serde_json::from_str(older).unwrap();
    assert!(matches!(
        fact,
        Fact::PermitSuspended {
            use_goes_on: false,
            ..
        }
    ));
}

#[test]
fn whoever_may_not_use_a_permit_any_more_is_told_of_remedies_and_their_term_art_7() {
    let (scenario, id) = approved(app(occupation()));
    let suspended = scenario.when(|tx| suspend(tx, &id, text("gas leak"))).and();
    let told_when_suspended = shown(&suspended, &id).suspensions[0].remedies_zh.clone();
    let revoked = suspended.when(|tx| revoke(tx, &id, revocation())).and();
    let told_when_revoked = shown(&revoked, &id).revocation.unwrap().remedies_zh;
    for told in [told_when_suspended, told_when_revoked] {
        for remedy in ["行政复议", "六十日", "行政诉讼", "本级人民政府", "所在地"]
        {
            assert!(told.contains(remedy), "{told}");
        }
    }
}

fn shown(scenario: &Scenario, id: &PermitId) -> Permit {
    let permit = permit(scenario, id);
    permits::contract::permit(id, &permit, &Revision::default(), &Remedies::default())
}
