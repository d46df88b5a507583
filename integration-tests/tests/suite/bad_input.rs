//! Whatever is sent to whatever method: a precise refusal, never an error of the service's own, never a dead process.

use futures::StreamExt;
use integration_tests::malformed::{self, Malformed};
use integration_tests::{Replica, Service, Suite, audit, raw, reflection, status, times};
use prost_reflect::MethodDescriptor;
use std::collections::BTreeMap;
use tonic::{Code, Status};

const SEED: u64 = 0x5eed_0006;
const AT_ONCE: usize = 16;

/// What is wrong with an answer to a malformed request, if anything.
fn fault(request: &Malformed, answer: &Result<Option<bytes::Bytes>, Status>) -> Option<String> {
    let status = match answer {
        Ok(_) if request.names.is_some() => return Some("was accepted".to_owned()),
        Ok(_) => return None,
        Err(status) => status,
    };
    let told = status::describe(status);
    let reason = status::reason(status);
    let fields = status::fields(status);
    match status.code() {
        Code::Internal | Code::Unknown | Code::DataLoss | Code::Unimplemented => return Some(told),
        Code::InvalidArgument if fields.is_empty() => {
            return Some(format!("names no field: {told}"));
        }
        Code::Unavailable if status::retry_after(status).is_none() => {
            return Some(format!("does not say when to retry: {told}"));
        }
        _ if reason.is_none() => return Some(format!("gives no reason: {told}")),
        _ => {}
    }
    let name = request.names.as_deref()?;
    let leaf = name.rsplit('.').next().unwrap_or(name);
    let named = fields.iter().any(|field| field.ends_with(leaf));
    let refused = status.code() == Code::InvalidArgument && named;
    (!refused).then(|| format!("does not name `{name}`: {told}"))
}

async fn try_method(
    replica: &Replica,
    method: &MethodDescriptor,
    random: usize,
) -> (usize, Vec<String>) {
    let path = reflection::path(method);
    let shape = reflection::shape(method);
    let requests = malformed::requests(&method.input(), random, SEED);
    let count = requests.len();
    let faults = futures::stream::iter(requests)
        .map(async |request| {
            let client = replica.client("partner:fuzz");
            let answer = raw::call(client, &path, shape, request.message.clone()).await;
            let fault = fault(&request, &answer)?;
            Some(format!("{path}, {}: {fault}", request.what))
        })
        .buffer_unordered(AT_ONCE)
        .filter_map(std::future::ready)
        .collect()
        .await;
    (count, faults)
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_requests_are_refused_precisely_by_every_method_of_every_service() {
    let random = times("SUITE_RANDOM", 60);
    for service in Service::ALL {
        let suite = Suite::start().await;
        let mut replica = suite.unstarted(service);
        // What waits for a position that never comes shall not wait long.
        replica.set("TRAFFIC_GRPC__DEFAULT_TIMEOUT_MS", "1000");
        replica.set("TRAFFIC_GRPC__POSITION_WAIT_MS", "200");
        replica.start().await;
        replica.until_ready().await;

        let methods = reflection::methods(&replica).await;
        let mut sent = BTreeMap::new();
        let mut faults = Vec::new();
        for method in &methods {
            let random = if method.name() == "RebuildProjection" {
                5
            } else {
                random
            };
            let (count, found) = try_method(&replica, method, random).await;
            sent.insert(reflection::path(method), count);
            faults.extend(found);
            assert!(
                replica.is_running(),
                "{} killed it:\n{}",
                method.name(),
                replica.log_end()
            );
            // A rebuild was asked for.
            replica.until_ready().await;
        }
        println!(
            "{}: {} requests to {} methods",
            service.name(),
            sent.values().sum::<usize>(),
            sent.len()
        );
        let shown = faults
            .iter()
            .take(40)
            .cloned()
            .collect::<Vec<_>>()
            .join("\n");
        assert!(
            faults.is_empty(),
            "{} faults, the first:\n{shown}",
            faults.len()
        );
        assert!(
            replica.lines_since(0, "panicked").is_empty(),
            "{}",
            replica.log_end()
        );
        audit::projection(&replica).await;
    }
}
