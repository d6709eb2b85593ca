//! Names and units as files write them: text that is read back. For `#[serde(with = "…")]`.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

use crate::model::record::measure::{Name, Unit};
use crate::words::Words;

/// What files write as a word.
pub(crate) trait Written: Sized {
    /// The word.
    fn written(&self) -> String;
    /// What the word stands for.
    fn read(text: &str) -> Option<Self>;
}

impl Written for Name {
    fn written(&self) -> String {
        self.to_string()
    }

    fn read(text: &str) -> Option<Self> {
        Self::parse(text)
    }
}

impl Written for Unit {
    fn written(&self) -> String {
        self.text().to_owned()
    }

    fn read(text: &str) -> Option<Self> {
        Words::parse(text)
    }
}

pub(crate) fn serialize<T: Written, S: Serializer>(it: &T, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&it.written())
}

pub(crate) fn deserialize<'de, T: Written, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    let text = String::deserialize(from)?;
    T::read(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is unknown")))
}
