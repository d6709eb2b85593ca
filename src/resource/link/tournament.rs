//! The earliest of many instants, one per class: a tournament that costs O(log n) to change.

use crate::units::Time;

/// One instant per contestant, [`Time::NEVER`] where there is none.
///
/// A complete binary tree in a `Vec`: contestant `i` is the leaf `size + i`, every inner node holds
/// the earlier of its two children, node 1 the earliest of all.
#[derive(Clone, Debug)]
pub(super) struct Tournament {
    size: usize,
    tree: Vec<Time>,
}

impl Tournament {
    /// A tournament without contestants.
    pub(super) fn new() -> Self {
        Self { size: 1, tree: vec![Time::NEVER; 2] }
    }

    /// The earliest instant and the lowest contestant that has it; `None` when all are never.
    pub(super) fn earliest(&self) -> Option<(Time, u32)> {
        let earliest = self.tree[1];
        if earliest == Time::NEVER {
            return None;
        }
        let mut node = 1;
        while node < self.size {
            node *= 2;
            if self.tree[node] != earliest {
                node += 1;
            }
        }
        Some((earliest, (node - self.size) as u32))
    }

    /// Gives `contestant` the instant `due`.
    pub(super) fn set(&mut self, contestant: u32, due: Time) {
        let contestant = contestant as usize;
        if self.size <= contestant {
            self.grow(contestant + 1);
        }
        let mut node = self.size + contestant;
        self.tree[node] = due;
        while 1 < node {
            node /= 2;
            let winner = self.tree[2 * node].min(self.tree[2 * node + 1]);
            if self.tree[node] == winner {
                return;
            }
            self.tree[node] = winner;
        }
    }

    fn grow(&mut self, contestants: usize) {
        let size = contestants.next_power_of_two();
        let mut tree = vec![Time::NEVER; 2 * size];
        tree[size..size + self.size].copy_from_slice(&self.tree[self.size..]);
        for node in (1..size).rev() {
            tree[node] = tree[2 * node].min(tree[2 * node + 1]);
        }
        *self = Self { size, tree };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_winner_is_the_minimum(
            changes in prop::collection::vec((0u32..40, 0u64..20), 0..200),
        ) {
            let mut tournament = Tournament::new();
            let mut plain = vec![Time::NEVER; 40];
            for (contestant, micros) in changes {
                // 19 stands for never.
                let due = if micros == 19 { Time::NEVER } else { Time::from_micros(micros) };
                tournament.set(contestant, due);
                plain[contestant as usize] = due;
                let least = plain.iter().copied().zip(0u32..).min().unwrap();
                let expected = (least.0 != Time::NEVER).then_some(least);
                prop_assert_eq!(tournament.earliest(), expected);
            }
        }
    }
}
