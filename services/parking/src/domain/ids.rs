//! Names of things in parking, each safe as an aggregate id.

use chassis::named_id;

named_id! {
    /// A parking zone, e.g. `mudan-centre`.
    ZoneId
}
named_id! {
    /// A bay (泊位), by its city-wide code (Beijing parking regulations art. 23: bays are coded uniformly).
    BayId
}
named_id! {
    /// A tariff with all its versions, e.g. `class-1`.
    TariffId
}
named_id! {
    /// A parking session: one stay of one vehicle in one bay.
    SessionId
}
named_id! {
    /// The permit by which a road is occupied; the permits service gives it.
    OccupationId
}
named_id! {
    /// A sensor, camera or handheld that sends readings.
    SourceId
}

impl SourceId {
    /// Names what officers enter by hand. No device may call itself so.
    pub fn officer() -> Self {
        Self("officer".into())
    }
}

named_id! {
    /// A payment provider, e.g. `wechat-pay`.
    ProviderId
}
