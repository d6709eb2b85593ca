//! What a kubelet knows of the images on its node: when it first saw each, and when it last saw it
//! in use.
//!
//! The kubelet looks at images and containers every 300 s, and whenever it is about to delete
//! images. It knows only what it saw then. The looks of the loop need no events here: what they
//! would have seen follows from when images came and went and when they were in use.
//!
//! Source: kubernetes `pkg/kubelet/images/image_gc_manager.go` (`Start`, `detectImages`), 1.29 to
//! 1.35, read 2026-11: the first look notes what it finds as seen before all time; an image that is
//! missing at a look is forgotten; nothing survives a restart of the kubelet. The loop of image GC
//! has the same period and is started with that of the looks; here both look at the same instants.

use std::collections::BTreeMap;

use crate::model::ids::ImageId;
use crate::units::{Span, Time};

/// From one look to the next, and from one image GC to the next.
pub const LOOK_PERIOD: Span = Span::from_secs(300);

/// The images of one node, as its kubelet knows them.
#[derive(Clone, Debug, Default)]
pub struct Records {
    /// The first look of the kubelet.
    began: Time,
    /// The last look outside the loop.
    extra: Option<Time>,
    images: BTreeMap<ImageId, Record>,
}

#[derive(Clone, Copy, Debug)]
struct Record {
    /// Since when it is there.
    from: Time,
    /// When it went, other than by the kubelet's hand.
    removed: Option<Time>,
    /// The look that sees it first; `None` is before all time.
    first_detected: Option<Time>,
    /// The last look that saw it in use, of those before the present use.
    last_used: Option<Time>,
    users: u32,
    used_since: Time,
}

/// What a look finds of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Which.
    pub image: ImageId,
    /// The first look that saw it; `None` is before all time.
    pub first_detected: Option<Time>,
    /// The last look that saw it in use.
    pub last_used: Option<Time>,
}

impl Records {
    /// A kubelet starts and looks for the first time at `began`.
    pub fn kubelet_started(&mut self, began: Time) {
        (self.began, self.extra) = (began, None);
        self.images.retain(|_, it| it.removed.is_none());
        for it in self.images.values_mut() {
            (it.first_detected, it.last_used) = (None, None);
        }
    }

    /// The first look at or after `time`.
    fn look_from(&self, time: Time) -> Time {
        let periods = time.saturating_since(self.began).as_micros();
        self.began + LOOK_PERIOD * periods.div_ceil(LOOK_PERIOD.as_micros())
    }

    /// The last look before `time`.
    fn look_before(&self, time: Time) -> Option<Time> {
        let since = time.saturating_since(self.began).as_micros().checked_sub(1)?;
        let regular = self.began + LOOK_PERIOD * (since / LOOK_PERIOD.as_micros());
        Some(self.extra.map_or(regular, |it| it.max(regular)))
    }

    /// An image is there from `from` on.
    pub fn added(&mut self, image: ImageId, from: Time) {
        if let Some(known) = self.images.get(&image)
            && let Some(removed) = known.removed
            && self.look_before(from).is_none_or(|look| look < removed)
        {
            // No look missed it.
            self.images.insert(image, Record { from, removed: None, ..*known });
            return;
        }
        let look = self.look_from(from);
        let first_detected = (look != self.began).then_some(look);
        self.images.insert(
            image,
            Record {
                from,
                removed: None,
                first_detected,
                last_used: None,
                users: 0,
                used_since: Time::ZERO,
            },
        );
    }

    /// The kubelet has deleted an image.
    pub fn deleted(&mut self, image: ImageId) {
        self.images.remove(&image);
    }

    /// Somebody else has deleted an image: the kubelet notices at its next look.
    pub fn removed(&mut self, image: ImageId, now: Time) {
        if let Some(it) = self.images.get_mut(&image) {
            it.removed = Some(now);
        }
    }

    /// A container with this image is made.
    pub fn use_began(&mut self, image: ImageId, now: Time) {
        let Some(it) = self.images.get_mut(&image) else { return };
        if it.users == 0 {
            it.used_since = now;
        }
        it.users += 1;
    }

    /// A container with this image is removed.
    pub fn use_ended(&mut self, image: ImageId, now: Time) {
        let seen = self.look_before(now);
        let Some(it) = self.images.get_mut(&image) else { return };
        it.users -= 1;
        if it.users == 0 {
            it.last_used = seen.filter(|&look| it.used_since <= look).or(it.last_used);
        }
    }

    /// Containers with this image.
    pub fn users(&self, image: ImageId) -> u32 {
        self.images.get(&image).map_or(0, |it| it.users)
    }

    /// The kubelet looks, in its loop or outside of it.
    pub fn look(&mut self, now: Time) {
        self.extra = Some(now);
        self.images.retain(|_, it| it.removed.is_none());
        for it in self.images.values_mut().filter(|it| it.from <= now) {
            it.first_detected = it.first_detected.map(|seen| seen.min(now));
        }
    }

    /// The images that nobody uses, right after a look at `now`, by id.
    pub fn unused(&self, now: Time) -> impl Iterator<Item = Known> {
        let there = self.images.iter().filter(move |(_, it)| it.from <= now);
        there.filter(|(_, it)| it.users == 0 && it.removed.is_none()).map(|(&image, it)| Known {
            image,
            first_detected: it.first_detected,
            last_used: it.last_used,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::chance::Chance;

    const A: ImageId = ImageId(0);

    fn at(seconds: u64) -> Time {
        Time::from_secs(seconds)
    }

    fn known(records: &mut Records, now: u64) -> Option<(Option<Time>, Option<Time>)> {
        records.look(at(now));
        let found = records.unused(at(now)).next();
        found.map(|it| (it.first_detected, it.last_used))
    }

    #[test]
    fn the_first_look_notes_what_it_finds_as_seen_before_all_time() {
        let mut records = Records::default();
        records.kubelet_started(at(7));
        records.added(A, at(7));
        records.added(ImageId(1), at(8));
        let mut found = Vec::new();
        records.look(at(400));
        found.extend(records.unused(at(400)).map(|it| it.first_detected));
        assert_eq!(found, [None, Some(at(307))]);
    }

    #[test]
    fn a_look_outside_the_loop_sees_an_image_earlier_than_the_next_of_the_loop() {
        let mut records = Records::default();
        records.kubelet_started(at(0));
        records.added(A, at(10));
        assert_eq!(known(&mut records, 15), Some((Some(at(15)), None)));
        assert_eq!(known(&mut records, 600), Some((Some(at(15)), None)));
    }

    #[test]
    fn a_use_that_no_look_saw_leaves_the_image_never_used() {
        let mut records = Records::default();
        records.kubelet_started(at(0));
        records.added(A, at(10));
        records.use_began(A, at(20));
        records.use_ended(A, at(299));
        assert_eq!(known(&mut records, 310), Some((Some(at(300)), None)));
        records.use_began(A, at(320));
        assert_eq!(known(&mut records, 330), None, "in use");
        records.use_ended(A, at(599));
        assert_eq!(known(&mut records, 599).unwrap().1, Some(at(330)));
        records.kubelet_started(at(650));
        assert_eq!(
            known(&mut records, 660),
            Some((None, None)),
            "the kubelet knows nothing any more"
        );
    }

    #[test]
    fn an_image_that_is_back_before_the_next_look_was_never_missed() {
        let mut records = Records::default();
        records.kubelet_started(at(0));
        records.added(A, at(10));
        records.removed(A, at(310));
        records.added(A, at(320));
        assert_eq!(known(&mut records, 330), Some((Some(at(300)), None)));
        records.removed(A, at(340));
        records.added(A, at(601));
        assert_eq!(known(&mut records, 610), Some((Some(at(610)), None)));
    }

    /// The slow twin: every look is taken, one after another, of a list of what happened.
    #[derive(Default)]
    struct Looker {
        there: BTreeMap<u16, u32>,
        records: BTreeMap<u16, (Option<u64>, Option<u64>)>,
        looked: bool,
    }

    impl Looker {
        fn look(&mut self, now: u64) {
            self.records.retain(|it, _| self.there.contains_key(it));
            for (&image, &users) in &self.there {
                let first = self.looked.then_some(now);
                let record = self.records.entry(image).or_insert((first, None));
                if 0 < users {
                    record.1 = Some(now);
                }
            }
            self.looked = true;
        }
    }

    #[test]
    fn what_is_known_is_what_a_loop_that_always_looks_would_have_seen() {
        let period = LOOK_PERIOD.as_micros();
        for seed in 0..300 {
            let mut draw = Chance::new(seed, 0).draw(1, 2, 3);
            let (mut records, mut twin) = (Records::default(), Looker::default());
            let mut now = 1;
            let mut next_look = draw.below(10_000_000);
            records.kubelet_started(Time::from_micros(next_look));
            for _ in 0..200 {
                now += 1 + draw.below(period);
                while next_look < now {
                    twin.look(next_look);
                    next_look += period;
                }
                let (image, time) = (draw.below(3) as u16, Time::from_micros(now));
                let users = twin.there.get(&image).copied();
                match (draw.below(12), users) {
                    (0..5, None) => {
                        twin.there.insert(image, 0);
                        records.added(ImageId(image), time);
                    }
                    (0..4, Some(_)) => {
                        *twin.there.get_mut(&image).unwrap() += 1;
                        records.use_began(ImageId(image), time);
                    }
                    (4..8, Some(1..)) => {
                        *twin.there.get_mut(&image).unwrap() -= 1;
                        records.use_ended(ImageId(image), time);
                    }
                    (8, Some(0)) => {
                        twin.there.remove(&image);
                        records.removed(ImageId(image), time);
                    }
                    (9, Some(0)) => {
                        twin.there.remove(&image);
                        twin.records.remove(&image);
                        records.deleted(ImageId(image));
                    }
                    (10, _) if draw.below(10) == 0 => {
                        (twin.records, twin.looked) = (BTreeMap::new(), false);
                        next_look = now + draw.below(10_000_000);
                        records.kubelet_started(Time::from_micros(next_look));
                    }
                    (11, _) if twin.looked => {
                        twin.look(now);
                        records.look(time);
                        let seen: Vec<_> = records.unused(time).collect();
                        let micros = |it: Option<u64>| it.map(Time::from_micros);
                        let unused = twin.there.iter().filter(|it| *it.1 == 0).map(|it| Known {
                            image: ImageId(*it.0),
                            first_detected: micros(twin.records[it.0].0),
                            last_used: micros(twin.records[it.0].1),
                        });
                        assert_eq!(seen, unused.collect::<Vec<_>>(), "seed {seed}");
                    }
                    _ => {}
                }
            }
        }
    }
}
