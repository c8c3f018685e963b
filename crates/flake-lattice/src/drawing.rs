//! The graph of the nodes as a picture: a row for each level, the highest on top, and a line for each dependency.
//!
//! For who has no Graphviz, whose pictures are better. Not here: the graph for other programs (`graph`).

use crate::model::Lattice;
use std::collections::BTreeMap;
use std::fmt::Write;
use unicode_width::UnicodeWidthStr;

/// The width of a character of the font, in pixels; letters of fixed width are 0.6 of their height.
const CHARACTER: f64 = 7.2;
/// The height of a node.
const HEIGHT: f64 = 24.0;
/// Between two nodes of a row, and around everything.
const GAP: f64 = 16.0;
/// Between two rows, for the lines.
const BETWEEN: f64 = 56.0;

/// Where a node is.
#[derive(Clone, Copy, Debug)]
struct Spot {
    left: f64,
    top: f64,
    width: f64,
}

impl Spot {
    fn middle(self) -> f64 {
        self.left + self.width / 2.0
    }
}

/// The picture, as SVG.
pub fn svg(lattice: &Lattice) -> String {
    let rows = rows(lattice);
    let row_width = |row: &[&str]| row.iter().map(|name| width(name) + GAP).sum::<f64>() - GAP;
    let widest = rows.iter().map(|row| row_width(row)).fold(0.0, f64::max);
    let mut spots: BTreeMap<&str, Spot> = BTreeMap::new();
    for (index, row) in rows.iter().rev().enumerate() {
        let mut left = GAP + (widest - row_width(row)) / 2.0;
        let top = GAP + index as f64 * (HEIGHT + BETWEEN);
        for name in row {
            spots.insert(name, Spot { left, top, width: width(name) });
            left += width(name) + GAP;
        }
    }
    let full_width = widest + 2.0 * GAP;
    let full_height = 2.0 * GAP + rows.len() as f64 * (HEIGHT + BETWEEN) - BETWEEN;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{full_width:.0}\" height=\"{full_height:.0}\" \
         viewBox=\"0 0 {full_width:.0} {full_height:.0}\" font-family=\"monospace\" font-size=\"12\">\n\
         <title>{}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <g fill=\"none\" stroke=\"#8a8a8a\" stroke-opacity=\"0.6\">\n",
        escaped(&format!("{} {}", lattice.krate.name, lattice.krate.version)),
    );
    for node in &lattice.nodes {
        for below in node.dependencies.keys() {
            if let (Some(from), Some(to)) =
                (spots.get(node.name.as_str()), spots.get(below.as_str()))
            {
                let (start, end) = (from.top + HEIGHT, to.top);
                let bend = BETWEEN / 2.0;
                let _ = writeln!(
                    out,
                    "<path d=\"M{:.1},{start:.1} C{:.1},{:.1} {:.1},{:.1} {:.1},{end:.1}\"/>",
                    from.middle(),
                    from.middle(),
                    start + bend,
                    to.middle(),
                    end - bend,
                    to.middle(),
                );
            }
        }
    }
    out.push_str("</g>\n<g fill=\"#f4f6fa\" stroke=\"#33476b\">\n");
    for node in &lattice.nodes {
        let Some(spot) = spots.get(node.name.as_str()) else { continue };
        let items: Vec<&str> = node.items.iter().map(|item| item.path.as_str()).collect();
        let _ = writeln!(
            out,
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{HEIGHT}\" rx=\"4\"><title>{}</title></rect>",
            spot.left,
            spot.top,
            spot.width,
            escaped(&items.join("\n")),
        );
    }
    out.push_str("</g>\n<g text-anchor=\"middle\" fill=\"#1b1b1b\">\n");
    for (name, spot) in &spots {
        let (x, y) = (spot.middle(), spot.top + HEIGHT / 2.0 + 4.0);
        let _ = writeln!(out, "<text x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", escaped(name));
    }
    out.push_str("</g>\n</svg>");
    out
}

fn width(name: &str) -> f64 {
    name.width() as f64 * CHARACTER + GAP
}

/// The nodes of each level, the lowest first. Each is near the middle of those that it builds on, which makes the lines
/// cross less.
fn rows(lattice: &Lattice) -> Vec<Vec<&str>> {
    let levels = lattice.nodes.iter().map(|node| node.level + 1).max().unwrap_or(0);
    let mut rows: Vec<Vec<&str>> = vec![];
    // How far to the right a node is, from 0 to 1.
    let mut places: BTreeMap<&str, f64> = BTreeMap::new();
    for level in 0..levels {
        let nodes = lattice.nodes.iter().filter(|node| node.level == level);
        let mut row: Vec<(f64, &str)> = nodes
            .map(|node| {
                let below = node.dependencies.keys().filter_map(|name| places.get(name.as_str()));
                let (count, sum) = below.fold((0.0, 0.0), |(n, sum), place| (n + 1.0, sum + place));
                (if count > 0.0 { sum / count } else { 0.5 }, node.name.as_str())
            })
            .collect();
        row.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(b.1)));
        let last = (row.len().max(2) - 1) as f64;
        for (index, (_, name)) in row.iter().enumerate() {
            places.insert(name, index as f64 / last);
        }
        rows.push(row.into_iter().map(|(_, name)| name).collect());
    }
    rows
}

/// Text in XML.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML has no way to say most of them.
            char if char.is_control() && char != '\n' => out.push('\u{fffd}'),
            char => out.push(char),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::*;

    #[test]
    fn every_node_and_every_line_is_there_and_nothing_in_a_name_is_markup() {
        let node = |name: &str, level, below: &[&str]| Node {
            name: name.to_owned(),
            level,
            items: vec![ItemRecord {
                path: format!("x::<{name}> & more"),
                kind: ItemKind::Impl,
                file: "src/lib.rs".to_owned(),
            }],
            dependencies: below.iter().map(|name| ((*name).to_owned(), vec![])).collect(),
            externals: Default::default(),
            flags: Default::default(),
            files: Default::default(),
            bytes: 0,
        };
        let lattice = Lattice {
            format: FORMAT,
            tool: String::new(),
            krate: Crate {
                name: "x".to_owned(),
                lib: "x".to_owned(),
                version: "1.0.0".to_owned(),
                edition: "2021".to_owned(),
                items: 3,
            },
            target: String::new(),
            features: vec![],
            cfg: vec![],
            nodes: vec![
                node("x__a", 0, &[]),
                node("x__b", 1, &["x__a"]),
                node("x__c", 2, &["x__a", "x__b"]),
            ],
            facade: Facade {
                dependencies: Default::default(),
                externals: Default::default(),
                files: Default::default(),
            },
            externals: Default::default(),
            coarsened: vec![],
            link_args: vec![],
            outside: None,
            whole: None,
        };
        let picture = svg(&lattice);
        assert_eq!(picture.matches("<path ").count(), 3);
        for name in ["x__a", "x__b", "x__c"] {
            assert!(picture.contains(&format!(">{name}</text>")), "{picture}");
            assert!(picture.contains(&format!("<title>x::&lt;{name}&gt; &amp; more</title>")));
        }
        assert!(!picture.contains("NaN"));
        // The highest level is on top.
        let y = |name: &str| {
            let line =
                picture.lines().find(|line| line.contains(&format!(">{name}<"))).expect(name);
            line.split("y=\"").nth(1).and_then(|rest| rest.split('"').next()?.parse::<f64>().ok())
        };
        assert!(y("x__c") < y("x__b") && y("x__b") < y("x__a"));
        // Nothing is a picture, too.
        assert!(svg(&Lattice { nodes: vec![], ..lattice }).ends_with("</svg>"));
    }
}
