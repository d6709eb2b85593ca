//! Stand-in until the engine's own statistics are merged.

/// Mean of `values` and the half-width of its 95 % interval; no half-width below two values.
pub(super) fn mean_and_half_width(values: &[f64]) -> Option<(f64, Option<f64>)> {
    if values.is_empty() {
        return None;
    }
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    if values.len() < 2 {
        return Some((mean, None));
    }
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0);
    Some((mean, Some(1.96 * (variance / n).sqrt())))
}

/// Wilson's 95 % interval of a share.
pub(super) fn wilson(hits: u64, of: u64) -> (f64, f64) {
    if of == 0 {
        return (0.0, 1.0);
    }
    let (n, z2) = (of as f64, 1.96f64 * 1.96);
    let p = hits as f64 / n;
    let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let spread = 1.96 * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt() / (1.0 + z2 / n);
    ((centre - spread).max(0.0), (centre + spread).min(1.0))
}
