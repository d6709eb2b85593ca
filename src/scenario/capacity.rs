//! What can be scarce, as the tables say it: which keys make pulls slow or end them, and what lifts
//! them.

use super::field::{Field, Kind, Shape, Type};
use super::tables::ROOT;
use crate::model::words::cause::Cause;
use crate::words::Words;

/// A key that makes something scarce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scarce {
    /// Its path, with `*` for the name of its block.
    pattern: String,
    /// The value that lifts it as far as it goes; `None` where no value does.
    pub(crate) lift: Option<&'static str>,
    /// Whether a small one makes pulls slow.
    pub(crate) slows: bool,
    /// The cause that a small one ends pulls of.
    pub(crate) cause: Option<Cause>,
    rank: u8,
}

impl Scarce {
    /// The kind of its block; `None` where it has none.
    pub(crate) fn kind(&self) -> Option<Kind> {
        Kind::parse(self.pattern.split_once(".*.")?.0)
    }

    /// Its path in a block.
    pub(crate) fn path(&self, block: &str) -> String {
        self.pattern.replacen('*', block, 1)
    }

    /// What lifts it in a block, as `--set` takes it.
    pub(crate) fn set(&self, block: &str) -> Option<String> {
        Some(format!("{}={}", self.path(block), self.lift?))
    }
}

/// Every such key: widths first, for they are behind what counts or switches; then in the order of
/// the tables.
pub(crate) fn scarce() -> Vec<Scarce> {
    let mut all = Vec::new();
    collect(&ROOT, "", &mut all);
    all.sort_by_key(|it| it.rank);
    all
}

fn collect(shape: &'static Shape, path: &str, all: &mut Vec<Scarce>) {
    for field in shape.fields {
        let path = super::walk::join(path, field.name);
        all.extend(of(field, &path));
        match field.ty {
            Type::Table(inner) => collect(inner, &path, all),
            Type::Named { shape: inner, .. } => collect(inner, &format!("{path}.*"), all),
            _ => {}
        }
    }
}

fn of(field: &Field, path: &str) -> Option<Scarce> {
    let capacity = field.capacity?;
    let rank = match field.ty {
        Type::Bandwidth => 0,
        Type::Bool => 1,
        _ => 2,
    };
    Some(Scarce {
        pattern: path.to_owned(),
        lift: capacity.lift,
        slows: capacity.slows,
        cause: capacity.cause,
        rank,
    })
}

#[cfg(test)]
mod tests {
    use super::super::lattice::Lattice;
    use super::super::tables::key_at;
    use super::*;

    #[test]
    fn what_lifts_a_key_is_one_of_its_values() {
        let all = scarce();
        assert!(20 < all.len());
        for it in &all {
            let path = it.path("x");
            let field = key_at(&path).unwrap();
            if let (Some(lift), false) = (it.lift, matches!(field.ty, Type::Bool)) {
                Lattice::of(&path, lift).and_then(|lattice| lattice.read(lift)).unwrap();
            }
            assert!(it.slows || it.cause.is_some(), "{path}");
        }
    }
}
