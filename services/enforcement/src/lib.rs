//! Enforcement of traffic law (交通执法): violations from the record to the last payment, the points of drivers, road
//! hazards, persuasion of riders, and detained vehicles.

pub mod domain;
