//! What `up` says once everything is ready: addresses, tokens and calls to try.

use super::UpOptions;
use super::tokens::Tokens;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::suite::Started;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// The one line for scripts.
#[derive(Debug, Serialize)]
struct Ready<'a> {
    nats: &'a str,
    services: BTreeMap<&'static str, Addresses>,
    tokens: &'a Tokens,
}

#[derive(Debug, Serialize)]
struct Addresses {
    grpc: String,
    http: String,
}

pub(super) fn print(
    format: Format,
    options: &UpOptions,
    folder: &Path,
    nats: &str,
    services: &[Started],
    tokens: &Tokens,
) -> Result<(), Failure> {
    let services: BTreeMap<_, _> = services
        .iter()
        .map(|started| {
            let addresses = Addresses {
                grpc: started.grpc.to_string(),
                http: started.http.to_string(),
            };
            (started.name, addresses)
        })
        .collect();
    let ready = Ready {
        nats,
        services,
        tokens,
    };
    let data = if options.ephemeral {
        "Data goes when this ends.".to_owned()
    } else {
        format!("Data is in {}.", folder.display())
    };
    format.print(&ready, |ready| text(ready, &data))
}

fn text(ready: &Ready<'_>, data: &str) -> String {
    let mut addresses = output::table(["", "gRPC", "HTTP"]);
    for (name, service) in &ready.services {
        addresses.add_row([*name, &service.grpc, &format!("http://{}", service.http)]);
    }
    addresses.add_row(["bus", ready.nats, ""]);
    let tokens = [
        (
            "APPLICANT",
            "files and uses permits",
            &ready.tokens.applicant,
        ),
        (
            "REVIEWER",
            "decides on permits, in every district",
            &ready.tokens.reviewer,
        ),
        (
            "ROAD_AUTHORITY",
            "accepts roads before they reopen",
            &ready.tokens.road_authority,
        ),
        (
            "OPERATOR",
            "runs the suite, marks bays, sets prices, books payments",
            &ready.tokens.operator,
        ),
        ("WARDEN", "sends readings of bays", &ready.tokens.warden),
        ("CAMERA", "records violations", &ready.tokens.camera),
        (
            "OFFICER",
            "handles violations in Mudan district",
            &ready.tokens.officer,
        ),
        (
            "CHIEF",
            "the same in the whole city, and revokes licences",
            &ready.tokens.chief,
        ),
        (
            "LEGAL_REVIEWER",
            "reviews decisions before they are made",
            &ready.tokens.legal_reviewer,
        ),
        (
            "DEALER",
            "registers cars for their buyers",
            &ready.tokens.dealer,
        ),
        (
            "PLATE_MAKER",
            "makes plates and has them brought",
            &ready.tokens.plate_maker,
        ),
        (
            "CITIZEN",
            "sees and contests own violations",
            &ready.tokens.citizen,
        ),
    ];
    let exports: Vec<String> = tokens
        .iter()
        .map(|(name, what, token)| format!("export {name}={token}  # {what}"))
        .collect();
    let grpc = |name: &str| {
        ready
            .services
            .get(name)
            .map_or("", |service| service.grpc.as_str())
    };
    let http = |name: &str| {
        ready
            .services
            .get(name)
            .map_or("", |service| service.http.as_str())
    };
    format!(
        "The suite is up. {data} Ctrl-C ends it.\n\n{addresses}\n\n\
         Calls without a token are a developer's, who may do everything but what needs an officer or the person concerned. To be somebody else:\n\n{}\n\n\
         To try:\n\n  \
         grpcurl -plaintext {permits} list\n  \
         grpcurl -plaintext {permits} traffic.permits.v1.PermitService/ListPermits\n  \
         grpcurl -plaintext {parking} traffic.parking.v1.ParkingAvailabilityService/ListZoneAvailabilities\n  \
         grpcurl -plaintext {enforcement} traffic.enforcement.v1.ViolationService/ListViolations\n  \
         curl -s http://{permits_http}/wzdx/v4.2/feed.geojson\n  \
         trafficctl events tail --from-start\n",
        exports.join("\n"),
        permits = grpc("permits"),
        parking = grpc("parking"),
        enforcement = grpc("enforcement"),
        permits_http = http("permits"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens() -> Tokens {
        Tokens {
            applicant: "A".into(),
            reviewer: "R".into(),
            road_authority: "A2".into(),
            operator: "O".into(),
            warden: "W".into(),
            camera: "K".into(),
            officer: "F".into(),
            chief: "C".into(),
            legal_reviewer: "L".into(),
            dealer: "D".into(),
            plate_maker: "P".into(),
            citizen: "Z".into(),
        }
    }

    fn ready(tokens: &Tokens) -> Ready<'_> {
        let addresses = |port| Addresses {
            grpc: format!("127.0.0.1:{port}"),
            http: format!("127.0.0.1:{}", port + 1),
        };
        Ready {
            nats: "nats://127.0.0.1:4222",
            services: BTreeMap::from([
                ("permits", addresses(1)),
                ("parking", addresses(3)),
                ("enforcement", addresses(7)),
            ]),
            tokens,
        }
    }

    #[test]
    fn scripts_read_one_line() {
        insta::assert_snapshot!(serde_json::to_string(&ready(&tokens())).unwrap(), @r#"{"nats":"nats://127.0.0.1:4222","services":{"enforcement":{"grpc":"127.0.0.1:7","http":"127.0.0.1:8"},"parking":{"grpc":"127.0.0.1:3","http":"127.0.0.1:4"},"permits":{"grpc":"127.0.0.1:1","http":"127.0.0.1:2"}},"tokens":{"applicant":"A","reviewer":"R","road_authority":"A2","operator":"O","warden":"W","camera":"K","officer":"F","chief":"C","legal_reviewer":"L","dealer":"D","plate_maker":"P","citizen":"Z"}}"#);
    }

    #[test]
    fn people_read_addresses_tokens_and_calls_to_try() {
        insta::assert_snapshot!(
            "announcement",
            text(&ready(&tokens()), "Data goes when this ends.")
        );
    }
}
