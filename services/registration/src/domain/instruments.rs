//! Short names of the instruments that decisions rest on.

use chassis::domain::LegalBasis;

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
