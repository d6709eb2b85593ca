//! Things that come and go under ids that are used again, each time with a new generation.

use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

/// Things in slots. An id names a slot, an id with a generation one thing: what still holds the
/// generation of a thing that has left finds nothing.
///
/// The slot that was left last is taken first, and what stood in it is handed to whoever takes it,
/// so that its memory can be used again. Order depends on nothing but the calls.
///
/// ```
/// use pullstorm::engine::slots::Slots;
///
/// let mut guests: Slots<usize, &str> = Slots::default();
/// let room = guests.put(|_| "first");
/// let generation = guests.generation(room);
/// guests.leave(room);
/// assert_eq!(guests.put(|_| "second"), room);
/// assert_eq!(guests.current(room, generation), None, "another guest has the room");
/// assert_eq!(guests[room], "second");
/// ```
#[derive(Clone, Debug)]
pub struct Slots<I, T> {
    all: Vec<Slot<T>>,
    free: Vec<usize>,
    ids: PhantomData<I>,
}

#[derive(Clone, Debug)]
struct Slot<T> {
    generation: u32,
    is_taken: bool,
    thing: T,
}

impl<I, T> Default for Slots<I, T> {
    fn default() -> Self {
        Self { all: Vec::new(), free: Vec::new(), ids: PhantomData }
    }
}

impl<I: Copy + From<usize> + Into<usize>, T> Slots<I, T> {
    /// Puts a thing into a slot: `make` gets what stood there before, where anything did.
    pub fn put(&mut self, make: impl FnOnce(Option<&mut T>) -> T) -> I {
        if let Some(at) = self.free.pop() {
            let slot = &mut self.all[at];
            slot.thing = make(Some(&mut slot.thing));
            slot.generation = slot.generation.wrapping_add(1);
            slot.is_taken = true;
            return I::from(at);
        }
        self.all.push(Slot { generation: 0, is_taken: true, thing: make(None) });
        I::from(self.all.len() - 1)
    }

    /// The thing of a slot leaves. It can be looked at until somebody takes the slot.
    pub fn leave(&mut self, id: I) {
        let at = id.into();
        debug_assert!(self.all[at].is_taken, "nobody leaves twice");
        self.all[at].is_taken = false;
        self.free.push(at);
    }

    /// What is in a slot, unless it has left.
    pub fn get(&self, id: I) -> Option<&T> {
        self.all.get(id.into()).filter(|it| it.is_taken).map(|it| &it.thing)
    }

    /// The thing of that generation, unless it has left.
    pub fn current(&self, id: I, generation: u32) -> Option<&T> {
        let slot = self.all.get(id.into())?;
        (slot.is_taken && slot.generation == generation).then_some(&slot.thing)
    }

    /// The generation of what is, or was last, in a slot.
    pub fn generation(&self, id: I) -> u32 {
        self.all[id.into()].generation
    }

    /// Everything that is in a slot now, by id.
    pub fn iter(&self) -> impl Iterator<Item = (I, &T)> {
        let taken = self.all.iter().enumerate().filter(|(_, it)| it.is_taken);
        taken.map(|(at, it)| (I::from(at), &it.thing))
    }

    /// Ids of everything that is in a slot now.
    pub fn ids(&self) -> Vec<I> {
        self.iter().map(|(id, _)| id).collect()
    }
}

impl<I: Copy + From<usize> + Into<usize>, T> Index<I> for Slots<I, T> {
    type Output = T;

    fn index(&self, id: I) -> &T {
        &self.all[id.into()].thing
    }
}

impl<I: Copy + From<usize> + Into<usize>, T> IndexMut<I> for Slots<I, T> {
    fn index_mut(&mut self, id: I) -> &mut T {
        &mut self.all[id.into()].thing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(slots: &mut Slots<usize, String>, name: &str) -> usize {
        slots.put(|_| name.to_owned())
    }

    #[test]
    fn the_slot_that_was_left_last_is_taken_first() {
        let mut slots = Slots::default();
        let all: Vec<usize> = ["a", "b", "c"].iter().map(|it| put(&mut slots, it)).collect();
        assert_eq!(all, [0, 1, 2]);
        slots.leave(2);
        slots.leave(0);
        assert_eq!(slots.ids(), [1]);
        assert_eq!((put(&mut slots, "d"), put(&mut slots, "e"), put(&mut slots, "f")), (0, 2, 3));
        let there: Vec<&str> = slots.iter().map(|(_, it)| &**it).collect();
        assert_eq!(there, ["d", "b", "e", "f"]);
    }

    #[test]
    fn what_has_left_is_found_by_no_generation() {
        let mut slots = Slots::default();
        let id = put(&mut slots, "a");
        let first = slots.generation(id);
        assert_eq!(slots.current(id, first).map(String::as_str), Some("a"));
        slots.leave(id);
        assert_eq!((slots.current(id, first), slots.get(id)), (None, None));
        assert_eq!(slots[id], "a", "it can still be looked at");
        assert_eq!(put(&mut slots, "b"), id);
        assert_eq!(slots.current(id, first), None);
        assert_eq!(slots.current(id, slots.generation(id)).map(String::as_str), Some("b"));
        assert_eq!(slots.current(7, 0), None, "a slot that never was");
    }

    #[test]
    fn memory_goes_from_one_thing_to_the_next_in_its_slot() {
        let mut slots: Slots<usize, Vec<u8>> = Slots::default();
        let id = slots.put(|_| Vec::with_capacity(100));
        slots.leave(id);
        slots.put(|before| {
            let mut memory = before.map(std::mem::take).unwrap_or_default();
            memory.clear();
            memory
        });
        assert!(100 <= slots[id].capacity());
    }
}
