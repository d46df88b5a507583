//! `up` from its one line of JSON to its end.

use crate::harness::Up;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use tonic::{Code, Request};
use traffic_proto::permits::v1::permit_service_client::PermitServiceClient;
use traffic_proto::permits::v1::{ApprovePermitRequest, ListPermitsRequest, Permit, PermitState};

async fn permits(up: &Up) -> Vec<Permit> {
    let address = format!("http://{}", up.text("/services/permits/grpc"));
    let mut client = PermitServiceClient::connect(address).await.unwrap();
    let listed = client.list_permits(ListPermitsRequest::default()).await;
    listed.unwrap().into_inner().permits
}

#[tokio::test(flavor = "multi_thread")]
async fn it_serves_a_stock_client_without_a_token_and_leaves_nothing_behind() {
    let up = Up::start(&["--ephemeral"]);
    let permits = permits(&up).await;
    assert!(
        permits
            .iter()
            .any(|permit| permit.state() == PermitState::Approved),
        "{permits:?}"
    );
    let bus = up.text("/nats").replace("nats://", "");
    assert!(TcpStream::connect(&bus).is_ok());

    let (code, rest, temporary) = up.terminate();
    assert_eq!(code, Some(0));
    assert_eq!(rest, "", "it prints one line");
    assert!(TcpStream::connect(&bus).is_err(), "its bus ended with it");
    let left = std::fs::read_dir(temporary.path()).unwrap().count();
    assert_eq!(left, 0, "its temporary folder is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_make_a_caller_somebody() {
    let up = Up::start(&["--ephemeral"]);
    let accepted = permits(&up)
        .await
        .into_iter()
        .find(|permit| permit.state() == PermitState::Accepted)
        .unwrap();
    let address = format!("http://{}", up.text("/services/permits/grpc"));
    let mut client = PermitServiceClient::connect(address).await.unwrap();
    let approve = |token: String| {
        let mut request = Request::new(ApprovePermitRequest {
            name: accepted.name.clone(),
            ..ApprovePermitRequest::default()
        });
        let value = format!("Bearer {token}").parse().unwrap();
        request.metadata_mut().insert("authorization", value);
        request
    };
    // The applicant may not decide; the reviewer may, and is told that the road is taken (the sample has it so).
    let by_applicant = client.approve_permit(approve(up.text("/tokens/applicant")));
    assert_eq!(
        by_applicant.await.unwrap_err().code(),
        Code::PermissionDenied
    );
    let by_reviewer = client.approve_permit(approve(up.text("/tokens/reviewer")));
    assert_eq!(
        by_reviewer.await.unwrap_err().code(),
        Code::FailedPrecondition
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_goes_on_where_the_first_ended() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let data = data.to_str().unwrap();
    let first = Up::start(&["--data", data]);
    let before = permits(&first).await;
    let mode = std::fs::metadata(data).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700, "there are keys in it");
    assert_eq!(first.terminate().0, Some(0));

    let second = Up::start(&["--data", data]);
    assert_eq!(
        permits(&second).await,
        before,
        "no sample city is loaded twice"
    );
}

#[test]
fn it_tells_a_story_once_with_the_article_of_each_refusal() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let arguments = ["--data", data.to_str().unwrap()];
    let told = crate::harness::announcement(&arguments);
    for step in [
        "the bays it touches are closed: bays/HZ-",
        "its bays are free again",
        "12 points",
        "the permit is suspended",
        "DRIVER_SUSPENDED",
        "(Road Traffic Safety Law art. 19(1))",
        "the plates are made, and brought to the buyer",
        "VIOLATIONS_OPEN",
        "(Order 164 art. 25(2))",
        "the owner pays the fine",
        "now it goes to the new owner",
    ] {
        assert!(told.contains(step), "{step} is not in:\n{told}");
    }
    let again = crate::harness::announcement(&arguments);
    assert!(again.contains("The suite is up."), "{again}");
    assert!(!again.contains("red light"), "not told twice:\n{again}");
}

#[test]
fn an_empty_city_is_empty() {
    let up = Up::start(&["--ephemeral", "--no-sample"]);
    let lines = up.lines("operator", &["events", "tail", "--from-start"]);
    assert_eq!(lines.len(), 0);
}

#[test]
fn two_on_the_same_data_do_not_meet() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let _first = Up::start(&["--data", data, "--no-sample"]);
    let second = crate::harness::program(&["up", "--ports", "auto", "--data", data]);
    assert_eq!(second.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&second.stderr);
    assert!(stderr.contains("another `up`"), "{stderr}");
}
