//! The instruments that are cited, by the short English titles that the suite uses everywhere.

use chassis::domain::LegalBasis;

/// 中华人民共和国道路交通安全法
pub const fn traffic_law(article: &'static str) -> LegalBasis {
    LegalBasis::new("Road Traffic Safety Law", article)
}

/// 道路交通安全法实施条例
pub const fn traffic_regulations(article: &'static str) -> LegalBasis {
    LegalBasis::new("Road Traffic Safety Regulations", article)
}

/// 道路交通安全违法行为处理程序规定
pub const fn order_157(article: &'static str) -> LegalBasis {
    LegalBasis::new("Order 157", article)
}

/// 道路交通安全违法行为记分管理办法
pub const fn order_163(article: &'static str) -> LegalBasis {
    LegalBasis::new("Order 163", article)
}

/// 中华人民共和国行政处罚法
pub const fn penalty_law(article: &'static str) -> LegalBasis {
    LegalBasis::new("Administrative Penalty Law", article)
}

/// 中华人民共和国行政复议法
pub const fn reconsideration_law(article: &'static str) -> LegalBasis {
    LegalBasis::new("Administrative Reconsideration Law", article)
}

/// 中华人民共和国行政诉讼法
pub const fn litigation_law(article: &'static str) -> LegalBasis {
    LegalBasis::new("Administrative Litigation Law", article)
}

/// 山东省高速公路交通安全条例
pub const fn shandong_expressways(article: &'static str) -> LegalBasis {
    LegalBasis::new("Shandong Expressway Regulations", article)
}
