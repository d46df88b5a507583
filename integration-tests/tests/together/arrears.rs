//! Parking refers debts that two reminders did not bring in; enforcement opens a case for each.

use crate::herald::{Herald, Told, heard};
use chassis::clock::{Clock, SystemClock};
use chassis::server::to_timestamp;
use integration_tests::workloads::enforcement::cases;
use integration_tests::{Replica, Service, Suite, audit};
use jiff::ToSpan;
use traffic_proto::enforcement::v1::{
    Conduct, ListViolationsRequest, Violation, ViolationState, source,
};
use traffic_proto::parking::v1::{ArrearsReferred, ArrearsSettled, PlaceRef};

const POLICY: &str = "enforcement-parking-arrears";
const PLATE: &str = "鲁R12345";

fn bay() -> Option<PlaceRef> {
    Some(PlaceRef {
        bay: "bays/n1".into(),
        zone: "zones/suite".into(),
        district: "371702".into(),
    })
}

/// Parking tells of the debt for one stay.
struct Debt<'a> {
    herald: &'a Herald,
    session: &'a str,
}

impl Debt<'_> {
    fn told(position: u64) -> Told {
        Told {
            position,
            at: SystemClock.now(),
        }
    }

    async fn referred(&self, position: u64) {
        let now = SystemClock.now();
        let event = ArrearsReferred {
            session: self.session.into(),
            place: bay(),
            plate: PLATE.into(),
            arrive_time: Some(to_timestamp(now - (61 * 24).hours())),
            leave_time: Some(to_timestamp(now - (60 * 24).hours())),
            outstanding_fen: 1_200,
            reminded_until_time: Some(to_timestamp(now - 1.hours())),
            legal_basis: "Beijing Parking Regulations art. 41(2)".into(),
        };
        self.herald
            .tell(Self::told(position), self.session, &event)
            .await;
    }

    async fn settled(&self, position: u64) {
        let event = ArrearsSettled {
            session: self.session.into(),
            place: bay(),
            plate: PLATE.into(),
        };
        self.herald
            .tell(Self::told(position), self.session, &event)
            .await;
    }
}

async fn of_plate(replica: &Replica) -> Vec<Violation> {
    let request = ListViolationsRequest {
        plate: PLATE.into(),
        ..ListViolationsRequest::default()
    };
    let listed = cases(replica, "officer:cases")
        .list_violations(request)
        .await;
    listed.unwrap().into_inner().violations
}

#[tokio::test(flavor = "multi_thread")]
async fn a_debt_becomes_one_case_however_often_it_is_referred_and_ends_when_it_is_paid() {
    let suite = Suite::start().await;
    let client = suite.connect().await;
    let mut police = [
        suite.replica(Service::Enforcement).await,
        suite.replica(Service::Enforcement).await,
    ];
    let herald = Herald::of("parking", &client);
    let debt = Debt {
        herald: &herald,
        session: "sessions/s1",
    };
    debt.referred(10).await;
    debt.referred(10).await;
    heard(&client, POLICY).await;
    let found = of_plate(&police[0]).await;
    assert_eq!(found.len(), 1, "{found:?}");
    let act = found[0].act.as_ref().unwrap();
    assert_eq!(act.conduct(), Conduct::ParkingFeeUnpaid);
    let provided = found[0].provided.as_ref().unwrap();
    assert_eq!(
        (
            provided.least_fine_fen,
            provided.most_fine_fen,
            provided.points
        ),
        (10_000, 10_000, 0)
    );
    assert_eq!(
        provided.penalty_rules[0].legal_basis,
        "Beijing Parking Regulations art. 41(2)"
    );
    let Some(source::Kind::Referral(from)) = found[0].source.clone().and_then(|it| it.kind) else {
        panic!("{found:?}");
    };
    assert_eq!(
        (from.from.as_str(), from.reference.as_str()),
        ("parking", "s1")
    );

    // Paid while enforcement is away.
    police.iter_mut().for_each(Replica::kill9);
    debt.settled(20).await;
    for replica in &mut police {
        replica.restart().await;
    }
    debt.referred(10).await;
    heard(&client, POLICY).await;
    let found = of_plate(&police[1]).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].state(), ViolationState::NotPunished);
    assert_eq!(
        found[0].closing_basis,
        "Administrative Penalty Law art. 33(1)"
    );
    audit::agree(&[&police[0], &police[1]]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_debt_whose_payment_is_told_first_never_becomes_a_case() {
    let suite = Suite::start().await;
    let client = suite.connect().await;
    let police = suite.replica(Service::Enforcement).await;
    let herald = Herald::of("parking", &client);
    let paid = Debt {
        herald: &herald,
        session: "sessions/s1",
    };
    paid.settled(20).await;
    paid.referred(10).await;
    heard(&client, POLICY).await;
    assert!(of_plate(&police).await.is_empty());
    // The payment was given back later: that is news.
    paid.referred(30).await;
    heard(&client, POLICY).await;
    assert_eq!(of_plate(&police).await.len(), 1);
}
