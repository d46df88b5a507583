//! What can go wrong.

use crate::disk::SmallDisk;
use crate::suite::Topology;
use std::fmt;

/// One thing that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// One replica of each service is killed (SIGKILL) and started again.
    ReplicasKilled,
    /// All replicas of one service are killed at once.
    ServiceKilled,
    /// One replica of each service stands still for longer than a lease lives, and wakes up.
    ReplicasFrozen,
    /// One replica of each service gets a fraction of a processor.
    ReplicasSlow,
    /// The clocks of replicas jump, each another way.
    ClocksJump,
    /// A replica goes on with an older projection of its own.
    OlderProjection,
    /// A replica finds the projection of its sibling in its folder.
    SiblingsProjection,
    /// A replica finds the projection of another service in its folder.
    ForeignProjection,
    /// The disk of a replica's projection is full, and has room again.
    FullDisk,
    /// The whole bus is killed (SIGKILL), all members at once.
    BusKilled,
    /// The whole bus stands still for longer than an append waits.
    BusFrozen,
    /// All streams are set back to a backup under running services.
    OlderStreams,
    /// As before, while a replica of each service is down that had come further than the backup.
    OlderStreamsUnnoticed,
    /// One member of the bus is killed and comes back.
    MemberKilled,
    /// One member stands still, and wakes up believing what it believed.
    MemberFrozen,
    /// The leaders of all streams step down.
    LeadersStepDown,
    /// The network between one member and the others drops everything for a while.
    Partition,
    /// The network between one member and the others breaks and refuses connections for a while.
    Disconnection,
}

impl Fault {
    const ANYWHERE: [Self; 13] = [
        Self::ReplicasKilled,
        Self::ServiceKilled,
        Self::ReplicasFrozen,
        Self::ReplicasSlow,
        Self::ClocksJump,
        Self::OlderProjection,
        Self::SiblingsProjection,
        Self::ForeignProjection,
        Self::FullDisk,
        Self::BusKilled,
        Self::BusFrozen,
        Self::OlderStreams,
        Self::OlderStreamsUnnoticed,
    ];
    const OF_A_CLUSTER: [Self; 5] = [
        Self::MemberKilled,
        Self::MemberFrozen,
        Self::LeadersStepDown,
        Self::Partition,
        Self::Disconnection,
    ];

    /// Whether it happens to the bus and not to the services.
    pub fn is_of_the_bus(self) -> bool {
        let of_any_bus = [
            Self::BusKilled,
            Self::BusFrozen,
            Self::OlderStreams,
            Self::OlderStreamsUnnoticed,
        ];
        Self::OF_A_CLUSTER.contains(&self) || of_any_bus.contains(&self)
    }

    /// All that the topology and this machine know.
    pub fn possible(topology: Topology) -> Vec<Self> {
        let mut faults = Self::ANYWHERE.to_vec();
        if topology == Topology::Cluster {
            faults.extend(Self::OF_A_CLUSTER);
        }
        faults.retain(|fault| fault.why_not().is_none());
        faults
    }

    /// Why this machine cannot do it, if so.
    pub fn why_not(self) -> Option<&'static str> {
        let impossible = self == Self::FullDisk && !SmallDisk::is_possible();
        impossible.then_some("a disk of one process's own takes root or name spaces of users")
    }

    /// Those that this machine cannot do.
    pub fn skipped(topology: Topology) -> Vec<(Self, &'static str)> {
        let of_a_cluster = match topology {
            Topology::Alone => &[][..],
            Topology::Cluster => &Self::OF_A_CLUSTER,
        };
        let all = Self::ANYWHERE.iter().chain(of_a_cluster);
        all.filter_map(|fault| Some((*fault, fault.why_not()?)))
            .collect()
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::ReplicasKilled => "replicas-killed",
            Self::ServiceKilled => "service-killed",
            Self::ReplicasFrozen => "replicas-frozen",
            Self::ReplicasSlow => "replicas-slow",
            Self::ClocksJump => "clocks-jump",
            Self::OlderProjection => "older-projection",
            Self::SiblingsProjection => "siblings-projection",
            Self::ForeignProjection => "foreign-projection",
            Self::FullDisk => "full-disk",
            Self::BusKilled => "bus-killed",
            Self::BusFrozen => "bus-frozen",
            Self::OlderStreams => "older-streams",
            Self::OlderStreamsUnnoticed => "older-streams-unnoticed",
            Self::MemberKilled => "member-killed",
            Self::MemberFrozen => "member-frozen",
            Self::LeadersStepDown => "leaders-step-down",
            Self::Partition => "partition",
            Self::Disconnection => "disconnection",
        }
    }

    /// The fault of this name.
    pub fn named(name: &str) -> Option<Self> {
        let mut all = Self::ANYWHERE.into_iter().chain(Self::OF_A_CLUSTER);
        all.find(|fault| fault.name() == name)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
