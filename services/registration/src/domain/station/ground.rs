//! Every ground on which a command on stations and appointments is refused.

use super::hours::Slot;
use crate::domain::instruments::order_164;
use crate::domain::wording::{Wording, refusal_in_words, says, says_plainly};
use chassis::domain::RefusalKind;
use jiff::civil::Date;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StationGround {
    Unknown,
    Exists,
    DistrictFixed,
    OutsideDistrict,
    Suspended,
    Ended,
    NotSuspended,
    NotServed,
    Closed { on: Date },
    OutsideHours,
    Past,
    TooFarAhead { last: Date },
    Full { slot: Slot },
    NoFreeCounter,
    BookedAlready { appointment: String },
    DayFull,
    UnknownAppointment,
    NotBooked { is: &'static str },
    AnotherPerson,
    TooEarly { opens: jiff::Timestamp },
}

impl StationGround {
    fn wording(&self) -> Wording {
        match self {
            Self::Unknown => says_plainly(
                "STATION_NOT_FOUND",
                RefusalKind::Unknown,
                "there is no such service station",
                "没有该登记服务站",
            ),
            Self::Exists => says_plainly(
                "STATION_EXISTS",
                RefusalKind::Taken,
                "there is a station of this id already",
                "该编号的服务站已存在",
            ),
            Self::UnknownAppointment => says_plainly(
                "APPOINTMENT_NOT_FOUND",
                RefusalKind::Unknown,
                "there is no such appointment",
                "没有该预约",
            ),
            Self::OutsideDistrict => says(
                "OUTSIDE_DISTRICT",
                order_164("art. 69(1)"),
                "a station is commissioned by the police of its own district",
                "服务站应由所在辖区公安机关交通管理部门委托",
            )
            .of_kind(RefusalKind::NotEntitled),
            Self::DistrictFixed => says(
                "DISTRICT_FIXED",
                order_164("art. 69(1)"),
                "a station does not move to another district; commission another",
                "服务站不得变更辖区，请另行设立",
            ),
            Self::Suspended => says(
                "STATION_SUSPENDED",
                order_164("art. 70(2)"),
                "the station's commission is suspended",
                "该服务站已被暂停委托业务",
            ),
            Self::Ended => says(
                "STATION_ENDED",
                order_164("art. 70(2)"),
                "the station's commission has ended",
                "该服务站已被终止委托业务",
            ),
            Self::NotSuspended => says(
                "STATION_NOT_SUSPENDED",
                order_164("art. 70(2)"),
                "the station is not suspended",
                "该服务站未被暂停委托业务",
            ),
            _ => self.about_appointments(),
        }
    }

    fn about_appointments(&self) -> Wording {
        // Stations publish where, when and for what they are open: that is what an appointment is held against.
        let published = || order_164("art. 4(3)");
        match self {
            Self::NotServed => says(
                "BUSINESS_NOT_SERVED",
                published(),
                "the station does not serve this business",
                "该服务站不办理此项业务",
            ),
            Self::Closed { on } => says(
                "STATION_CLOSED",
                published(),
                format!("the station is closed on {on}"),
                format!("该服务站 {on} 不对外办公"),
            ),
            Self::OutsideHours => says(
                "OUTSIDE_HOURS",
                published(),
                "no slot of the station begins then; see its hours",
                "所选时间不在该服务站的预约时段内",
            ),
            Self::Past => says(
                "SLOT_PAST",
                published(),
                "the slot has begun",
                "该时段已开始，不能预约",
            ),
            Self::TooFarAhead { last } => says(
                "TOO_FAR_AHEAD",
                published(),
                format!("appointments are made until {last} now"),
                format!("目前最晚可预约至 {last}"),
            ),
            Self::Full { slot } => says(
                "SLOT_FULL",
                published(),
                format!("all counters are taken at {slot}"),
                format!("{slot} 时段已约满"),
            ),
            Self::NoFreeCounter => says(
                "NO_FREE_COUNTER",
                published(),
                "all counters are taken now; wait for the next slot or make an appointment",
                "当前窗口已满，请等候下一时段或预约办理",
            ),
            Self::BookedAlready { .. } => says(
                "BOOKED_ALREADY",
                published(),
                "this person has an appointment for this business on this day",
                "当日已有同项业务的预约",
            )
            .of_kind(RefusalKind::Taken),
            Self::DayFull => says(
                "DAY_FULL",
                published(),
                "the station takes no more requests for this day",
                "该服务站当日预约登记已满",
            ),
            Self::AnotherPerson => says(
                "ANOTHER_PERSON",
                published(),
                "the appointment was made by somebody else",
                "该预约由他人提交",
            )
            .of_kind(RefusalKind::NotEntitled),
            Self::TooEarly { .. } => says(
                "TOO_EARLY",
                published(),
                "one can be announced at the station from half an hour before the slot",
                "预约时段开始前半小时方可签到",
            ),
            _ => says(
                "APPOINTMENT_OVER",
                published(),
                "the appointment is not waiting any more",
                "该预约已签到、取消或失效",
            ),
        }
    }

    fn facts_of(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::BookedAlready { appointment } => {
                vec![("appointment", appointment.clone())]
            }
            Self::NotBooked { is } => vec![("state", (*is).to_owned())],
            Self::TooFarAhead { last } => vec![("last_day", last.to_string())],
            Self::TooEarly { opens } => vec![("opens", opens.to_string())],
            _ => Vec::new(),
        }
    }
}

refusal_in_words!(StationGround);
