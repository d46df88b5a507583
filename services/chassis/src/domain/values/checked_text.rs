//! What values that are checked texts have in common.

/// The text inside, its display, and its storage as text that is read back by `parse`.
macro_rules! checked_text {
    ($name:ident $(<const $n:ident: usize>)?) => {
        impl $(<const $n: usize>)? $name $(<$n>)? {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl $(<const $n: usize>)? std::fmt::Display for $name $(<$n>)? {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl $(<const $n: usize>)? TryFrom<String> for $name $(<$n>)? {
            type Error = $crate::domain::Invalid;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text)
            }
        }

        impl $(<const $n: usize>)? From<$name $(<$n>)?> for String {
            fn from(value: $name $(<$n>)?) -> Self {
                value.0.as_ref().to_owned()
            }
        }
    };
}

pub(super) use checked_text;
