//! Streams of commands: each row is answered by itself as the single call would be, and done once whatever is sent again.

use crate::city::{Account, City, day, driver, fields, reason, red_light, time};
use crate::stories::{Cases, cases};
use chassis::rows::AT_ONCE;
use futures::{Stream, StreamExt, stream};
use prost::Message;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tonic::transport::Channel;
use tonic::{Code, Response, Status, Streaming};
use traffic_proto::enforcement::v1 as proto;
use traffic_proto::enforcement::v1::violation_service_client::ViolationServiceClient;

type Answer = proto::ViolationRowAnswer;
type Answers = Result<Response<Streaming<Answer>>, Status>;

fn request_id(of: &str, number: u32) -> String {
    let name = of
        .bytes()
        .fold(0_u128, |sum, byte| sum << 4 ^ u128::from(byte));
    uuid::Uuid::from_u128(0x8000 << 64 | name << 32 | u128::from(number + 1)).to_string()
}

/// Red lights on roads of their own: no two are the same act.
fn record(number: u32) -> proto::RecordViolationRequest {
    let mut violation = red_light();
    violation.plate = format!("鲁R1{:04}", number % 40);
    violation.place.as_mut().unwrap().road = format!("Sample Road, km {number}");
    proto::RecordViolationRequest {
        violation: Some(violation),
        request_id: request_id("record", number),
        validate_only: false,
    }
}

fn record_row(number: u32) -> proto::RecordViolationsRequest {
    proto::RecordViolationsRequest {
        row: number.into(),
        request: Some(record(number)),
    }
}

fn review(name: &str, number: u32, review: proto::Review) -> proto::PassReviewsRequest {
    let of = review.as_str_name();
    proto::PassReviewsRequest {
        row: number.into(),
        request: Some(proto::PassReviewRequest {
            name: name.into(),
            review: review.into(),
            request_id: request_id(of, number),
            ..proto::PassReviewRequest::default()
        }),
    }
}

/// Reads the answers to their end: one for each row.
async fn all(answers: Answers) -> BTreeMap<i64, Answer> {
    let mut answers = answers.unwrap().into_inner();
    let mut by_row = BTreeMap::new();
    while let Some(answer) = answers.message().await.unwrap() {
        let before = by_row.insert(answer.row, answer);
        assert!(before.is_none(), "one answer for each row");
    }
    by_row
}

async fn record_all(camera: &mut Cases, numbers: std::ops::Range<u32>) -> BTreeMap<i64, Answer> {
    all(camera
        .record_violations(stream::iter(numbers.map(record_row)))
        .await)
    .await
}

/// The status of a row as a call would have ended with it.
fn status(answer: &Answer) -> Status {
    assert_eq!(answer.violation, "", "{answer:?}");
    let status = answer.status.as_ref().unwrap();
    let code = Code::from_i32(status.code);
    Status::with_details(code, &status.message, status.encode_to_vec().into())
}

#[track_caller]
fn all_in(answers: &BTreeMap<i64, Answer>, state: proto::ViolationState) {
    for answer in answers.values() {
        assert_eq!(answer.status, None);
        assert_eq!(answer.state(), state, "{answer:?}");
        assert!(answer.position > 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cases_go_from_the_camera_to_the_payment_in_streams_alone() {
    use proto::ViolationState as State;
    const CASES: u32 = 30;
    let city = City::start().await;
    let replica = city.replica().await;
    let mut camera = cases(&city, &replica, Account::Camera).await;
    let mut officer = cases(&city, &replica, Account::Officer).await;
    let recorded = record_all(&mut camera, 0..CASES).await;
    assert_eq!(recorded.len(), 30);
    all_in(&recorded, State::Recorded);
    let names: Vec<String> = recorded.into_values().map(|a| a.violation).collect();
    let rows = || names.iter().zip(0_i64..);

    // Both reviews of a case stand in one list.
    let reviews = [proto::Review::Technical, proto::Review::Legal];
    let list: Vec<_> = names
        .iter()
        .zip(0_u32..)
        .flat_map(|(name, number)| reviews.map(|one| review(name, number * 2 + one as u32, one)))
        .collect();
    let reviewed = all(officer.pass_reviews(stream::iter(list)).await).await;
    assert_eq!(reviewed.len(), 60);
    let entered = reviewed.values().filter(|a| a.state() == State::Entered);
    assert_eq!(
        entered.count(),
        30,
        "with its second review each is entered"
    );

    let notices: Vec<_> = rows()
        .map(|(name, row)| proto::SendNoticesRequest {
            row,
            request: Some(proto::SendNoticeRequest {
                name: name.clone(),
                channel: proto::NoticeChannel::App.into(),
                ..proto::SendNoticeRequest::default()
            }),
        })
        .collect();
    let notified = all(officer.send_notices(stream::iter(notices)).await).await;
    all_in(&notified, State::Notified);

    let come: Vec<_> = rows()
        .map(|(name, row)| proto::AcceptHandlingsRequest {
            row,
            request: Some(proto::AcceptHandlingRequest {
                name: name.clone(),
                // Each another driver: nobody comes to twelve points.
                party: driver().map(|party| proto::Party {
                    identity_number: invented(row),
                    ..party
                }),
                ..proto::AcceptHandlingRequest::default()
            }),
        })
        .collect();
    let accepted = all(officer.accept_handlings(stream::iter(come)).await).await;
    all_in(&accepted, State::Handling);

    let decisions: Vec<_> = rows()
        .map(|(name, row)| proto::DecideViolationsRequest {
            row,
            request: Some(proto::DecideViolationRequest {
                name: name.clone(),
                sanction: Some(proto::Sanction {
                    fine_fen: 20_000,
                    ..proto::Sanction::default()
                }),
                told_and_heard: true,
                ..proto::DecideViolationRequest::default()
            }),
        })
        .collect();
    let decided = all(officer.decide_violations(stream::iter(decisions)).await).await;
    all_in(&decided, State::Decided);

    let deliveries: Vec<_> = rows()
        .map(|(name, row)| proto::ServeDecisionsRequest {
            row,
            request: Some(proto::ServeDecisionRequest {
                name: name.clone(),
                service: proto::Service::Electronic.into(),
                ..proto::ServeDecisionRequest::default()
            }),
        })
        .collect();
    let served = all(officer.serve_decisions(stream::iter(deliveries)).await).await;
    all_in(&served, State::Served);

    let payments: Vec<_> = rows()
        .map(|(name, row)| proto::RecordPaymentsRequest {
            row,
            request: Some(proto::RecordPaymentRequest {
                name: name.clone(),
                amount_fen: 20_000,
                reference: format!("BANK-{row}"),
                pay_time: time("2026-03-02T09:00:00"),
                ..proto::RecordPaymentRequest::default()
            }),
        })
        .collect();
    let paid = all(officer.record_payments(stream::iter(payments)).await).await;
    all_in(&paid, State::Settled);

    replica.caught_up().await;
    for (answer, name) in paid.values().zip(&names) {
        let get = proto::GetViolationRequest {
            name: name.clone(),
            ..proto::GetViolationRequest::default()
        };
        let case = officer.get_violation(get).await.unwrap().into_inner();
        assert_eq!((&answer.violation, &answer.etag), (&case.name, &case.etag));
        assert_eq!(case.account.unwrap().paid_fen, 20_000);
        assert!(answer.encoded_len() < 100, "answers are small");
    }
}

/// An identity number that is well formed; its holder does not exist.
fn invented(number: i64) -> String {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let digits = format!("37170219900101{number:03}");
    let sum: u32 = digits
        .bytes()
        .zip(WEIGHTS)
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    let check = b"10X98765432"[(sum % 11) as usize];
    format!("{digits}{}", char::from(check))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_sent_again_stores_nothing_twice_on_whatever_replica() {
    let city = City::start().await;
    let (one, other) = (city.replica().await, city.replica().await);
    let mut camera = cases(&city, &one, Account::Camera).await;
    let first = record_all(&mut camera, 0..200).await;
    all_in(&first, proto::ViolationState::Recorded);
    let written = one.service.core.projection.applied();

    assert_eq!(record_all(&mut camera, 0..200).await, first);
    let mut elsewhere = cases(&city, &other, Account::Camera).await;
    assert_eq!(record_all(&mut elsewhere, 0..200).await, first);
    // A row and a call are the same request.
    let called = camera.record_violation(record(7)).await.unwrap();
    assert_eq!(called.into_inner().name, first[&7].violation);

    one.caught_up().await;
    let last = first.values().map(|answer| answer.position).max().unwrap();
    assert!(one.service.core.projection.applied() <= last.max(written));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_row_is_refused_as_the_single_call_is_and_the_others_go_on() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut camera = cases(&city, &replica, Account::Camera).await;
    let mut rows: Vec<_> = (0..100).map(record_row).collect();
    let bad = |row: &mut proto::RecordViolationsRequest, change: fn(&mut proto::Violation)| {
        let request = row.request.as_mut().unwrap();
        change(request.violation.as_mut().unwrap());
    };
    rows[10].request = None;
    bad(&mut rows[20], |case| {
        case.plate = "X".into();
        case.evidence = vec!["none".into()];
    });
    bad(&mut rows[30], |case| {
        case.act_time = time("2020-03-01T10:00:00")
    });
    bad(&mut rows[40], |case| {
        if let Some(proto::source::Kind::Device(device)) = &mut case.source.as_mut().unwrap().kind {
            device.verified_until = day("2026-02-01");
        }
    });
    rows[50].request.as_mut().unwrap().request_id = "fifty".into();
    // The id of another row, with another body.
    rows[60].request.as_mut().unwrap().request_id = request_id("record", 59);
    bad(&mut rows[60], |case| case.plate = "鲁R10019".into());
    let answers = all(camera.record_violations(stream::iter(rows.clone())).await).await;
    assert_eq!(answers.len(), 100);

    let refused: Vec<i64> = answers
        .values()
        .filter(|answer| answer.status.is_some())
        .map(|answer| answer.row)
        .collect();
    // Of two rows with one id either may be the first; which, their plates tell: they are the same one here.
    assert_eq!(refused, [10, 20, 30, 40, 50, 60]);
    let named = |row: i64| fields(&status(&answers[&row]));
    assert_eq!(named(10), ["violation"]);
    assert_eq!(named(20), ["violation.plate", "violation.evidence[0]"]);
    assert_eq!(named(50), ["request_id"]);
    let ground = |row: i64| {
        let status = status(&answers[&row]);
        let (reason, basis) = reason(&status);
        (status.code(), reason, basis.is_some())
    };
    let forbidden = |reason: &str| (Code::FailedPrecondition, reason.to_owned(), true);
    assert_eq!(ground(30), forbidden("LIMITATION_PASSED"));
    assert_eq!(ground(40), forbidden("DEVICE_NOT_VERIFIED"));
    let reused = (Code::InvalidArgument, "REQUEST_ID_REUSED".to_owned(), false);
    assert_eq!(ground(60), reused);

    for row in [10, 20, 30, 40, 50, 60] {
        let request = rows[row as usize].request.clone().unwrap_or_default();
        let called = camera.record_violation(request).await.unwrap_err();
        let answered = status(&answers[&row]);
        assert_eq!(
            (answered.code(), answered.message()),
            (called.code(), called.message())
        );
        assert_eq!(
            (reason(&answered), fields(&answered)),
            (reason(&called), fields(&called))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_about_one_case_are_carried_out_in_their_order() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut camera = cases(&city, &replica, Account::Camera).await;
    let mut officer = cases(&city, &replica, Account::Officer).await;
    let recorded = record_all(&mut camera, 0..20).await;
    // The same review ten times, each another request: the first one counts.
    let rows: Vec<_> = (0..10)
        .flat_map(|turn| {
            recorded.values().map(move |case| {
                let number = turn * 20 + u32::try_from(case.row).unwrap();
                review(&case.violation, number, proto::Review::Technical)
            })
        })
        .collect();
    let answers = all(officer.pass_reviews(stream::iter(rows)).await).await;
    for (row, answer) in &answers {
        if *row < 20 {
            assert_eq!(answer.status, None, "row {row}");
        } else {
            assert_eq!(reason(&status(answer)).0, "REVIEW_DONE", "row {row}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_cut_in_the_middle_and_sent_again_leaves_each_case_once() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut camera = cases(&city, &replica, Account::Camera).await;
    let mut known = BTreeMap::new();
    for until in [5, 40, 120] {
        // Rows are still under way when the caller hangs up.
        let rows = stream::iter((0..400).map(record_row)).chain(stream::pending());
        let mut answers = camera.record_violations(rows).await.unwrap().into_inner();
        while known.len() < until {
            let answer = answers.message().await.unwrap().unwrap();
            let before = known.insert(answer.row, answer.clone());
            assert!(before.is_none_or(|before| before == answer));
        }
    }
    let answers = record_all(&mut camera, 0..400).await;
    assert_eq!(answers.len(), 400);
    all_in(&answers, proto::ViolationState::Recorded);
    for (row, answer) in known {
        assert_eq!(answers[&row], answer, "what was answered before stands");
    }

    replica.caught_up().await;
    let mut officer = cases(&city, &replica, Account::Officer).await;
    let list = proto::ListViolationsRequest {
        page_size: 1_000,
        ..proto::ListViolationsRequest::default()
    };
    let listed = officer.list_violations(list).await.unwrap().into_inner();
    assert_eq!(listed.violations.len(), 400);
}

/// Rows that are refused, of 4 KiB each, and how many of them have been asked for.
fn long_rows() -> (
    impl Stream<Item = proto::RecordViolationsRequest>,
    Arc<AtomicUsize>,
) {
    let taken = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&taken);
    let rows = stream::repeat_with(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        let mut row = record_row(0);
        let violation = row.request.as_mut().unwrap().violation.as_mut().unwrap();
        violation.place.as_mut().unwrap().road = "x".repeat(4_096);
        row
    });
    (rows, taken)
}

/// Waits until a number has not grown for a while.
async fn settled(number: &AtomicUsize) -> usize {
    let mut before = 0;
    loop {
        let now = number.load(Ordering::Relaxed);
        if now == before && now > 0 {
            return now;
        }
        before = now;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_read_answers_is_not_read_from() {
    const WINDOW: u32 = 65_535;
    let city = City::start().await;
    let replica = city.replica().await;
    let bearer = city.bearer(&Account::Camera.at(&replica));
    let address = format!("http://{}", replica.service.running.grpc);
    let endpoint = Channel::from_shared(address).unwrap();
    let channel = endpoint
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .connect()
        .await
        .unwrap();
    let mut camera = ViolationServiceClient::with_interceptor(channel, bearer);
    let (rows, taken) = long_rows();
    let answers = camera.record_violations(rows).await.unwrap();
    let stalled = settled(&taken).await;
    // Those under way, the unread answers that a window of 64 KiB holds (more than 100 bytes each), and the unread rows in the
    // server's window and both ends' buffers: less than 4 MiB, 1,024 rows.
    assert!(stalled <= AT_ONCE + 655 + 1_024, "{stalled}");

    let mut answers = answers.into_inner();
    for _ in 0..2 * stalled {
        let answer = answers.message().await.unwrap().unwrap();
        assert_eq!(fields(&status(&answer)), ["violation.place.road"]);
    }
    assert!(taken.load(Ordering::Relaxed) > stalled, "it goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_needs_the_scope_of_the_single_call() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut citizen = cases(&city, &replica, Account::Citizen).await;
    macro_rules! denied {
        ($($method:ident of $row:ident;)*) => {$(
            let rows = stream::iter([proto::$row::default()]);
            let refused = citizen.$method(rows).await.unwrap_err();
            assert_eq!(refused.code(), Code::PermissionDenied, stringify!($method));
        )*};
    }
    denied! {
        record_violations of RecordViolationsRequest;
        pass_reviews of PassReviewsRequest;
        send_notices of SendNoticesRequest;
        accept_handlings of AcceptHandlingsRequest;
        decide_violations of DecideViolationsRequest;
        serve_decisions of ServeDecisionsRequest;
        record_payments of RecordPaymentsRequest;
    }
}
