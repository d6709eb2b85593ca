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

/// Colour of a request's outcome.
pub(crate) fn outcome(kind: &str) -> Option<Colour> {
    Some(match kind {
        "ok" | "succeeded" => GREEN,
        "throttled" | "rejected" => VERMILION,
        "challenged" | "challenge" | "unauthorized" | "unauthorised" => SKY,
        "redirected" | "redirect" => BLUE,
        "not-found" | "not_found" | "refused" | "denied" | "forbidden" => PURPLE,
        "server-error" | "server_error" | "unavailable" | "error" => YELLOW,
        "no-answer" | "no_answer" | "timeout" | "failed" | "aborted" | "reset" => BLACK,
        "open" | "other" => GREY,
        _ => return None,
    })
}

/// Colour of a cause that every scenario can have; limits carry their scenario's names and have
/// none.
pub(crate) fn cause(label: &str) -> Option<Colour> {
    let any = |words: &[&str]| words.iter().any(|it| label.contains(it));
    if any(&["qps", "kubelet"]) {
        Some(ORANGE)
    } else if any(&["anonymous", "quota", "pulls"]) {
        Some(VERMILION)
    } else if any(&["outage", "server", "unavailable", "overload"]) {
        Some(YELLOW)
    } else if any(&["port", "conntrack", "dial", "egress"]) {
        Some(BLUE)
    } else if any(&["dns", "tls", "proxy", "mtu"]) {
        Some(SKY)
    } else if any(&["disk", "platform", "missing", "not-found"]) {
        Some(PURPLE)
    } else if any(&["timeout", "stall", "reset", "lost"]) {
        Some(BLACK)
    } else {
        None
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
    fn causes_differ_as_long_as_there_are_colours() {
        let labels =
            ["anonymous-pulls", "ci-pulls", "edge", "disk-full", "dns", "registry-pull-qps"];
        let mut colours = assign(labels, cause);
        colours.sort_unstable();
        colours.dedup();
        assert_eq!(colours.len(), labels.len());
    }
}
