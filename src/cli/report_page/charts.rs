//! Curves as SVG. Colours are place-holders that `style.css` replaces by those of the page, light or dark.

use anyhow::anyhow;
use plotters::prelude::*;

use super::grouped;
use crate::train::evaluate::Evaluation;
use crate::train::reliability::ReliabilityBin;

const SIZE: (u32, u32) = (480, 320);
const INK: RGBColor = RGBColor(0x11, 0x11, 0x11);
const RULE: RGBColor = RGBColor(0x22, 0x22, 0x22);
const CURVE: RGBColor = RGBColor(0x33, 0x33, 0x33);
const REFERENCE: RGBColor = RGBColor(0x44, 0x44, 0x44);
const MARK: RGBColor = RGBColor(0x55, 0x55, 0x55);
const FONT_PIXELS: u32 = 14;
/// Radii of points, from the least to the most articles.
const POINT_RADII: (f64, f64) = (3.0, 12.0);

/// A curve with its points.
pub(super) struct LineChart {
    /// (x, y), x ascending.
    points: Vec<(f64, f64)>,
    /// Radius of each point, in pixels.
    radii: Vec<i32>,
    x_range: (f64, f64),
    y_range: (f64, f64),
    x_label: &'static str,
    y_label: &'static str,
    x_format: fn(&f64) -> String,
    /// A thin line to compare with.
    reference: Option<[(f64, f64); 2]>,
    /// A ring around one place.
    mark: Option<(f64, f64)>,
}

impl LineChart {
    fn of_shares(points: Vec<(f64, f64)>, x_label: &'static str, y_label: &'static str) -> Self {
        Self {
            radii: vec![POINT_RADII.0 as i32 + 1; points.len()],
            y_range: range(points.iter().map(|point| point.1)),
            points,
            x_range: (0.0, 1.0),
            x_label,
            y_label,
            x_format: whole_percent,
            reference: None,
            mark: None,
        }
    }

    /// A share against a number of articles.
    pub(super) fn of_sizes(
        points: Vec<(f64, f64)>,
        x_label: &'static str,
        y_label: &'static str,
    ) -> Self {
        let largest = points.last().map_or(1.0, |point| point.0);
        Self {
            x_range: (0.0, largest * 1.05),
            x_format: |x| grouped(*x as usize),
            ..Self::of_shares(points, x_label, y_label)
        }
    }

    /// The chart as an SVG element.
    pub(super) fn draw(&self) -> anyhow::Result<String> {
        let mut svg = String::new();
        self.draw_into(&mut svg)
            .map_err(|error| anyhow!("cannot draw {}: {error}", self.y_label))?;
        Ok(svg)
    }

    fn draw_into(&self, svg: &mut String) -> Result<(), Box<dyn std::error::Error + '_>> {
        let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
        let font = ("sans-serif", FONT_PIXELS).into_font();
        let mut chart = ChartBuilder::on(&area)
            .margin(12)
            .margin_right(28)
            .x_label_area_size(46)
            .y_label_area_size(62)
            .build_cartesian_2d(
                self.x_range.0..self.x_range.1,
                self.y_range.0..self.y_range.1,
            )?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(RULE)
            .axis_style(RULE)
            .x_labels(6)
            .y_labels(6)
            .x_desc(self.x_label)
            .y_desc(self.y_label)
            .x_label_formatter(&self.x_format)
            .y_label_formatter(&whole_percent)
            .label_style(font.clone().color(&INK))
            .axis_desc_style(font.color(&INK))
            .draw()?;
        if let Some(reference) = self.reference {
            chart.draw_series(LineSeries::new(reference, &REFERENCE))?;
        }
        chart.draw_series(LineSeries::new(
            self.points.iter().copied(),
            CURVE.stroke_width(2),
        ))?;
        let points = self.points.iter().zip(&self.radii);
        chart.draw_series(points.map(|(&at, &radius)| Circle::new(at, radius, CURVE.filled())))?;
        chart.draw_series(self.mark.map(|at| Circle::new(at, 9, MARK.stroke_width(3))))?;
        area.present()?;
        Ok(())
    }
}

fn whole_percent(share: &f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

/// Shares of a twentieth each around the values, within [0, 1], a little more for points on its edge.
fn range(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let least = values.clone().fold(1.0, f64::min);
    let most = values.fold(0.0, f64::max).max(least);
    let low = ((least - 0.02) * 20.0).floor() / 20.0;
    let high = ((most + 0.02) * 20.0).ceil() / 20.0;
    (low.clamp(0.0, 0.9), high.clamp(0.1, 1.0) + 0.005)
}

/// Accuracy against confidence, beside the line on which they are equal.
pub(super) fn reliability(bins: &[ReliabilityBin]) -> anyhow::Result<String> {
    let most = bins.iter().map(|bin| bin.n_articles).max().unwrap_or(1) as f64;
    let (least_radius, most_radius) = POINT_RADII;
    let radius = |bin: &ReliabilityBin| {
        least_radius + (most_radius - least_radius) * (bin.n_articles as f64 / most).sqrt()
    };
    let points = bins.iter().map(|bin| (bin.confidence, bin.accuracy));
    let chart = LineChart {
        radii: bins.iter().map(|bin| radius(bin).round() as i32).collect(),
        y_range: (0.0, 1.0),
        reference: Some([(0.0, 0.0), (1.0, 1.0)]),
        ..LineChart::of_shares(points.collect(), "confidence", "accuracy")
    };
    chart.draw()
}

/// Accuracy of the most confident answers, with the review threshold.
pub(super) fn coverage(evaluation: &Evaluation) -> anyhow::Result<String> {
    let points = evaluation
        .coverage_curve
        .iter()
        .map(|point| (point.coverage, point.accuracy));
    let automatic = &evaluation.automatic;
    let has_threshold = automatic.share > 0.0 && automatic.share < 1.0;
    let chart = LineChart {
        mark: automatic
            .accuracy
            .filter(|_| has_threshold)
            .map(|accuracy| (automatic.share, accuracy)),
        ..LineChart::of_shares(points.collect(), "most confident articles", "accuracy")
    };
    chart.draw()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_has_its_points_its_labels_and_its_ring() {
        let chart = LineChart {
            mark: Some((0.5, 0.9)),
            ..LineChart::of_shares(vec![(0.1, 1.0), (1.0, 0.72)], "covered", "accuracy")
        };
        let svg = chart.draw().unwrap();
        assert!(svg.starts_with("<svg"), "{svg}");
        assert_eq!(svg.matches("<circle").count(), 3, "{svg}");
        for text in ["covered", "accuracy", "70 %", "100 %"] {
            assert!(svg.contains(text), "{text}: {svg}");
        }
    }

    #[test]
    fn a_single_point_is_drawn_too() {
        for points in [vec![], vec![(0.0, 0.0)]] {
            let chart = LineChart::of_sizes(points, "articles", "accuracy");
            assert!(chart.draw().is_ok());
        }
    }
}
