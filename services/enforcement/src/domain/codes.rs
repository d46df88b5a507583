//! Codes of violations (GA/T 16.31): what devices and other systems write, with meaning and days of validity.

use super::conduct::Conduct;
use super::ground::Ground;
use chassis::domain::Invalid;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::LazyLock;

/// A code: four or five digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ViolationCode(Box<str>);

impl ViolationCode {
    /// # Errors
    /// If it has not four or five digits.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if matches!(text.len(), 4 | 5) && text.bytes().all(|b| b.is_ascii_digit()) {
            return Ok(Self(text.into()));
        }
        Err(Invalid::new(
            "must have four or five digits",
            "应为四位或者五位数字",
        ))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ViolationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ViolationCode {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<ViolationCode> for String {
    fn from(code: ViolationCode) -> Self {
        code.0.into()
    }
}

/// What a code means, and when it may be used.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeMeaning {
    pub code: ViolationCode,
    pub meaning: String,
    pub conduct: Conduct,
    /// First day.
    pub from: Date,
    /// First day on which it may no longer be used.
    pub until: Option<Date>,
}

impl CodeMeaning {
    fn is_valid_on(&self, day: Date) -> bool {
        self.from <= day && self.until.is_none_or(|until| day < until)
    }
}

/// A list of codes, in their order.
#[derive(Debug)]
pub struct Codes(Vec<CodeMeaning>);

impl Codes {
    /// The list that ships with the service.
    ///
    /// # Panics
    /// Never: a test reads the file.
    pub fn shipped() -> &'static Self {
        static CODES: LazyLock<Codes> = LazyLock::new(|| {
            Codes::parse(include_str!("../../data/violation-codes.toml"))
                .expect("the shipped codes are valid: a test reads them")
        });
        &CODES
    }

    /// # Errors
    /// A sentence that says what is wrong with the list.
    pub fn parse(text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            code: Vec<CodeMeaning>,
        }
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        let mut codes = file.code;
        codes.sort_by(|a, b| (&a.code, a.from).cmp(&(&b.code, b.from)));
        for pair in codes.windows(2) {
            let [one, next] = pair else { continue };
            if one.code == next.code && one.until.is_none_or(|until| next.from < until) {
                return Err(format!("code {} means two things at once", one.code));
            }
        }
        Ok(Self(codes))
    }

    /// The codes that may be used on `day`.
    pub fn valid_on(&self, day: Date) -> impl Iterator<Item = &CodeMeaning> {
        self.0.iter().filter(move |code| code.is_valid_on(day))
    }

    /// Whether a code, used for an act of `day`, means this conduct.
    ///
    /// # Errors
    /// [`Ground::CodeNotInUse`], [`Ground::CodeMeansAnother`].
    pub fn check(&self, code: &ViolationCode, conduct: Conduct, day: Date) -> Result<(), Ground> {
        match self.valid_on(day).find(|known| known.code == *code) {
            None => Err(Ground::CodeNotInUse { day }),
            Some(known) if known.conduct != conduct => Err(Ground::CodeMeansAnother),
            Some(_) => Ok(()),
        }
    }
}
