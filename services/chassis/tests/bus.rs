//! The model of the bus and a real server keep the same rules.

use chassis::bus::model::Model;
use chassis::bus::{Bus, JetStreamBus};
use chassis::journal::jetstream::{StreamConfig, ensure_stream};
use chassis::published::EVENTS;
use chassis::testing::{self, bus_rules};
use std::sync::Arc;

/// A server of the test's own, and a connection to it.
async fn server() -> (testing::Bus, Arc<dyn Bus>) {
    let server = testing::Bus::start().await;
    let client = async_nats::connect(server.server.url())
        .await
        .expect("a connection");
    let events = StreamConfig::events(EVENTS, 1);
    ensure_stream(&client, &events).await.expect("the stream");
    (server, Arc::new(JetStreamBus::new(client, 1)))
}

macro_rules! both_keep {
    ($($rule:ident,)*) => {
        mod the_model_keeps {
            use super::*;
            $(
                #[tokio::test(start_paused = true)]
                async fn $rule() {
                    bus_rules::$rule(Arc::new(Model::new())).await;
                }
            )*
        }

        mod the_server_keeps {
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $rule() {
                    let (_server, bus) = server().await;
                    bus_rules::$rule(bus).await;
                }
            )*
        }
    };
}

both_keep! {
    messages_are_stored_together_and_the_last_is_the_newest,
    who_names_another_than_the_newest_is_fenced_off,
    what_is_not_acknowledged_is_delivered_again,
    of_several_subscribers_one_gets_everything_until_it_goes,
    a_subscriber_keeps_its_turn_through_a_silence,
    what_is_put_off_comes_again_and_holds_up_no_others,
    of_several_claims_on_one_lease_one_succeeds,
}
