//! Colours: Okabe and Ito's set, which people with any colour vision tell apart, fixed per outcome
//! and cause in every chart of the product.

use crate::engine::chance::stable_hash;

/// A colour: red, green, blue.
pub(crate) type Colour = (u8, u8, u8);

pub(crate) const BLACK: Colour = (0, 0, 0);
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
    const WORDS: [(&str, Colour); 15] = [
        ("kubelet-qps", ORANGE),
        ("egress-ports", BLUE),
        ("platform-missing", YELLOW),
        ("progress-timeout", BLACK),
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
    WORDS.iter().find(|it| label.contains(it.0)).map(|it| it.1)
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
    fn causes_differ_as_long_as_there_are_colours() {
        let labels =
            ["anonymous-pulls", "ci-pulls", "edge", "disk-full", "dns", "registry-pull-qps"];
        let mut colours = assign(labels, cause);
        colours.sort_unstable();
        colours.dedup();
        assert_eq!(colours.len(), labels.len());
    }
}
