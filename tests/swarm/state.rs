//! Random states: blocks that may fit a scenario or not; those that do are kept.

use pullstorm::engine::chance::{Chance, Draw};

/// Blocks to try for the scenario of a seed, drawn apart from it.
pub(crate) fn blocks(seed: u64) -> Vec<String> {
    let mut draw = Chance::new(seed, 0).draw(1, 3, 0);
    if draw.below(2) == 0 {
        return Vec::new();
    }
    let mut blocks = Vec::new();
    for number in 0..4 {
        blocks.push(limit(&mut draw, number));
    }
    for workload in ["web", "agent", "batch", "extra"] {
        blocks.push(stuck(&mut draw, workload));
    }
    for pool in ["small", "big"] {
        let share = draw.below(101);
        let image = one(&mut draw, &["base", "api", "odd"]);
        blocks.push(format!("[state.cache.{pool}]\nimages = {{ {image} = \"{share}%\" }}\n"));
    }
    blocks
}

fn one<'a>(draw: &mut Draw, of: &[&'a str]) -> &'a str {
    of[draw.below(of.len() as u64) as usize]
}

fn limit(draw: &mut Draw, number: u64) -> String {
    let what = one(
        draw,
        &[
            "remaining = 0",
            "remaining = 0.5\nhistory = \"newest\"",
            "remaining = 1",
            "spent = [{ ago = \"30s\", units = 2 }, { ago = \"0s\", units = 0.5 }]",
            "remaining = 0\nwindow_began = \"500ms\"",
        ],
    );
    let counters = one(
        draw,
        &[
            "",
            "counters = [\"nat#0\"]\n",
            "counters = [\"own6#1\", \"nat#0\"]\n",
            "counters = [\"account.ci\"]\n",
        ],
    );
    format!("[state.limit.limit-{number}]\n{counters}{what}\n")
}

fn stuck(draw: &mut Draw, workload: &str) -> String {
    let pods = draw.below(6);
    let more = one(
        draw,
        &[
            "",
            "window = \"10s\"\n",
            "left = \"7s\"\n",
            "nodes = 1\n",
            "images = [\"api\"]\n",
            "images = [\"api\", \"twice\"]\nwindow = \"40s\"\n",
        ],
    );
    format!("[state.stuck.{workload}]\npods = {pods}\n{more}")
}
