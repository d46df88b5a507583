//! Who reads which permits: applicants their own, officers and oversight all (Administrative Licence Law art. 5(2)).

use crate::city::{Account, City, Client, fields, reason};
use crate::samples::{create, permit, toxic, works};
use futures::StreamExt;
use std::slice;
use tonic::{Code, Status};
use traffic_proto::permits::v1 as proto;
use traffic_proto::permits::v1::permit::Application;

/// Files; answers the name.
async fn filed(applicant: &mut Client, permit: proto::Permit) -> String {
    let filed = applicant.create_permit(create(permit)).await.unwrap();
    filed.into_inner().name
}

async fn listed(client: &mut Client, request: proto::ListPermitsRequest) -> Vec<String> {
    let page = client.list_permits(request).await.unwrap().into_inner();
    page.permits.into_iter().map(|permit| permit.name).collect()
}

fn get(name: &str) -> proto::GetPermitRequest {
    proto::GetPermitRequest { name: name.into() }
}

#[track_caller]
fn denied<T: std::fmt::Debug>(outcome: Result<T, Status>) {
    let status = outcome.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    assert_eq!(
        reason(&status),
        (
            "FILED_BY_ANOTHER_ACCOUNT".into(),
            Some("Administrative Licence Law art. 5(2)".into())
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_applicant_reads_what_it_filed_and_nothing_of_others_art_5() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut applicant = city.client(&replica, Account::Applicant).await;
    let mut other = city.client(&replica, Account::OtherApplicant).await;
    let transport = permit(Application::ToxicTransport(toxic()));
    let name = filed(&mut applicant, transport).await;
    replica.caught_up().await;

    let history = || proto::ListPermitHistoryRequest {
        parent: name.clone(),
        ..Default::default()
    };
    let credential = || proto::GetCredentialRequest {
        name: format!("{name}/credential"),
    };
    denied(other.get_permit(get(&name)).await);
    denied(other.list_permit_history(history()).await);
    denied(other.get_credential(credential()).await);

    for account in [Account::Applicant, Account::Reviewer, Account::Agency] {
        let mut reader = city.client(&replica, account).await;
        let read = reader.get_permit(get(&name)).await.unwrap().into_inner();
        assert_eq!(read.filed_by, "partner:works");
        let history = reader.list_permit_history(history()).await.unwrap();
        assert_eq!(history.into_inner().events.len(), 1);
        let early = reader.get_credential(credential()).await.unwrap_err();
        assert_eq!(reason(&early).0, "WRONG_STATE");
    }
    // What does not exist is nobody's.
    let nobody = "permits/00000000-0000-8000-8000-000000000001";
    let unknown = other.get_permit(get(nobody)).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_holds_what_the_account_filed_whatever_it_asks_for_art_5() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut applicant = city.client(&replica, Account::Applicant).await;
    let mut other = city.client(&replica, Account::OtherApplicant).await;
    let mut reviewer = city.client(&replica, Account::Reviewer).await;
    let transport = permit(Application::ToxicTransport(toxic()));
    let theirs = filed(&mut applicant, transport).await;
    city.clock.advance(jiff::SignedDuration::from_secs(1));
    let own = filed(&mut other, works("Sample Road")).await;
    replica.caught_up().await;

    let all = proto::ListPermitsRequest::default;
    assert_eq!(listed(&mut other, all()).await, slice::from_ref(&own));
    assert_eq!(
        listed(&mut applicant, all()).await,
        slice::from_ref(&theirs)
    );
    assert_eq!(
        listed(&mut reviewer, all()).await,
        [own.clone(), theirs.clone()]
    );
    let of_plate = || proto::ListPermitsRequest {
        plate: "鲁R12345".into(),
        ..Default::default()
    };
    assert!(listed(&mut other, of_plate()).await.is_empty());
    assert_eq!(listed(&mut applicant, of_plate()).await, [theirs]);
    let of_district = proto::ListPermitsRequest {
        district: "371702".into(),
        applicant: "91110000600037341L".into(),
        ..Default::default()
    };
    assert_eq!(listed(&mut other, of_district).await, [own]);

    // The next page of a list of all is no way to read on.
    let first = proto::ListPermitsRequest {
        page_size: 1,
        ..all()
    };
    let page = reviewer.list_permits(first.clone()).await.unwrap();
    let next = proto::ListPermitsRequest {
        page_token: page.into_inner().next_page_token,
        ..first
    };
    assert!(!next.page_token.is_empty());
    let refused = other.list_permits(next).await.unwrap_err();
    assert_eq!(fields(&refused), ["page_token"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_shows_what_the_account_filed_whatever_it_asks_for_art_5() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut applicant = city.client(&replica, Account::Applicant).await;
    let mut other = city.client(&replica, Account::OtherApplicant).await;
    let mut agency = city.client(&replica, Account::Agency).await;
    let transport = permit(Application::ToxicTransport(toxic()));
    let theirs = filed(&mut applicant, transport).await;
    let own = filed(&mut other, works("Sample Road")).await;
    for district in ["", "371702"] {
        let watch = || proto::WatchPermitsRequest {
            after_position: Some(0),
            district: district.into(),
            ..Default::default()
        };
        let first_seen = async |client: &mut Client| {
            let mut changes = client.watch_permits(watch()).await.unwrap().into_inner();
            loop {
                let change = changes.next().await.unwrap().unwrap();
                if let Some(event) = change.event {
                    return event.permit;
                }
            }
        };
        assert_eq!(first_seen(&mut other).await, own);
        assert_eq!(first_seen(&mut agency).await, theirs);
    }
}
