//! Short names of the instruments that decisions rest on.

use chassis::domain::LegalBasis;

/// What whoever is refused a registration (Administrative Licence Law art. 38(2)), has one or its papers taken away (art. 7), or is
/// barred from applying is told of remedies: reconsideration within 60 days by the government of the same level (Administrative
/// Reconsideration Law arts. 20(1), 24(1)(1)), or a lawsuit within six months (Administrative Litigation Law art. 46(1)) at the court
/// of the place (art. 18). The 60 days do not run until right, authority and term are told (Reconsideration Law art. 20(3)).
/// Government and court are told by their role, in the words in which permits tells them.
pub const REMEDIES_ZH: &str = "如不服本决定，可以自知道本决定之日起六十日内向作出本决定的行政机关的本级人民政府申请行政复议，也可以自知道本决定之日起六个月内依法向作出本决定的行政机关所在地有管辖权的人民法院提起行政诉讼。";

/// 机动车登记规定
pub const fn order_164(article: &'static str) -> LegalBasis {
    LegalBasis::new("Order 164", article)
}

/// 中华人民共和国道路交通安全法
pub const fn traffic_law(article: &'static str) -> LegalBasis {
    LegalBasis::new("Road Traffic Safety Law", article)
}

/// 中华人民共和国道路交通安全法实施条例
pub const fn traffic_regulations(article: &'static str) -> LegalBasis {
    LegalBasis::new("Road Traffic Safety Regulations", article)
}

/// 山东省实施《中华人民共和国道路交通安全法》办法
pub const fn shandong_measures(article: &'static str) -> LegalBasis {
    LegalBasis::new("Shandong Road Traffic Measures", article)
}

/// 聊城市道路交通安全条例
pub const fn liaocheng_regulations(article: &'static str) -> LegalBasis {
    LegalBasis::new("Liaocheng Road Traffic Regulations", article)
}
