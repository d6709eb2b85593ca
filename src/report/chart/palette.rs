//! Colours: Okabe and Ito's set, which people with any colour vision tell apart, fixed per outcome
//! and cause in every chart of the product.

use crate::engine::chance::stable_hash;
use crate::model::words::cause::Cause;

/// A colour: red, green, blue.
pub(crate) type Colour = (u8, u8, u8);

pub(crate) const BLACK: Colour = (0, 0, 0);
pub(crate) const WHITE: Colour = (255, 255, 255);
pub(crate) const ORANGE: Colour = (230, 159, 0);
pub(crate) const SKY: Colour = (86, 180, 233);
pub(crate) const GREEN: Colour = (0, 158, 115);
pub(crate) const YELLOW: Colour = (240, 228, 66);
pub(crate) const BLUE: Colour = (0, 114, 178);
pub(crate) const VERMILION: Colour = (213, 94, 0);
pub(crate) const PURPLE: Colour = (204, 121, 167);
pub(crate) const GREY: Colour = (150, 150, 150);

/// Colours for what has none of its own.
const FREE: [Colour; 7] = [VERMILION, BLUE, ORANGE, PURPLE, SKY, YELLOW, BLACK];

/// Colours of lines: without yellow, which is too light for them.
pub(crate) const LINES: [Colour; 7] = [BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK];

/// A ramp from low to high whose lightness grows evenly and which people with any colour vision
/// read alike: ten colours of cividis (Nuñez, Anderton, Renslow, PLOS ONE 13(7), 2018, e0199239).
const RAMP: [Colour; 10] = [
    (0, 32, 77),
    (0, 51, 111),
    (57, 72, 107),
    (87, 93, 109),
    (112, 113, 115),
    (138, 135, 121),
    (166, 157, 117),
    (196, 181, 108),
    (228, 207, 91),
    (255, 234, 70),
];

/// The colour of the ramp at `share` of its length.
pub(crate) fn ramp(share: f64) -> Colour {
    let place = share.clamp(0.0, 1.0) * (RAMP.len() - 1) as f64;
    let index = (place as usize).min(RAMP.len() - 2);
    let (low, high) = (RAMP[index], RAMP[index + 1]);
    let part = place - index as f64;
    let mix = |a: u8, b: u8| (f64::from(a) + part * (f64::from(b) - f64::from(a))).round() as u8;
    (mix(low.0, high.0), mix(low.1, high.1), mix(low.2, high.2))
}

/// Whether white letters are read more easily on it than black ones.
pub(crate) fn is_dark(colour: Colour) -> bool {
    lightness(colour) < 0.18
}

/// Relative luminance (WCAG 2.1, section 1.4.3).
fn lightness((red, green, blue): Colour) -> f64 {
    let linear = |it: u8| {
        let it = f64::from(it) / 255.0;
        if it <= 0.040_45 { it / 12.92 } else { ((it + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

/// Colours of the outcomes of requests, in the order in which they are stacked.
const OUTCOMES: [(&str, Colour); 8] = [
    ("ok", GREEN),
    ("redirect", BLUE),
    ("unauthorized", SKY),
    ("throttled", VERMILION),
    ("client-error", PURPLE),
    ("server-error", YELLOW),
    ("dropped", ORANGE),
    ("unanswered", BLACK),
];

/// Colour of a request's outcome.
pub(crate) fn outcome(kind: &str) -> Option<Colour> {
    OUTCOMES.iter().find(|it| it.0 == kind).map(|it| it.1)
}

/// Where an outcome stands in a stack; unknown ones stand on top.
pub(crate) fn outcome_place(kind: &str) -> usize {
    OUTCOMES.iter().position(|it| it.0 == kind).unwrap_or(OUTCOMES.len())
}

/// Colour of a cause by its name: built-in causes and the presets' limits have fixed ones, the
/// scenario's own limits and faults go by a word in their name, and the others have none.
pub(crate) fn cause(label: &str) -> Option<Colour> {
    const WORDS: [(&str, Colour); 11] = [
        ("abuse", PURPLE),
        ("pulls", VERMILION),
        ("quota", VERMILION),
        ("outage", YELLOW),
        ("disk", YELLOW),
        ("qps", ORANGE),
        ("dns", SKY),
        ("tls", SKY),
        ("proxy", SKY),
        ("timeout", BLACK),
        ("stall", BLACK),
    ];
    let mut built_in = Cause::FIXED.iter().filter(|it| label.contains(it.label));
    let by_word = || WORDS.iter().find(|it| label.contains(it.0)).map(|it| it.1);
    built_in.find_map(|it| built_in_cause(it.cause)).or_else(by_word)
}

/// Colour of a built-in cause; the others go by a word in their name as well.
const fn built_in_cause(cause: Cause) -> Option<Colour> {
    match cause {
        Cause::KubeletQps => Some(ORANGE),
        Cause::EgressPorts => Some(BLUE),
        Cause::PlatformMissing => Some(YELLOW),
        Cause::ProgressTimeout => Some(BLACK),
        Cause::NodeLost
        | Cause::KubeletRestarted
        | Cause::DiskFull
        | Cause::MirrorUntrusted
        | Cause::MirrorDiskFull
        | Cause::MirrorBusy
        | Cause::Limit(_)
        | Cause::Fault(_) => None,
    }
}

/// Colours for all of `labels`, different ones as long as there are enough: each label's own where
/// it has one that is free, else the first free one from a place that the label's name decides.
pub(crate) fn assign<'a>(
    labels: impl IntoIterator<Item = &'a str>,
    own: impl Fn(&str) -> Option<Colour>,
) -> Vec<Colour> {
    let labels: Vec<&str> = labels.into_iter().collect();
    let mut colours: Vec<Option<Colour>> = vec![None; labels.len()];
    for (position, label) in labels.iter().enumerate() {
        colours[position] = own(label).filter(|colour| !colours.contains(&Some(*colour)));
    }
    for (position, label) in labels.iter().enumerate() {
        if colours[position].is_none() {
            let start = (stable_hash(label) % FREE.len() as u64) as usize;
            let mut places = (start..FREE.len()).chain(0..start).map(|it| FREE[it]);
            colours[position] =
                Some(places.find(|it| !colours.contains(&Some(*it))).unwrap_or(FREE[start]));
        }
    }
    colours.into_iter().map(|it| it.unwrap_or(GREY)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_keeps_its_colour_whatever_stands_beside_it() {
        let alone = assign(["throttled"], outcome);
        let among = assign(["ok", "strange", "throttled"], outcome);
        assert_eq!(alone[0], among[2]);
        assert_ne!(among[0], among[1]);
        assert_ne!(among[1], among[2]);
    }

    #[test]
    fn the_ramp_only_gets_lighter_and_letters_on_it_can_be_read() {
        let colours: Vec<Colour> = (0..=200).map(|it| ramp(f64::from(it) / 200.0)).collect();
        assert!(colours.windows(2).all(|it| lightness(it[0]) < lightness(it[1])));
        for it in colours {
            let letters = if is_dark(it) { 1.0 } else { 0.0 };
            let (a, b) = (lightness(it) + 0.05, letters + 0.05);
            // The contrast that WCAG 2.1 asks for.
            assert!(4.5 <= a.max(b) / a.min(b), "{it:?}");
        }
    }

    #[test]
    fn causes_differ_as_long_as_there_are_colours() {
        let labels =
            ["anonymous-pulls", "ci-pulls", "edge", "disk-full", "dns", "registry-pull-qps"];
        let mut colours = assign(labels, cause);
        colours.sort_unstable();
        colours.dedup();
        assert_eq!(colours.len(), labels.len());
    }
}
