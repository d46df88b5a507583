//! Logs, traces and metrics of one service, and the trace context that travels with commits and published events.

use crate::config;
use opentelemetry::metrics::{Meter, MeterProvider};
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::{TraceContextExt, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{MetricExporter, Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use prometheus::{Encoder, Registry, TextEncoder};
use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;
use tracing::level_filters::LevelFilter;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::filter::{ParseError, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

/// Target of the spans that one request makes in server, commands and relay. They are at debug level, so that without
/// a collector, and with the log at its default level, they cost next to nothing.
pub const SPANS: &str = "traffic::spans";

/// How long one export to the collector may take, and so how long a shutdown waits for the last.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(3);

/// Telemetry cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("telemetry: {0}")]
pub struct TelemetryError(String);

/// The providers of one service. Cheap to clone; several services in one process have one each.
#[derive(Clone, Debug)]
pub struct Telemetry(Arc<Providers>);

#[derive(Debug)]
struct Providers {
    service: &'static str,
    log: String,
    registry: Registry,
    meters: SdkMeterProvider,
    traces: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Call it outside of async code: the collector's client has threads of its own.
    ///
    /// # Errors
    /// The collector's address cannot be used.
    pub fn start(
        config: &config::Telemetry,
        service: &'static str,
    ) -> Result<Self, TelemetryError> {
        let failed = |error: &dyn std::fmt::Display| TelemetryError(error.to_string());
        let resource = Resource::builder()
            .with_service_name(service)
            .with_attributes([
                KeyValue::new("service.namespace", "traffic"),
                KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
                KeyValue::new("service.instance.id", uuid::Uuid::new_v4().to_string()),
            ])
            .build();
        let registry = Registry::new();
        let prometheus = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            .build()
            .map_err(|error| failed(&error))?;
        let mut meters = SdkMeterProvider::builder()
            .with_resource(resource.clone())
            .with_reader(prometheus);
        let mut traces = None;
        if let Some(endpoint) = &config.otlp_endpoint {
            let base = endpoint.trim_end_matches('/');
            let metrics = MetricExporter::builder()
                .with_http()
                .with_protocol(Protocol::HttpBinary)
                .with_endpoint(format!("{base}/v1/metrics"))
                .with_timeout(EXPORT_TIMEOUT)
                .build()
                .map_err(|error| failed(&error))?;
            meters = meters.with_periodic_exporter(metrics);
            let spans = SpanExporter::builder()
                .with_http()
                .with_protocol(Protocol::HttpBinary)
                .with_endpoint(format!("{base}/v1/traces"))
                .with_timeout(EXPORT_TIMEOUT)
                .build()
                .map_err(|error| failed(&error))?;
            let share = Sampler::TraceIdRatioBased(config.sampling);
            traces = Some(
                SdkTracerProvider::builder()
                    .with_resource(resource)
                    .with_sampler(Sampler::ParentBased(Box::new(share)))
                    .with_batch_exporter(spans)
                    .build(),
            );
        }
        Ok(Self(Arc::new(Providers {
            service,
            log: config.log.clone(),
            registry,
            meters: meters.build(),
            traces,
        })))
    }

    /// Makes this the process's log and span collector: JSON lines on stderr, or readable text on a terminal.
    ///
    /// # Errors
    /// Another one is installed already, or the log filter is none.
    pub fn install(&self) -> Result<(), TelemetryError> {
        let failed = |error: &dyn std::fmt::Display| TelemetryError(error.to_string());
        let filter = filter(&self.0.log).map_err(|error| failed(&error))?;
        let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
        let lines = if std::io::stderr().is_terminal() {
            lines.with_filter(filter).boxed()
        } else {
            lines.json().flatten_event(true).with_filter(filter).boxed()
        };
        let spans = self.0.traces.as_ref().map(|provider| {
            tracing_opentelemetry::layer()
                .with_tracer(provider.tracer(self.0.service))
                .with_location(false)
                .with_threads(false)
                .with_filter(filter_fn(|metadata| {
                    *metadata.level() <= LevelFilter::INFO || metadata.target() == SPANS
                }))
        });
        tracing_subscriber::registry()
            .with(lines)
            .with(spans)
            .try_init()
            .map_err(|error| failed(&error))
    }

    /// Where instruments come from.
    pub fn meter(&self) -> Meter {
        self.0.meters.meter("traffic")
    }

    /// All metrics in the Prometheus text format.
    ///
    /// # Errors
    /// A metric that cannot be written, which would be a bug.
    pub fn prometheus(&self) -> Result<String, TelemetryError> {
        let mut text = Vec::new();
        TextEncoder::new()
            .encode(&self.0.registry.gather(), &mut text)
            .map_err(|error| TelemetryError(error.to_string()))?;
        String::from_utf8(text).map_err(|error| TelemetryError(error.to_string()))
    }

    /// Sends what is still held back. Takes at most a few seconds, also if the collector is away.
    pub fn flush(&self) {
        if let Some(traces) = &self.0.traces {
            if let Err(error) = traces.shutdown_with_timeout(EXPORT_TIMEOUT) {
                tracing::warn!(%error, "last traces not sent");
            }
            if let Err(error) = self.0.meters.force_flush() {
                tracing::warn!(%error, "last metrics not sent");
            }
        }
    }
}

/// The present span's W3C trace context, for a commit's metadata or an event's extension. `None` when nothing is traced.
pub fn current_traceparent() -> Option<String> {
    struct Found(Option<String>);
    impl Injector for Found {
        fn set(&mut self, key: &str, value: String) {
            if key == "traceparent" {
                self.0 = Some(value);
            }
        }
    }
    let span = tracing::Span::current();
    if span.is_disabled() {
        return None;
    }
    let context = span.context();
    if !context.span().span_context().is_valid() {
        return None;
    }
    let mut found = Found(None);
    TraceContextPropagator::new().inject_context(&context, &mut found);
    found.0
}

/// Links the present span to the one in which a commit or an event was made: across the bus spans are linked, not
/// nested, for what follows may happen much later and many times.
pub fn link_to(traceparent: &str) {
    let span = tracing::Span::current();
    if span.is_disabled() {
        return;
    }
    let cause = context_of(traceparent);
    span.add_link(cause.span().span_context().clone());
}

/// The context that a `traceparent` text names; an empty one if it names none.
pub(crate) fn context_of(traceparent: &str) -> Context {
    struct Only<'a>(&'a str);
    impl Extractor for Only<'_> {
        fn get(&self, key: &str) -> Option<&str> {
            (key == "traceparent").then_some(self.0)
        }
        fn keys(&self) -> Vec<&str> {
            vec!["traceparent"]
        }
    }
    TraceContextPropagator::new().extract_with_context(&Context::new(), &Only(traceparent))
}

/// What is logged. Not what sled says of its files: that one is closed, which happens often, is an error to it, and what
/// does fail there fails the projection's next call.
fn filter(log: &str) -> Result<EnvFilter, ParseError> {
    const FILES_OF_SLED: &str = "sled::metadata_store=off";
    Ok(EnvFilter::try_new(log)?.add_directive(FILES_OF_SLED.parse()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traced(run: impl FnOnce()) {
        let provider = SdkTracerProvider::builder().build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, run);
    }

    #[test]
    fn a_traceparent_names_the_trace_that_a_span_was_made_a_part_of() {
        traced(|| {
            let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
            let span = tracing::info_span!("command");
            span.set_parent(context_of(parent)).unwrap();
            let text = span.in_scope(current_traceparent).unwrap();
            assert!(
                text.starts_with("00-0af7651916cd43dd8448eb211c80319c-"),
                "{text}"
            );
            assert!(
                !text.contains("b7ad6b7169203331"),
                "a span of its own: {text}"
            );
        });
    }

    #[test]
    fn errors_are_logged_but_not_that_a_file_of_sled_is_closed() {
        let subscriber = tracing_subscriber::registry().with(filter("warn").unwrap());
        tracing::subscriber::with_default(subscriber, || {
            assert!(tracing::enabled!(target: "sled::db", tracing::Level::ERROR));
            assert!(tracing::enabled!(target: "chassis", tracing::Level::WARN));
            assert!(!tracing::enabled!(target: "chassis", tracing::Level::INFO));
            assert!(!tracing::enabled!(target: "sled::metadata_store", tracing::Level::ERROR));
        });
    }

    #[test]
    fn without_a_span_there_is_no_traceparent_and_linking_does_nothing() {
        assert_eq!(current_traceparent(), None);
        link_to("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        traced(|| assert_eq!(current_traceparent(), None));
    }

    #[test]
    fn garbage_names_no_trace() {
        for garbage in ["", "00", "00-zz-zz-01", &"0".repeat(10_000)] {
            assert!(!context_of(garbage).span().span_context().is_valid());
        }
    }

    #[test]
    fn instruments_show_in_the_prometheus_text() {
        let telemetry = Telemetry::start(&config::Telemetry::default(), "unit").unwrap();
        telemetry
            .meter()
            .u64_counter("bays.seen")
            .build()
            .add(3, &[]);
        let text = telemetry.prometheus().unwrap();
        assert!(text.contains("bays_seen_total"), "{text}");
        assert!(text.contains("service_name=\"unit\""), "{text}");
    }
}
