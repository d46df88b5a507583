//! Registration tells which vehicle carries which plate; permits and enforcement follow.

use crate::cases::{DRIVER, day, get as case, record, red_light};
use crate::haulage::{TRACTOR, grant, toxic, until};
use crate::herald::{Herald, Told, heard};
use chassis::clock::{Clock, SystemClock};
use integration_tests::{Replica, Service, Suite, audit, status};
use traffic_proto::enforcement::v1::{
    Conduct, PlateStanding, Speed, Vehicle, VehicleUse, Violation, act,
};
use traffic_proto::permits::v1::{PermitState, SuspensionCause};
use traffic_proto::registration::v1::{
    PlateChangeCause, PlateChanged, UseNature, VehicleCancelled, VehicleClass, VehicleRef,
    VehicleRegistered, VehicleTransferred,
};

const VIN: &str = "vehicles/1M8GDM9AXKP042788";
const OTHER_VIN: &str = "vehicles/11111111111111111";
const OTHER_PLATE: &str = "鲁R22222";

async fn everybody_heard(client: &async_nats::Client) {
    heard(client, "permits-vehicles").await;
    heard(client, "enforcement-plates").await;
}

fn vehicle(vin: &str, plate: &str, class: VehicleClass) -> Option<VehicleRef> {
    Some(VehicleRef {
        vehicle: vin.into(),
        plate: plate.into(),
        vehicle_class: class.into(),
        use_nature: UseNature::Freight.into(),
        district: "371702".into(),
        seats: 3,
        ..VehicleRef::default()
    })
}

/// Registration's events, told now at any position.
struct Registrar(Herald);

impl Registrar {
    fn at(position: u64) -> Told {
        Told {
            position,
            at: SystemClock.now(),
        }
    }

    async fn registered(&self, position: u64, vin: &str, plate: &str, class: VehicleClass) {
        let r#ref = vehicle(vin, plate, class);
        let event = VehicleRegistered { r#ref };
        self.0.tell(Self::at(position), vin, &event).await;
    }

    async fn cancelled(&self, position: u64, vin: &str, plate: &str, told: Told) {
        let event = VehicleCancelled {
            r#ref: vehicle(vin, "", VehicleClass::HeavyTruck),
            previous_plate: plate.into(),
            ..VehicleCancelled::default()
        };
        self.0.tell(Told { position, ..told }, vin, &event).await;
    }

    async fn transferred(&self, position: u64, vin: &str, from: &str, to: &str) {
        let event = VehicleTransferred {
            r#ref: vehicle(vin, to, VehicleClass::HeavyTruck),
            previous_plate: from.into(),
        };
        self.0.tell(Self::at(position), vin, &event).await;
    }

    async fn swapped(&self, position: u64, vin: &str, from: &str, to: &str) {
        let event = PlateChanged {
            r#ref: vehicle(vin, to, VehicleClass::HeavyTruck),
            previous_plate: from.into(),
            cause: PlateChangeCause::Swap.into(),
        };
        self.0.tell(Self::at(position), vin, &event).await;
    }
}

/// A photograph of a vehicle at 30 percent too much, of which the camera knows but the plate.
async fn photographed(replica: &Replica, plate: &str, road: &str) -> Violation {
    record(replica, too_fast(plate, road)).await.unwrap()
}

fn too_fast(plate: &str, road: &str) -> Violation {
    let mut photograph = red_light(road, plate);
    if let Some(act) = &mut photograph.act {
        act.conduct = Conduct::Speeding.into();
        act.measure = Some(act::Measure::Speed(Speed {
            limit_kmh: 60,
            measured_kmh: 78,
        }));
    }
    if let Some(traffic_proto::enforcement::v1::source::Kind::Device(device)) =
        photograph.source.as_mut().and_then(|it| it.kind.as_mut())
    {
        device.warned = true;
        device.verified_until = day("2099-12-31");
    }
    photograph
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_need_not_know_the_vehicle_behind_a_plate() {
    let suite = Suite::start().await;
    let client = suite.connect().await;
    let one = suite.replica(Service::Enforcement).await;
    let mut two = suite.replica(Service::Enforcement).await;
    let registrar = Registrar(Herald::of("registration", &client));
    registrar
        .registered(10, VIN, TRACTOR, VehicleClass::HeavyTruck)
        .await;
    registrar
        .registered(10, VIN, TRACTOR, VehicleClass::HeavyTruck)
        .await;
    heard(&client, "enforcement-plates").await;
    let known = photographed(&one, TRACTOR, "Road 1").await;
    let facts = known.act.unwrap().vehicle.unwrap();
    assert_eq!(facts.vehicle_use(), VehicleUse::Truck);
    assert!(facts.medium_or_larger && facts.for_hire);
    assert_eq!(known.plate_standing(), PlateStanding::Registered);

    // Scrapped while a replica is away; the plate may be cloned when it is seen again.
    two.kill9();
    registrar
        .cancelled(20, VIN, TRACTOR, Registrar::at(20))
        .await;
    registrar
        .registered(10, VIN, TRACTOR, VehicleClass::HeavyTruck)
        .await;
    two.restart().await;
    heard(&client, "enforcement-plates").await;
    let mut ghost = red_light("Road 2", TRACTOR);
    ghost.act_time = known.act_time;
    let ghost = record(&two, ghost).await.unwrap();
    assert_eq!(ghost.plate_standing(), PlateStanding::Cancelled);
    assert_eq!(
        case(&two, &known.name).await.plate_standing(),
        PlateStanding::Registered,
        "as it was known then"
    );
    audit::agree(&[&one, &two]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_vehicles_permits_are_revoked_once_and_the_next_bearer_of_its_plate_is_spared()
{
    let suite = Suite::start().await;
    let client = suite.connect().await;
    let mut offices = [
        suite.replica(Service::Permits).await,
        suite.replica(Service::Permits).await,
    ];
    let registrar = Registrar(Herald::of("registration", &client));
    registrar
        .registered(10, VIN, TRACTOR, VehicleClass::HeavyTruck)
        .await;
    heard(&client, "permits-vehicles").await;
    let permit = grant(&offices[0], toxic(TRACTOR, DRIVER))
        .await
        .unwrap()
        .name;
    let cancelled_at = Registrar::at(20);

    offices.iter_mut().for_each(Replica::kill9);
    // The next vehicle with this plate is heard of first.
    registrar
        .registered(30, OTHER_VIN, TRACTOR, VehicleClass::Tractor)
        .await;
    registrar.cancelled(20, VIN, TRACTOR, cancelled_at).await;
    registrar.cancelled(20, VIN, TRACTOR, cancelled_at).await;
    for replica in &mut offices {
        replica.restart().await;
    }
    let [one, two] = &offices;
    until(&[one, two], &permit, PermitState::Revoked).await;
    let next = grant(two, toxic(TRACTOR, DRIVER)).await.unwrap().name;
    registrar.cancelled(20, VIN, TRACTOR, cancelled_at).await;
    heard(&client, "permits-vehicles").await;
    until(&[one, two], &next, PermitState::Approved).await;

    registrar
        .cancelled(40, OTHER_VIN, TRACTOR, Registrar::at(40))
        .await;
    until(&[one, two], &next, PermitState::Revoked).await;
    let refused = grant(one, toxic(TRACTOR, DRIVER)).await.unwrap_err();
    assert_eq!(
        status::reason(&refused).as_deref(),
        Some("VEHICLE_CANCELLED")
    );
    audit::agree(&[one, two]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permit_does_not_follow_its_plate_to_another_vehicle() {
    let suite = Suite::start().await;
    let client = suite.connect().await;
    let office = suite.replica(Service::Permits).await;
    let police = suite.replica(Service::Enforcement).await;
    let registrar = Registrar(Herald::of("registration", &client));
    registrar
        .registered(10, VIN, TRACTOR, VehicleClass::HeavyTruck)
        .await;
    registrar
        .registered(11, OTHER_VIN, OTHER_PLATE, VehicleClass::SmallPassenger)
        .await;
    everybody_heard(&client).await;
    let permit = grant(&office, toxic(TRACTOR, DRIVER)).await.unwrap().name;
    let refused = grant(&office, toxic(OTHER_PLATE, DRIVER))
        .await
        .unwrap_err();
    assert_eq!(
        status::reason(&refused).as_deref(),
        Some("NO_GOODS_VEHICLE")
    );

    // The two change plates: one event each, told in the other order.
    registrar.swapped(21, OTHER_VIN, OTHER_PLATE, TRACTOR).await;
    registrar.swapped(20, VIN, TRACTOR, OTHER_PLATE).await;
    everybody_heard(&client).await;
    let suspended = until(&[&office], &permit, PermitState::Suspended).await;
    assert_eq!(suspended.suspensions[0].cause(), SuspensionCause::Vehicle);
    for plate in [TRACTOR, OTHER_PLATE] {
        let seen = photographed(&police, plate, "Road 3").await;
        assert_eq!(seen.plate_standing(), PlateStanding::Registered, "{plate}");
    }

    registrar
        .transferred(30, VIN, OTHER_PLATE, "鲁R33333")
        .await;
    everybody_heard(&client).await;
    // Nobody knows the vehicle behind a plate that was given up: its fine depends on what the camera makes of it.
    let mut ghost = too_fast(OTHER_PLATE, "Road 4");
    let refused = record(&police, ghost.clone()).await.unwrap_err();
    assert_eq!(status::reason(&refused).as_deref(), Some("VEHICLE_UNKNOWN"));
    if let Some(act) = &mut ghost.act {
        act.vehicle = Some(Vehicle {
            vehicle_use: VehicleUse::Truck.into(),
            medium_or_larger: true,
            ..Vehicle::default()
        });
    }
    let seen = record(&police, ghost).await.unwrap();
    assert_eq!(seen.plate_standing(), PlateStanding::Gone);
    let seen = photographed(&police, "鲁R33333", "Road 4").await;
    assert_eq!(seen.plate_standing(), PlateStanding::Registered);
    let refused = grant(&office, toxic(OTHER_PLATE, DRIVER))
        .await
        .unwrap_err();
    assert_eq!(status::reason(&refused).as_deref(), Some("PLATE_GIVEN_UP"));
    let basis = status::fact(&refused, "legal_basis").unwrap_or_default();
    assert_eq!(basis, "Road Traffic Safety Law art. 8");
}
