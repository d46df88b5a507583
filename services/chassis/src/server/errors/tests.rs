use super::*;

fn rejection(kind: RefusalKind) -> Failure {
    Failure::from(Rejection {
        kind,
        reason: "OCCUPATION_OVERLAPS",
        message: "overlaps another occupation".to_owned(),
        zh: "与其他占道施工时间重叠".to_owned(),
        basis: Some(LegalBasis::new("Road Traffic Safety Law", "art. 32")),
        facts: vec![("permit", "permits/p2".to_owned())],
    })
}

fn every_failure() -> Vec<(Failure, Code, &'static str)> {
    let second = Duration::from_secs(1);
    let field = || Failure::field("road", Invalid::new("is required", "必填"));
    vec![
        (
            rejection(RefusalKind::Forbidden),
            Code::FailedPrecondition,
            "OCCUPATION_OVERLAPS",
        ),
        (
            rejection(RefusalKind::NotEntitled),
            Code::PermissionDenied,
            "OCCUPATION_OVERLAPS",
        ),
        (
            rejection(RefusalKind::Unknown),
            Code::NotFound,
            "OCCUPATION_OVERLAPS",
        ),
        (
            rejection(RefusalKind::Taken),
            Code::AlreadyExists,
            "OCCUPATION_OVERLAPS",
        ),
        (
            rejection(RefusalKind::Field("road")),
            Code::InvalidArgument,
            "OCCUPATION_OVERLAPS",
        ),
        (
            rejection(RefusalKind::Stale),
            Code::Aborted,
            "OCCUPATION_OVERLAPS",
        ),
        (field(), Code::InvalidArgument, "INVALID_FIELDS"),
        (
            Failure::Malformed("x".into()),
            Code::InvalidArgument,
            "MALFORMED_REQUEST",
        ),
        (
            Failure::RequestIdReused,
            Code::InvalidArgument,
            "REQUEST_ID_REUSED",
        ),
        (
            Failure::unavailable("bus away", second),
            Code::Unavailable,
            "UNAVAILABLE",
        ),
        (
            Failure::Aborted("lost a race".into()),
            Code::Aborted,
            "CONFLICT",
        ),
        (
            Failure::NotFound("permits/p1".into()),
            Code::NotFound,
            "NOT_FOUND",
        ),
        (
            Failure::Unauthenticated("no"),
            Code::Unauthenticated,
            "UNAUTHENTICATED",
        ),
        (
            Failure::PermissionDenied("no".into()),
            Code::PermissionDenied,
            "PERMISSION_DENIED",
        ),
        (
            Failure::RateLimited {
                retry_after: second,
            },
            Code::ResourceExhausted,
            "RATE_LIMITED",
        ),
        (
            Failure::DeadlineExceeded,
            Code::DeadlineExceeded,
            "DEADLINE_EXCEEDED",
        ),
        (Failure::Cancelled, Code::Cancelled, "CANCELLED"),
        (Failure::Unimplemented, Code::Unimplemented, "UNIMPLEMENTED"),
        (Failure::internal("disk gone"), Code::Internal, "INTERNAL"),
    ]
}

#[test]
fn every_failure_has_its_code_a_reason_and_a_chinese_sentence() {
    for (failure, code, reason) in every_failure() {
        let status = failure.to_status("traffic.permits");
        let details = status.get_error_details();
        let info = details.error_info().expect("never without ErrorInfo");
        assert_eq!(
            (status.code(), info.reason.as_str()),
            (code, reason),
            "{failure}"
        );
        assert_eq!(info.domain, "traffic.permits");
        let local = details.localized_message().unwrap();
        assert_eq!(local.locale, "zh-CN");
        assert!(
            local.message.chars().any(|c| c > '\u{4e00}'),
            "{}",
            local.message
        );
    }
}

#[test]
fn failures_worth_a_retry_say_when_and_no_others() {
    for (failure, code, _) in every_failure() {
        let retried = matches!(code, Code::Unavailable | Code::ResourceExhausted);
        let info = failure.to_status("t").get_details_retry_info();
        assert_eq!(info.is_some(), retried, "{failure}");
    }
}

#[test]
fn a_refusal_names_its_legal_basis_and_its_facts() {
    let status = rejection(RefusalKind::Forbidden).to_status("t");
    let info = status.get_details_error_info().unwrap();
    assert_eq!(
        info.metadata["legal_basis"],
        "Road Traffic Safety Law art. 32"
    );
    assert_eq!(info.metadata["permit"], "permits/p2");
}

#[test]
fn invalid_fields_are_named_in_both_languages_and_bounded_in_number() {
    let violations = (0..500)
        .map(|at| FieldViolation::new(format!("bays[{at}]"), Invalid::new("is required", "必填")))
        .collect();
    let status = Failure::Invalid(violations).to_status("t");
    let details = status.get_error_details();
    let named = &details.bad_request().unwrap().field_violations;
    assert_eq!(named.len(), MOST_VIOLATIONS);
    assert_eq!(named[3].field, "bays[3]");
    assert_eq!(details.error_info().unwrap().metadata["violations"], "500");
    assert!(
        details
            .localized_message()
            .unwrap()
            .message
            .starts_with("bays[0]：必填；")
    );
    assert!(status.details().len() < 6 * 1024, "fits a header block");
    for (failure, field) in [
        (rejection(RefusalKind::Field("road")), "road"),
        (Failure::RequestIdReused, "request_id"),
    ] {
        let named = failure.to_status("t").get_details_bad_request().unwrap();
        assert_eq!(named.field_violations[0].field, field);
    }
}

#[test]
fn the_cause_of_an_internal_error_stays_in_the_log() {
    let status = Failure::internal("password of the database").to_status("t");
    assert!(!format!("{status:?}").contains("password"));
    let info = status.get_details_error_info().unwrap();
    assert_eq!(info.metadata["incident"].len(), 36);
}

#[test]
fn what_tonic_says_of_an_unreadable_message_is_the_callers_fault() {
    for (code, text) in [
        (
            Code::Internal,
            "failed to decode Protobuf message: invalid wire type",
        ),
        (Code::Internal, "Missing request message."),
        (Code::Internal, "Unexpected EOF decoding stream."),
        (Code::OutOfRange, "Error, decoded message length too large"),
        (
            Code::Unimplemented,
            "Content is compressed with `zstd` which isn't supported",
        ),
    ] {
        assert_eq!(
            Failure::from_bare_status(code, text).code(),
            Code::InvalidArgument,
            "{text}"
        );
    }
    assert_eq!(
        Failure::from_bare_status(Code::Internal, "other").code(),
        Code::Internal
    );
    assert_eq!(
        Failure::from_bare_status(Code::Unknown, "x").code(),
        Code::Internal
    );
}

#[test]
fn what_breaks_off_below_grpc_is_the_clients_and_no_incident() {
    for (code, text) in [
        // The connection was lost.
        (
            Code::Unknown,
            "h2 protocol error: error reading a body from connection",
        ),
        // The stream was reset: with PROTOCOL_ERROR, with ENHANCE_YOUR_CALM.
        (Code::Internal, "h2 protocol error: http2 error"),
        (Code::ResourceExhausted, "h2 protocol error: http2 error"),
        (Code::Cancelled, "operation was canceled"),
    ] {
        // As a handler gets it, and as it stands in the head of an answer.
        let seen = Failure::from(Status::new(code, text));
        let answered = Failure::from_bare_status(code, text);
        for failure in [seen, answered] {
            assert!(matches!(failure, Failure::Cancelled), "{failure}: {text}");
        }
    }
}

#[test]
fn a_message_that_cannot_be_read_names_the_field_by_its_path_from_outside() {
    for (why, field) in [
        (
            "failed to decode Protobuf message: Point.latitude: Line.points: RoadStretch.line: invalid wire type: Varint (expected SixtyFourBit)",
            "line.points.latitude",
        ),
        (
            "failed to decode Protobuf message: SayRequest.text: invalid string value: data is not UTF-8 encoded",
            "text",
        ),
        (
            "failed to decode Protobuf message: LaneUse.r#type: RoadStretch.lanes: invalid wire type: SixtyFourBit (expected Varint)",
            "lanes.type",
        ),
        ("failed to decode Protobuf message: buffer underflow", ""),
        ("Missing request message.", ""),
    ] {
        let status = Failure::Malformed(why.into()).to_status("traffic.permits");
        let request = status.get_details_bad_request().expect("a violation");
        assert_eq!(request.field_violations.len(), 1, "{why}");
        assert_eq!(request.field_violations[0].field, field, "{why}");
    }
}

#[test]
fn a_row_is_told_what_a_call_would_have_ended_with() {
    for (failure, code, reason) in every_failure() {
        let message = failure.to_string();
        let row = rpc::Status::from(failure);
        assert_eq!((row.code, row.message.as_str()), (code as i32, &*message));
        let details = Status::with_details(code, message, row.encode_to_vec().into());
        let info = details.get_details_error_info().expect("a reason");
        assert_eq!(info.reason, reason);
    }
}
