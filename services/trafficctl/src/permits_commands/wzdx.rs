//! `permits import-wzdx FILE`: a feed's work zones as applications.

use crate::connect::Target;
use crate::failure::{Failure, describe};
use crate::output::{self, Format};
use crate::progress;
use clap::Args;
use futures::StreamExt;
use jiff::civil::Date;
use permits::wzdx::{Import, Imported, parse};
use serde::Serialize;
use std::path::PathBuf;
use traffic_proto::permits::v1::permit_service_client::PermitServiceClient;
use traffic_proto::permits::v1::{CreatePermitRequest, Organisation, Person};

/// Applications under way at once.
const IN_FLIGHT: usize = 16;

/// What a feed does not say is stated for all of it. The defaults are obviously samples.
#[derive(Debug, Args)]
pub(crate) struct ImportOptions {
    /// WZDx 4.x feed: GeoJSON
    file: PathBuf,

    /// District that decides: six digits
    #[arg(long, value_name = "CODE", default_value = "371702")]
    district: String,
    /// Name of the organisation that applies
    #[arg(long, value_name = "NAME", default_value = "示例施工单位（样本数据）")]
    applicant: String,
    /// Its unified social credit code
    #[arg(long, value_name = "CODE", default_value = "91371700MADEM0001J")]
    credit_code: String,
    /// Name of the person to ask
    #[arg(long, value_name = "NAME", default_value = "示例联系人")]
    contact: String,
    /// Their identity number; kept sealed
    #[arg(
        long,
        value_name = "NUMBER",
        default_value = "371702199001010013",
        hide_default_value = true
    )]
    contact_identity: String,
    /// Number of the road authority's consent to all these works
    #[arg(long, value_name = "NUMBER", default_value = "样本-1")]
    consent: String,
    /// When the public was told [default: the day each feature was created]
    #[arg(long, value_name = "DAY")]
    notice: Option<Date>,
    /// Move the whole feed in time so that its first work begins on this day, for feeds of the past
    #[arg(long, value_name = "DAY")]
    starting: Option<Date>,
}

/// What became of one feature.
#[derive(Debug, Serialize)]
struct Row {
    feature: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    permit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

pub(super) async fn run(
    target: &Target,
    format: Format,
    options: &ImportOptions,
) -> Result<(), Failure> {
    let text = std::fs::read_to_string(&options.file).map_err(|error| {
        Failure::usage(format!("cannot read {}: {error}", options.file.display()))
    })?;
    let import = Import {
        district: options.district.clone(),
        applicant: Organisation {
            name: options.applicant.clone(),
            credit_code: options.credit_code.clone(),
        },
        contact: Person {
            name: options.contact.clone(),
            identity_number: options.contact_identity.clone(),
            ..Person::default()
        },
        road_authority_consent: options.consent.clone(),
        public_notice_on: options.notice,
        starting_on: options.starting,
    };
    let features = parse(&text, &import).map_err(Failure::failed)?;
    let client = PermitServiceClient::new(target.service("permits").await?);
    let bar = progress::bar(features.len() as u64, "applications");
    let filing = features.into_iter().map(|feature| {
        let (mut client, bar) = (client.clone(), bar.clone());
        async move {
            let row = file(&mut client, feature).await;
            bar.inc(1);
            row
        }
    });
    // In the order of the feed, whoever is done first.
    let rows: Vec<Row> = futures::stream::iter(filing)
        .buffered(IN_FLIGHT)
        .collect()
        .await;
    bar.finish_and_clear();
    print(format, &rows)?;
    match rows.iter().filter(|row| row.permit.is_none()).count() {
        0 => Ok(()),
        refused => Err(Failure::failed(format!(
            "{refused} of {} features were not filed",
            rows.len()
        ))),
    }
}

async fn file(
    client: &mut PermitServiceClient<crate::connect::Connection>,
    feature: Imported,
) -> Row {
    let outcome = match feature.outcome {
        Err(why) => Err(why),
        Ok((permit, request_id)) => {
            let request = CreatePermitRequest {
                permit: Some(*permit),
                request_id: request_id.to_string(),
                validate_only: false,
            };
            let answer = client.create_permit(request).await;
            answer
                .map(|permit| permit.into_inner().name)
                .map_err(|status| describe(&status))
        }
    };
    let (permit, why) = match outcome {
        Ok(name) => (Some(name), None),
        Err(why) => (None, Some(why)),
    };
    Row {
        feature: feature.feature_id,
        permit,
        why,
    }
}

fn print(format: Format, rows: &[Row]) -> Result<(), Failure> {
    if format.is_json() {
        for row in rows {
            output::line(&serde_json::to_string(row)?)?;
        }
        return Ok(());
    }
    let mut table = output::table(["feature", "permit", "not filed because"]);
    for row in rows {
        table.add_row([
            row.feature.clone(),
            row.permit.clone().unwrap_or_default(),
            row.why.clone().unwrap_or_default(),
        ]);
    }
    output::line(&table.to_string())
}
