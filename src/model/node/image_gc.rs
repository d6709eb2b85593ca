//! Which images a kubelet deletes.
//!
//! Source: kubernetes `pkg/kubelet/images/image_gc_manager.go` (`imagesInEvictionOrder`,
//! `freeOldImages`, `GarbageCollect`, `freeSpace`), 1.29 to 1.35, read 2026-11.
//!
//! - Candidates are the images that no container uses and that are not pinned. They are deleted by
//!   last use, never used first, then by when they were first seen. Equals come in no order there
//!   (a map is walked); here by a keyed draw.
//! - Above the high threshold, images are deleted until the sum of their sizes reaches what is
//!   missing to the low one. The size is the one that the runtime tells, which for containerd is
//!   that of the compressed content (`internal/cri/store/image/image.go`): unpacked bytes make a
//!   deletion free more than it is credited, shared layers make it free less.
//! - An image seen for less than the least age is passed over. Deletion by age does not ask for it.

use crate::model::ids::ImageId;
use crate::model::spec::{EvictionSpec, ImageGcSpec};
use crate::units::{Bytes, Share, Span, Time};

/// An unused image, as the kubelet weighs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Which.
    pub image: ImageId,
    /// When it was last seen in use; `None` is never.
    pub last_used: Option<Time>,
    /// When it was first seen; `None` is before the kubelet began to look.
    pub first_detected: Option<Time>,
    /// Its size as the runtime tells it.
    pub size: Bytes,
    /// Decides between equals.
    pub tie: u64,
}

/// What is to be deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Freed {
    /// The images, in their order.
    pub images: Vec<ImageId>,
    /// What their deletion is credited with.
    pub credited: Bytes,
}

/// Puts candidates in the order of their deletion.
pub fn put_in_order(candidates: &mut [Candidate]) {
    candidates.sort_by_key(|it| (it.last_used, it.first_detected, it.tie, it.image));
}

/// Use of a disk in percent, as the kubelet rounds it: what is available is rounded down.
pub fn used_percent(capacity: Bytes, available: Bytes) -> u64 {
    100 - available.0.min(capacity.0) * 100 / capacity.0
}

/// What has to be freed to reach the low threshold, where the high one is reached.
pub fn missing(gc: &ImageGcSpec, capacity: Bytes, available: Bytes) -> Option<Bytes> {
    if used_percent(capacity, available) < u64::from(gc.high_threshold_percent) {
        return None;
    }
    let goal = capacity.0 * (100 - u64::from(gc.low_threshold_percent)) / 100;
    Some(Bytes(goal.saturating_sub(available.0)))
}

/// Takes the images out of the candidates that were unused for longer than the greatest age: none
/// before the kubelet has looked for that long.
pub fn take_too_old(
    gc: &ImageGcSpec,
    now: Time,
    began: Time,
    candidates: &mut Vec<Candidate>,
) -> Vec<ImageId> {
    let mut old = Vec::new();
    if gc.maximum_age.is_zero() || now.saturating_since(began) <= gc.maximum_age {
        return old;
    }
    candidates.retain(|it| {
        let is_old = it.last_used.is_none_or(|used| gc.maximum_age < now.saturating_since(used));
        if is_old {
            old.push(it.image);
        }
        !is_old
    });
    old
}

/// What to delete of `candidates`, which are in order, to be credited with `wanted`.
pub fn free_space(minimum_age: Span, now: Time, candidates: &[Candidate], wanted: Bytes) -> Freed {
    let mut freed = Freed::default();
    for it in candidates {
        let is_young =
            it.first_detected.is_some_and(|seen| now.saturating_since(seen) < minimum_age);
        if is_young {
            continue;
        }
        freed.images.push(it.image);
        freed.credited += it.size;
        if wanted <= freed.credited {
            break;
        }
    }
    freed
}

/// Below how many available bytes a node is under disk pressure. Images, containers and the
/// kubelet share one filesystem, so the stricter of the two signals decides.
///
/// Source: kubernetes `pkg/kubelet/eviction/helpers.go` (`thresholdsMet`), read 2026-11.
pub fn pressure_below(eviction: &EvictionSpec, capacity: Bytes) -> Bytes {
    share_of(capacity, eviction.imagefs_available.max(eviction.nodefs_available))
}

/// A share of bytes, rounded down; a disk may have more bytes than `Share::of_floor` can multiply.
pub fn share_of(bytes: Bytes, share: Share) -> Bytes {
    Bytes((u128::from(bytes.0) * u128::from(share.millionths()) / 1_000_000) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::chance::{Chance, Draw};

    const GIB: u64 = 1 << 30;
    const GC: ImageGcSpec = ImageGcSpec {
        high_threshold_percent: 85,
        low_threshold_percent: 80,
        minimum_age: Span::from_secs(120),
        maximum_age: Span::ZERO,
    };

    fn image(number: u16, last_used: Option<u64>, seen: Option<u64>, gib: u64) -> Candidate {
        Candidate {
            image: ImageId(number),
            last_used: last_used.map(Time::from_secs),
            first_detected: seen.map(Time::from_secs),
            size: Bytes(gib * GIB),
            tie: 0,
        }
    }

    fn ids(numbers: &[u16]) -> Vec<ImageId> {
        numbers.iter().map(|&it| ImageId(it)).collect()
    }

    /// The worked example of the rules: 100 GiB, 14 GiB available, so 6 GiB are to be freed. A was
    /// never used, B and C were, D was never used and was seen 60 s ago.
    #[test]
    fn the_worked_example_deletes_three_images_and_spares_the_young_one() {
        let (a, b, c) = (
            image(0, None, Some(0), 3),
            image(1, Some(100), Some(0), 2),
            image(2, Some(200), Some(0), 4),
        );
        let d = image(3, None, Some(940), 5);
        let wanted = missing(&GC, Bytes(100 * GIB), Bytes(14 * GIB)).expect("86 % are used");
        assert_eq!(wanted, Bytes(6 * GIB));
        let mut candidates = [c, d, b, a];
        put_in_order(&mut candidates);
        assert_eq!(candidates, [a, d, b, c]);
        let freed = free_space(GC.minimum_age, Time::from_secs(1_000), &candidates, wanted);
        assert_eq!(freed, Freed { images: ids(&[0, 1, 2]), credited: Bytes(9 * GIB) });
    }

    #[test]
    fn deletion_stops_at_the_image_that_reaches_what_is_wanted() {
        let candidates =
            [image(0, None, None, 3), image(1, None, None, 3), image(2, None, None, 1)];
        let freed =
            |gib| free_space(GC.minimum_age, Time::from_secs(9), &candidates, Bytes(gib * GIB));
        assert_eq!(freed(3).images, ids(&[0]));
        assert_eq!(freed(4).images, ids(&[0, 1]));
        assert_eq!(freed(6).images, ids(&[0, 1]));
        assert_eq!(freed(7).images, ids(&[0, 1, 2]));
        let all = freed(8);
        assert_eq!((all.images.len(), all.credited), (3, Bytes(7 * GIB)), "8 GiB were not found");
        // Nothing to free all the same costs the first image: the sum is looked at behind it.
        assert_eq!(freed(0).images, ids(&[0]));
    }

    #[test]
    fn equals_are_told_apart_by_first_detection_and_then_by_the_draw() {
        let mut late = image(0, Some(5), Some(300), 1);
        let mut early = image(1, Some(5), Some(0), 1);
        let past = image(2, Some(5), None, 1);
        let never = image(3, None, Some(900), 1);
        let mut all = [late, early, past, never];
        put_in_order(&mut all);
        assert_eq!(all.map(|it| it.image.0), [3, 2, 1, 0]);
        (late.first_detected, late.tie, early.tie) = (early.first_detected, 1, 2);
        let mut all = [early, late];
        put_in_order(&mut all);
        assert_eq!(all.map(|it| it.image.0), [0, 1]);
    }

    #[test]
    fn the_least_age_counts_from_the_first_detection_and_is_over_when_it_is_reached() {
        let candidates = [image(0, Some(1), Some(100), 1)];
        let deleted = |now| {
            free_space(GC.minimum_age, Time::from_secs(now), &candidates, Bytes(1)).images.len()
        };
        assert_eq!((deleted(219), deleted(220)), (0, 1));
    }

    /// 15.99 % available are 15 by the kubelet's rounding, and 85 used; 16 % are 84 used.
    #[test]
    fn percent_available_is_rounded_down() {
        let used = |available| used_percent(Bytes(10_000), Bytes(available));
        assert_eq!((used(1_600), used(1_599), used(1_500), used(1_499)), (84, 85, 85, 86));
        assert_eq!((used(0), used(99), used(100), used(10_000)), (100, 100, 99, 0));
        assert_eq!(missing(&GC, Bytes(10_000), Bytes(1_600)), None);
        assert_eq!(missing(&GC, Bytes(10_000), Bytes(1_599)), Some(Bytes(401)));
    }

    #[test]
    fn the_greatest_age_needs_a_kubelet_that_looked_for_longer() {
        let gc = ImageGcSpec { maximum_age: Span::from_secs(1_000), ..GC };
        let all = [
            image(0, None, Some(1_400), 1),
            image(1, Some(400), None, 1),
            image(2, Some(500), None, 1),
        ];
        let old = |now, began| {
            let mut rest = all.to_vec();
            let old = take_too_old(&gc, Time::from_secs(now), Time::from_secs(began), &mut rest);
            assert_eq!(old.len() + rest.len(), 3);
            old
        };
        assert_eq!(old(1_500, 500), ids(&[]), "not longer than the greatest age");
        // Never used counts as used before all time, whatever the least age says.
        assert_eq!(old(1_500, 499), ids(&[0, 1]));
        assert_eq!(old(1_501, 0), ids(&[0, 1, 2]));
        let mut rest = all.to_vec();
        assert_eq!(take_too_old(&GC, Time::from_secs(1_501), Time::ZERO, &mut rest), ids(&[]));
    }

    /// The slow twin: walk a list that is searched anew for each deletion.
    fn one_by_one(candidates: &[Candidate], age: Span, now: Time, wanted: Bytes) -> Vec<ImageId> {
        let mut left = candidates.to_vec();
        let (mut gone, mut sum) = (Vec::new(), 0);
        loop {
            let mut next: Option<usize> = None;
            for (at, it) in left.iter().enumerate() {
                let young = it.first_detected.is_some_and(|seen| now < seen + age);
                // Never is before every time.
                let rank = |it: &Candidate| {
                    let micros = |time: Option<Time>| time.map_or(0, |it| it.as_micros() + 1);
                    (micros(it.last_used), micros(it.first_detected), it.tie)
                };
                if !young && next.is_none_or(|other| rank(it) < rank(&left[other])) {
                    next = Some(at);
                }
            }
            let Some(next) = next else { return gone };
            let image = left.remove(next);
            gone.push(image.image);
            sum += image.size.0;
            if wanted.0 <= sum {
                return gone;
            }
        }
    }

    #[test]
    fn what_is_deleted_is_what_a_search_for_each_deletion_finds() {
        for seed in 0..2_000 {
            let mut draw = Chance::new(seed, 0).draw(1, 1, 1);
            let now = Time::from_secs(1_000);
            let time = |draw: &mut Draw| {
                (draw.below(4) != 0).then(|| Time::from_secs(draw.below(9) * 120))
            };
            let mut candidates: Vec<Candidate> = (0..draw.below(12))
                .map(|number| Candidate {
                    image: ImageId(number as u16),
                    last_used: time(&mut draw),
                    first_detected: time(&mut draw),
                    size: Bytes(draw.below(5)),
                    tie: draw.bits(),
                })
                .collect();
            let (age, wanted) = (Span::from_secs(draw.below(300)), Bytes(draw.below(20)));
            let twin = one_by_one(&candidates, age, now, wanted);
            put_in_order(&mut candidates);
            let freed = free_space(age, now, &candidates, wanted);
            assert_eq!(freed.images, twin, "seed {seed}");
        }
    }

    #[test]
    fn the_stricter_signal_decides_about_pressure() {
        let below = |images, node| {
            let eviction = EvictionSpec {
                imagefs_available: Share::from_percent(images),
                nodefs_available: Share::from_percent(node),
                pressure_transition_period: Span::ZERO,
            };
            pressure_below(&eviction, Bytes(100_000_000_000_000))
        };
        assert_eq!(below(15, 10), Bytes(15_000_000_000_000));
        assert_eq!(below(0, 10), Bytes(10_000_000_000_000));
        assert_eq!(below(0, 0), Bytes::ZERO);
    }
}
