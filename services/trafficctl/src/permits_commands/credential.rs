//! `permits verify CREDENTIAL`: is it signed by us, and good now?

use crate::connect::Target;
use crate::failure::Failure;
use crate::output::Format;
use crate::time::now;
use clap::Args;
use jiff::Timestamp;
use permits::credential::{Claims, verify};
use serde_json::Value;
use std::io::Read;
use std::path::{Path, PathBuf};
use traffic_proto::permits::v1::GetKeySetRequest;
use traffic_proto::permits::v1::permit_service_client::PermitServiceClient;

/// No credential and no key set is longer. Bytes.
const LONGEST: u64 = 64 * 1024;

#[derive(Debug, Args)]
pub(crate) struct VerifyOptions {
    /// The credential itself (a JWS), a file that holds it, or - for stdin
    credential: String,

    /// File with the key set (`permits key-set` prints it); without it permits is asked
    #[arg(long, value_name = "FILE")]
    key_set: Option<PathBuf>,

    /// Check as of this instant instead of now, e.g. 2026-03-02T09:00:00Z
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
}

pub(super) async fn run(
    target: &Target,
    format: Format,
    options: &VerifyOptions,
) -> Result<(), Failure> {
    let credential = match options.credential.as_str() {
        "-" => bounded(std::io::stdin())?,
        text if Path::new(text).is_file() => bounded(open(Path::new(text))?)?,
        text => text.to_owned(),
    };
    let keys = match &options.key_set {
        Some(file) => bounded(open(file)?)?,
        None => key_set(target).await?,
    };
    let at = options.at.unwrap_or_else(now);
    let claims = verify(&credential, &keys, at)
        .map_err(|why| Failure::failed(format!("NOT VALID: {why}")))?;
    format.print(&claims, text)
}

fn open(path: &Path) -> Result<std::fs::File, Failure> {
    std::fs::File::open(path)
        .map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))
}

fn bounded(input: impl Read) -> Result<String, Failure> {
    let mut text = String::new();
    input.take(LONGEST).read_to_string(&mut text)?;
    Ok(text)
}

/// The key set as permits publishes it.
pub(super) async fn key_set(target: &Target) -> Result<String, Failure> {
    let mut client = PermitServiceClient::new(target.service("permits").await?);
    let answer = client.get_key_set(GetKeySetRequest {}).await;
    let answer = answer.map_err(|status| Failure::of("permits", &status))?;
    Ok(answer.into_inner().jwks)
}

fn text(claims: &Claims) -> String {
    let mut text = String::from("VALID");
    let Ok(Value::Object(fields)) = serde_json::to_value(claims) else {
        return text;
    };
    for (name, value) in &fields {
        let value = match (name.as_str(), value) {
            ("nbf" | "exp" | "iat", Value::Number(seconds)) => seconds
                .as_i64()
                .and_then(|seconds| Timestamp::from_second(seconds).ok())
                .map_or_else(|| seconds.to_string(), |time| time.to_string()),
            (_, Value::String(text)) => text.clone(),
            (_, other) => other.to_string(),
        };
        text += &format!("\n  {name:<14} {value}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_officer_reads_what_the_permit_allows_and_until_when() {
        let claims = Claims {
            iss: "traffic/permits".into(),
            sub: "permits/00000000-0000-8000-8000-000000000001".into(),
            iat: 1_772_000_000,
            nbf: 1_772_000_000,
            exp: 1_772_100_000,
            version: 1,
            kind: "road_occupation".into(),
            district: "371702".into(),
            holder: "91371700MADEM0001J".into(),
            roads: vec!["示例路".into()],
            plates: Vec::new(),
            un_number: None,
            dimensions_mm: None,
            total_kg: None,
            max_speed_kmh: None,
        };
        insta::assert_snapshot!("a_valid_credential", text(&claims));
    }
}
