//! The points of a design.

use crate::scenario::Design;

/// The points of `design` over axes with so many values each: which value of each axis a point
/// takes, by position; `None` is the base's.
///
/// In a grid the last axis varies fastest. Zipped axes have the same number of values.
pub fn expand(design: Design, lengths: &[usize]) -> Vec<Vec<Option<usize>>> {
    match design {
        Design::Grid => {
            let points: usize = lengths.iter().product();
            (0..points).map(|at| in_grid(at, lengths)).collect()
        }
        Design::Zip => {
            let rows = lengths.iter().copied().min().unwrap_or(0);
            (0..rows).map(|at| vec![Some(at); lengths.len()]).collect()
        }
        Design::OneAtATime => {
            let mut points = vec![vec![None; lengths.len()]];
            for (axis, &length) in lengths.iter().enumerate() {
                for at in 0..length {
                    let mut point = vec![None; lengths.len()];
                    point[axis] = Some(at);
                    points.push(point);
                }
            }
            points
        }
    }
}

fn in_grid(mut at: usize, lengths: &[usize]) -> Vec<Option<usize>> {
    let mut point = vec![None; lengths.len()];
    for (value, &length) in point.iter_mut().zip(lengths).rev() {
        *value = Some(at % length);
        at /= length;
    }
    point
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(design: Design, lengths: &[usize]) -> Vec<String> {
        let show = |it: &Option<usize>| it.map_or("-".to_owned(), |it| it.to_string());
        let all = expand(design, lengths);
        all.iter().map(|it| it.iter().map(show).collect::<String>()).collect()
    }

    #[test]
    fn each_design_has_its_points_in_order() {
        assert_eq!(points(Design::Grid, &[2, 3]), ["00", "01", "02", "10", "11", "12"]);
        assert_eq!(points(Design::Zip, &[3, 3]), ["00", "11", "22"]);
        assert_eq!(points(Design::OneAtATime, &[2, 1]), ["--", "0-", "1-", "-0"]);
    }
}
